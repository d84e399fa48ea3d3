import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Heartbeats } from '../../src/incidents/heartbeats.ts';
import { incidentTitle } from '../../src/model/incident.ts';
import { alertOf, MINUTE, minute } from './alert-builders.ts';
import { PipelineBench } from './pipeline-bench.ts';

let bench: PipelineBench;
beforeEach(() => {
  bench = new PipelineBench();
});
afterEach(() => bench.remove());

const WATCHDOG = { alertname: 'Watchdog', severity: 'none', prometheus: 'monitoring/k8s' };
const incidents = () => bench.store.incidents({ state: 'all', limit: 100 });
const states = () => incidents().map(({ lead, state }) => `${lead}: ${state}`);

/** A heartbeat by webhook, at these minutes. */
function beat(minutes: readonly number[], labels: Record<string, string> = WATCHDOG, from = 0): void {
  for (const at of minutes) bench.deliver(at, [alertOf(labels, { from })]);
}

/** The same as Prometheus posts it: every minute, and it holds for four. */
function post(from: number, to: number, startsAt = 0): void {
  for (let at = from; at <= to; at++) bench.deliver(at, [alertOf(WATCHDOG, { from: startsAt, until: at + 4 })]);
}

describe('a heartbeat that stops', () => {
  it.each(['Watchdog', 'DeadMansSwitch', 'PrometheusDeadManSnitch', 'AlwaysOn'])('%s is one incident', (alertname) => {
    beat([1, 6, 11], { ...WATCHDOG, alertname });
    bench.clock.advanceTo(minute(22));
    expect(incidents()).toEqual([]);
    bench.clock.advanceTo(minute(22) + 2000);
    expect(states()).toEqual(['HeartbeatMissing on service alerting: open']);
    expect(incidents()[0]!.severity).toBe('critical');
    const [member] = bench.store.members(incidents()[0]!.id);
    expect(member).toMatchObject({ kind: 'alert', firing: { alert: { startsAt: minute(22) + 1000 } } });
    if (member?.kind !== 'alert') throw new Error('no alert');
    expect(Object.fromEntries(member.firing.alert.labels)).toEqual({
      alertname: 'HeartbeatMissing',
      heartbeat: alertname,
      prometheus: 'monitoring/k8s',
      severity: 'critical',
    });
    bench.clock.advanceTo(minute(22 + 9 * 60));
    expect(states()).toEqual(['HeartbeatMissing on service alerting: open']);
  });

  it('is over as soon as it comes back', () => {
    beat([1, 6, 11, 60]);
    expect(states()).toEqual(['HeartbeatMissing on service alerting: open']);
    bench.clock.advanceTo(minute(61));
    expect(states()).toEqual(['HeartbeatMissing on service alerting: recovering']);
    bench.clock.advanceTo(minute(65));
    expect(incidents()[0]).toMatchObject({ state: 'resolved', alerts: 1 });
    expect(bench.pipeline.heartbeats.counts).toEqual({ watched: 1, missing: 0, unwatched: 0 });
  });

  it('is found missing within minutes when its end is told', () => {
    beat([1, 241]);
    bench.deliver(250, [alertOf(WATCHDOG, { from: 0, to: 249 })]);
    bench.clock.advanceTo(minute(252));
    expect(incidents()).toEqual([]);
    bench.clock.advanceTo(minute(254));
    expect(states()).toEqual(['HeartbeatMissing on service alerting: open']);
  });

  it('is found missing when what Prometheus posts has expired', () => {
    post(1, 10);
    bench.clock.advanceTo(minute(14));
    expect(incidents()).toEqual([]);
    bench.clock.advanceTo(minute(16));
    expect(states()).toEqual(['HeartbeatMissing on service alerting: open']);
  });

  it('is one incident for all of a cluster, and one more for another cluster', () => {
    for (const at of [1, 6, 11]) {
      bench.deliver(at, [
        alertOf({ ...WATCHDOG, cluster: 'a' }, { from: 0 }),
        alertOf({ ...WATCHDOG, cluster: 'a', prometheus: 'team/own' }, { from: 0 }),
        alertOf({ ...WATCHDOG, cluster: 'b' }, { from: 0 }),
      ]);
    }
    bench.clock.advanceTo(minute(30));
    expect(
      incidents()
        .map(({ cluster, alerts }) => [cluster, alerts])
        .sort(),
    ).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });

  it('has nothing to do with the storm in which it stops', () => {
    beat([1, 6, 11]);
    const things = ['cart', 'orders', 'stock', 'mail'];
    bench.deliver(
      22,
      things.map((service) => alertOf({ alertname: 'Slow', namespace: 'shop', service }, { from: 22 })),
    );
    bench.clock.advanceTo(minute(30));
    const missing = incidents().find(({ lead }) => lead.startsWith('HeartbeatMissing'))!;
    expect(incidentTitle(missing)).toBe('HeartbeatMissing on service alerting');
    expect(missing.alerts).toBe(1);
  });
});

describe('a heartbeat is not missing', () => {
  it('before it has come twice: nobody knows how often it is repeated', () => {
    beat([1]);
    bench.clock.advanceTo(minute(10 * 60));
    expect(incidents()).toEqual([]);
    expect(bench.pipeline.heartbeats.counts.unwatched).toBe(1);
  });

  it('when it had come with other alerts, and is not repeated for their sake any more', () => {
    for (const at of [1, 6, 11]) {
      bench.deliver(at, [
        alertOf(WATCHDOG, { from: 0 }),
        alertOf({ alertname: 'Slow', instance: `${at}` }, { from: at }),
      ]);
    }
    bench.clock.advanceTo(minute(300));
    expect(states().filter((state) => state.startsWith('Heartbeat'))).toEqual([]);
  });

  it('when a pair of Alertmanagers had told it twice', () => {
    bench.deliver(1, [alertOf(WATCHDOG, { from: 0 })]);
    bench.clock.advance(2000);
    bench.deliver(1, [alertOf(WATCHDOG, { from: 0 })]);
    bench.clock.advanceTo(minute(120));
    expect(incidents()).toEqual([]);
  });

  it('while another replica sends it', () => {
    for (let at = 1; at <= 60; at += 5) {
      if (at < 20) bench.deliver(at, [alertOf(WATCHDOG, { from: 0, replica: 'a' })]);
      bench.deliver(at, [alertOf(WATCHDOG, { from: 0, replica: 'b' })]);
    }
    expect(incidents()).toEqual([]);
    bench.clock.advanceTo(minute(70));
    expect(states()).toEqual(['HeartbeatMissing on service alerting: open']);
  });

  it('because the clock jumped, or the machine slept', () => {
    const heartbeats = new Heartbeats(
      [],
      () => '',
      () => undefined,
    );
    let now = minute(0);
    const listen = (minutes: number) => {
      let told = 0;
      for (const until = now + minutes * MINUTE; now < until; now += 1000) told += heartbeats.pass(now).length;
      return told;
    };
    for (let beats = 0; beats < 3; beats++) {
      heartbeats.hear([alertOf(WATCHDOG, { from: 0 })], now, true);
      if (beats < 2) listen(5);
    }
    for (const jumpMs of [500 * MINUTE, -900 * MINUTE, 300 * MINUTE]) {
      now += jumpMs;
      expect(listen(3)).toBe(0);
    }
    expect(listen(1)).toBe(0);
    expect(listen(1)).toBe(1);
  });

  it('more than twice when it comes less often from now on', () => {
    beat([1, 6, 11]);
    for (let at = 71; at < 800; at += 60) beat([at]);
    expect(bench.events.filter(({ kind }) => kind === 'opened' || kind === 'reopened')).toHaveLength(2);
  });
});

describe('over a restart of the sidecar', () => {
  beforeEach(() => {
    bench.remove();
    bench = new PipelineBench('disk');
  });

  it('nothing is missing because the sidecar was down', () => {
    beat([1, 6, 11]);
    bench.pipeline.stop();
    bench.clock.advanceTo(minute(300));
    bench.killAndStart();
    bench.clock.advanceTo(minute(310));
    expect(incidents()).toEqual([]);
    beat([310]);
    bench.clock.advanceTo(minute(320));
    expect(incidents()).toEqual([]);
  });

  it('what is missing stays so until it is heard', () => {
    beat([1, 6, 11]);
    bench.clock.advanceTo(minute(30));
    bench.killAndStart();
    bench.clock.advanceTo(minute(60));
    expect(states()).toEqual(['HeartbeatMissing on service alerting: open']);
    beat([60]);
    bench.clock.advanceTo(minute(64));
    expect(incidents()).toHaveLength(1);
    expect(incidents()[0]!.state).toBe('resolved');
  });

  it('how often it comes is known', () => {
    beat([1, 6, 11]);
    bench.pipeline.stop();
    bench.killAndStart();
    bench.clock.advanceTo(minute(21));
    expect(incidents()).toEqual([]);
    bench.clock.advanceTo(minute(23));
    expect(states()).toEqual(['HeartbeatMissing on service alerting: open']);
  });
});

describe('alerts that start with the heartbeat', () => {
  const slow = { alertname: 'Slow', namespace: 'shop', service: 'cart' };
  const full = { alertname: 'Full', namespace: 'data', service: 'db' };
  const onsets = () =>
    incidents().flatMap(({ id }) =>
      bench.store.members(id).flatMap((member) => (member.kind === 'alert' ? [member.onset.latest] : [])),
    );

  /** Prometheus is away for 40 minutes. Two things were in trouble before, independently of each other. */
  function restart(): void {
    beat([1, 6, 11]);
    bench.deliver(2, [alertOf(slow, { from: 1 })]);
    bench.deliver(12, [alertOf(full, { from: 11 })]);
    bench.deliver(20, [alertOf(slow, { from: 1, to: 19 })]);
    bench.deliver(20, [alertOf(full, { from: 11, to: 19 })]);
    bench.deliver(20, [alertOf(WATCHDOG, { from: 0, to: 19 })]);
  }

  it('and fired before keep their onset: it is a restart, not a storm', () => {
    restart();
    bench.deliver(59, [alertOf(slow, { from: 58 })]);
    beat([59], WATCHDOG, 58);
    bench.deliver(60, [alertOf(full, { from: 59 })]);
    const minutes = [...new Set(onsets())].map((at) => Math.floor((at - minute(0)) / MINUTE));
    // The third is that of the heartbeat's absence.
    expect(minutes.sort((a, b) => a - b)).toEqual([1, 11, 23]);
  });

  it('and were over long before have begun anew, as those that start later', () => {
    restart();
    const other = { alertname: 'Other', instance: 'x' };
    bench.deliver(23, [alertOf(other, { from: 2, to: 5 })]);
    const flaps = { alertname: 'Flaps', instance: 'y' };
    bench.deliver(40, [alertOf(flaps, { from: 35, to: 39 })]);
    beat([59], WATCHDOG, 58);
    bench.deliver(59, [alertOf(other, { from: 58 })]);
    bench.deliver(60, [alertOf(flaps, { from: 57 })]);
    bench.deliver(70, [alertOf(slow, { from: 69 })]);
    const late = onsets().map((at) => (at - minute(0)) / MINUTE);
    expect(late).toContain(58);
    expect(late).toContain(69);
    expect(late).toContain(57);
  });
});
