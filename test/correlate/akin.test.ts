import { describe, expect, it } from 'vitest';
import { CoOccurrence } from '../../src/correlate/co-occurrence.ts';
import { LabelWeights } from '../../src/correlate/label-weights.ts';
import type { Alert } from '../../src/model/alert.ts';
import { createLabels } from '../../src/model/labels.ts';
import { minute, alertOf as minuteAlertOf } from '../incidents/alert-builders.ts';
import { PipelineBench } from '../incidents/pipeline-bench.ts';
import { alertOf, pod, SmallSystem } from './small-system.ts';

const HOUR = 3600;
const MINUTE = 60;

/** Alerts of a system that nobody knows anything of: no service, no workload, no instance. */
const queue = { alertname: 'QueueGrows', subsystem: 'billing', queue: 'invoices' };
const late = { alertname: 'PaymentsLate', subsystem: 'billing', ledger: 'main' };
const backup = { alertname: 'BackupSlow', subsystem: 'archive', medium: 'tape' };
const fan = { alertname: 'FanLoud', subsystem: 'rack', row: '7' };

function withSummary(alert: Alert, summary: string): Alert {
  return { ...alert, annotations: createLabels([['summary', summary]]) };
}

/** Both begin within two minutes of each other so many times; other things begin in between. */
function lessons(times: number, second: Record<string, string> = late): SmallSystem {
  const system = new SmallSystem();
  for (let lesson = 0; lesson < times; lesson++) {
    const at = lesson * 8 * HOUR;
    const happens = (labels: Record<string, string>, from: number) => {
      system.deliver(from, [alertOf(labels, from)]);
      system.deliver(from + 10 * MINUTE, [alertOf(labels, from, from + 9 * MINUTE)]);
    };
    happens(queue, at);
    happens(second, at + 2 * MINUTE);
    happens(backup, at + 3 * HOUR);
    happens(fan, at + 5 * HOUR);
    for (let later = 6; later < 8; later += 0.5) system.decide(at + later * HOUR);
  }
  return system;
}

function beginTogether(system: SmallSystem, at: number, ...all: Alert[]): Alert[] {
  system.deliver(at + 5 * MINUTE, all);
  return all;
}

function incidentsOf(system: SmallSystem, alerts: readonly Alert[]): number {
  return new Set(alerts.map((alert) => system.of(alert).incidentId)).size;
}

describe('in a system of which no dependency is known', () => {
  const at = 10 * 24 * HOUR;

  it('what has begun together before is one incident, and says why', () => {
    const system = lessons(8);
    const [first, second] = beginTogether(system, at, alertOf(queue, at), alertOf(late, at + 2 * MINUTE));
    expect(incidentsOf(system, [first!, second!])).toBe(1);
    const { reasons, weak, role } = system.of(second!);
    expect(weak).toBe(true);
    expect(role).toBe('symptom');
    expect(reasons.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'co_occurrence: began together with QueueGrows 8 of 8 times before',
      'labels: same subsystem=billing',
      'time: began 120 s after its last alert',
    ]);
    expect(reasons.every(({ value }) => value > 0 && value <= 1)).toBe(true);
  });

  it('also after a restart', () => {
    const system = lessons(8);
    system.restart(at - HOUR, []);
    const both = beginTogether(system, at, alertOf(queue, at), alertOf(late, at + 2 * MINUTE));
    expect(incidentsOf(system, both)).toBe(1);
  });

  it('too little experience joins nothing', () => {
    const system = lessons(4);
    const both = beginTogether(system, at, alertOf(queue, at), alertOf(late, at + 2 * MINUTE));
    expect(incidentsOf(system, both)).toBe(2);
  });

  it('what never began together stays apart, however near it begins', () => {
    const system = lessons(8);
    const all = beginTogether(system, at, alertOf(queue, at), alertOf(backup, at), alertOf(fan, at));
    expect(incidentsOf(system, all)).toBe(3);
  });

  it('experience alone is one kind of evidence: without a label or a word in common it joins nothing', () => {
    const foreign = { alertname: 'LedgerDrifts', office: 'north' };
    const apart = lessons(8, foreign);
    const both = beginTogether(apart, at, alertOf(queue, at), alertOf(foreign, at + 2 * MINUTE));
    expect(incidentsOf(apart, both)).toBe(2);
  });

  it('rare labels and words in common are two kinds: alerts that say the same in other words are one incident', () => {
    const system = lessons(8);
    const tape = { subsystem: 'archive', medium: 'tape', drive: '3' };
    const one = withSummary(alertOf({ ...tape, alertname: 'TapeDriveStuck' }, at), 'Tape drive 3 is stuck');
    const other = withSummary(alertOf({ ...tape, alertname: 'DriveStuckTape' }, at + 30), 'Tape drive 17 stuck');
    expect(incidentsOf(system, beginTogether(system, at, one, other))).toBe(1);
    expect(system.of(other).reasons.map(({ kind }) => kind)).toEqual(['labels', 'text', 'time']);
    const differs = withSummary(alertOf({ ...tape, alertname: 'RobotArmLost' }, at + 30), 'The arm does not answer');
    system.deliver(at + 6 * MINUTE, [differs]);
    expect(system.of(differs).incidentId).not.toBe(system.of(one).incidentId);
  });

  it('nothing joins by what joined before', () => {
    const system = lessons(8);
    const next = { alertname: 'LedgerMainDrifts', ledger: 'main', office: 'north' };
    const all = beginTogether(
      system,
      at,
      alertOf(queue, at),
      withSummary(alertOf(late, at + MINUTE), 'ledger main drifts'),
      withSummary(alertOf(next, at + 2 * MINUTE), 'ledger main drifts'),
    );
    expect(system.of(all[2]!).incidentId).not.toBe(system.of(all[0]!).incidentId);
  });

  it('what began long after stays apart', () => {
    const system = lessons(8);
    const both = [alertOf(queue, at), alertOf(late, at + 20 * MINUTE)];
    system.deliver(at + MINUTE, [both[0]!]);
    system.deliver(at + 21 * MINUTE, [both[1]!]);
    expect(incidentsOf(system, both)).toBe(2);
  });
});

describe('what the sidecar has learnt', () => {
  it('is there after kill -9', () => {
    const bench = new PipelineBench('disk');
    const happens = (labels: Record<string, string>, from: number, to?: number) =>
      bench.deliver(to ?? from, [minuteAlertOf(labels, { from, ...(to !== undefined && { to }) })]);
    for (let from = 0; from < 480; from += 60) {
      for (const labels of [queue, late]) happens(labels, from);
      for (const labels of [queue, late]) happens(labels, from, from + 5);
      for (const labels of [backup, fan]) happens(labels, from + 15, from + 16);
    }
    bench.clock.advanceTo(minute(530));
    bench.killAndStart();
    bench.clock.advanceTo(minute(540));
    for (const labels of [queue, late]) happens(labels, 540);
    const open = bench.store.incidents({ state: 'open', limit: 10 });
    expect(open.map(({ alerts }) => alerts)).toEqual([2]);
    bench.remove();
  });
});

describe('where dependencies are known', () => {
  it('they alone decide: two things that began together before stay two incidents', () => {
    const system = new SmallSystem();
    const certificate = { ...pod('geo', 'CertificateExpires'), release: 'blue', tier: 'two' };
    const job = { ...pod('search', 'JobFailed'), release: 'blue', tier: 'two' };
    for (let at = 0; at < 80 * HOUR; at += 8 * HOUR) {
      for (const [labels, from] of [
        [certificate, at],
        [job, at],
        [queue, at + HOUR],
        [fan, at + HOUR],
      ] as const) {
        system.deliver(from + MINUTE, [alertOf(labels, from)]);
        system.deliver(from + 10 * MINUTE, [alertOf(labels, from, from + 9 * MINUTE)]);
      }
      system.decide(at + 4 * HOUR);
    }
    const at = 100 * HOUR;
    const both = beginTogether(system, at, alertOf(certificate, at), alertOf(job, at));
    expect(incidentsOf(system, both)).toBe(2);
  });
});

describe('a label that all have', () => {
  it('says nothing, however many others were seen since it was seen first', () => {
    const weights = new LabelWeights();
    const labelsOf = (pod: number) =>
      createLabels([
        ['zone', 'a'],
        ['pod', `web-${pod}`],
      ]);
    for (let i = 0; i < 30_000; i++) weights.note(labelsOf(i));
    expect(weights.shared(labelsOf(30_000), labelsOf(30_001)).share).toBeLessThan(0.01);
  });
});

describe('what begins often', () => {
  it('begins near to anything, and that is chance', () => {
    const company = new CoOccurrence();
    for (let i = 0; i < 300; i++) {
      company.note('PodRestarts', ((i * 0.61803) % 1) * 240 * HOUR * 1000);
      company.note('QueueFull', ((i * 0.41421) % 1) * 240 * HOUR * 1000);
    }
    expect(company.companionsOf('PodRestarts').size).toBe(0);
  });

  it('is known by the order of its beginnings, not by that in which it was over', () => {
    const onsets = Array.from({ length: 8 }, (_, day) => day * 24 * HOUR * 1000);
    const told = onsets.flatMap((onset) => [['A', onset] as const, ['B', onset + 60_000] as const]);
    const companions = [told, told.toReversed()].map((episodes) => {
      const company = new CoOccurrence();
      for (const [kind, onset] of episodes) company.note(kind, onset);
      return company.companionsOf('A').get('B');
    });
    expect(companions[0]).toMatchObject({ strength: 1, together: 8, of: 8 });
    expect(companions[1]).toEqual(companions[0]);
  });

  it('is learnt from the first on, also after a restart at which nothing was known', () => {
    const company = new CoOccurrence(JSON.parse(JSON.stringify(new CoOccurrence().saved())));
    const start = 1.7e12;
    for (let day = 0; day < 8; day++) {
      company.note('A', start + day * 24 * HOUR * 1000);
      company.note('B', start + day * 24 * HOUR * 1000 + 60_000);
    }
    expect(company.companionsOf('A').get('B')).toMatchObject({ together: 8, of: 8 });
  });

  it('takes no more memory for more kinds', () => {
    const company = new CoOccurrence();
    for (let i = 0; i < 5000; i++) company.note(`Kind${i}`, i * 1000);
    const { kinds, recent } = company.saved();
    expect(kinds.length).toBeLessThanOrEqual(1000);
    expect(Math.max(...kinds.map(([, , others]) => others.length))).toBeLessThanOrEqual(50);
    expect(recent.length).toBeLessThanOrEqual(2000);
  });
});
