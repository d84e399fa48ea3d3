import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Alert, OWN_ALERT_LABEL } from '../../src/model/alert.ts';
import { ACCOUNTS } from '../../src/noise/accounts.ts';
import { readHistory } from '../../src/noise/history.ts';
import { type NoiseReport, noiseReport } from '../../src/noise/report.ts';
import { Journal } from '../../src/notify/journal.ts';
import { alertOf, anomalyOf, MINUTE, minute } from '../incidents/alert-builders.ts';
import { PipelineBench } from '../incidents/pipeline-bench.ts';
import { notificationOf } from '../notify/summaries.ts';

const GROUPING = { groupBy: ['namespace'], groupWaitMs: 30_000, groupIntervalMs: 300_000 };
const slow = { alertname: 'Slow', namespace: 'shop', service: 'cart', severity: 'critical' };
const full = { alertname: 'Full', namespace: 'shop', service: 'cart', severity: 'critical' };

let bench: PipelineBench;
let journal: Journal;
function start(): void {
  bench = new PipelineBench('disk');
  journal = new Journal(join(bench.path, '../notifications.db'));
}
function remove(): void {
  journal.close();
  bench.remove();
}
afterEach(remove);

const report = (): NoiseReport =>
  noiseReport(readHistory(bench.path, join(bench.path, '../notifications.db'), minute(-60), minute(100_000)), GROUPING);
/** The accounts that hold something. */
const ledger = () => Object.fromEntries(Object.entries(report().ledger).filter(([, count]) => count > 0));

describe('the account of a firing', () => {
  it('is paged for what opened an incident, and grouped for what joined it', () => {
    start();
    bench.deliver(1, [alertOf(slow, { from: 0 }), alertOf(full, { from: 1 })]);
    bench.deliver(2, [alertOf(slow, { from: 0 }), alertOf(full, { from: 1 })]);
    expect(ledger()).toEqual({ paged: 1, grouped: 1 });
  });

  it('is paged again when the incident comes back', () => {
    start();
    bench.deliver(1, [alertOf(slow, { from: 0 })]);
    bench.deliver(6, [alertOf(slow, { from: 0, to: 5 })]);
    bench.deliver(20, [alertOf(slow, { from: 19 })]);
    expect(report()).toMatchObject({ incidents: 1, firings: 2, ledger: { paged: 2 } });
  });

  it('is duplicate for what another replica reports, however often', () => {
    start();
    for (const at of [1, 2, 3]) {
      bench.deliver(
        at,
        ['a', 'b'].map((replica) => alertOf(slow, { from: replica === 'a' ? 0 : 0.2, replica })),
      );
    }
    expect(ledger()).toEqual({ paged: 1, duplicate: 1 });
  });

  it('is late for what had ended before it came, and only if it is no member', () => {
    start();
    bench.deliver(6, [alertOf(slow, { from: 3, to: 5 })]);
    bench.deliver(7, [alertOf(slow, { from: 3 })]);
    expect(ledger()).not.toHaveProperty('late');
    bench.deliver(8, [alertOf(slow, { from: 1 })]);
    bench.deliver(9, [alertOf(slow, { from: 1 })]);
    expect(ledger()).toMatchObject({ late: 1 });
  });

  it('is own for what we have posted ourselves', () => {
    start();
    const own = alertOf({ alertname: 'PronoiaIncident', [OWN_ALERT_LABEL]: 'x' }, { from: 0 });
    bench.deliver(1, [own]);
    bench.deliver(2, [own]);
    expect(ledger()).toEqual({ own: 1 });
  });

  it('is silenced, inhibited or maintenance until it is told after all', () => {
    start();
    const muted = (['silenced', 'inhibited', 'maintenance'] as const).map((account, i) => {
      return { alert: alertOf({ ...slow, service: `s${i}` }, { from: 0 }), account, reason: 'by s1' };
    });
    bench.pipeline.addToLedger(muted, minute(1));
    bench.pipeline.addToLedger(muted, minute(6));
    expect(ledger()).toEqual({ silenced: 1, inhibited: 1, maintenance: 1 });
    bench.deliver(8, [muted[0]!.alert]);
    expect(ledger()).toEqual({ paged: 1, inhibited: 1, maintenance: 1 });
  });

  it('is flapping from the third firing on of one alert in one incident', () => {
    start();
    bench.deliver(1, [alertOf(full, { from: 0 })]);
    for (const from of [1, 3, 5, 7]) {
      bench.deliver(from, [alertOf(slow, { from })]);
      bench.deliver(from + 1, [alertOf(slow, { from, to: from + 1 })]);
    }
    expect(ledger()).toEqual({ paged: 1, grouped: 2, flapping: 2 });
  });
});

it('every firing has exactly one account, whatever is delivered, and a restart changes none', () => {
  const names = ['Slow', 'Full', 'Down'];
  const one = fc.record({
    alertname: fc.constantFrom(...names),
    service: fc.constantFrom('cart', 'pay'),
    replica: fc.constantFrom('a', 'b'),
    spell: fc.nat({ max: 3 }),
    isOver: fc.boolean(),
    isOwn: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fc.array(one, { maxLength: 6 }), { maxLength: 10 }), (deliveries) => {
      start();
      const units = new Set<string>();
      const newest = new Map<string, number>();
      deliveries.forEach((items, i) => {
        const alerts: Alert[] = items.map(({ alertname, service, replica, spell, isOver, isOwn }) => {
          const labels = { alertname, namespace: 'shop', service, ...(isOwn && { [OWN_ALERT_LABEL]: 'x' }) };
          // Replicas of a pair agree on when a firing began, and of an earlier one that it is over.
          const sender = JSON.stringify(labels);
          const isPast = spell < (newest.get(sender) ?? 0);
          newest.set(sender, Math.max(spell, newest.get(sender) ?? 0));
          const from = spell * 10;
          return alertOf(labels, { from, replica, ...((isOver || isPast) && { to: from + 5 }) });
        });
        bench.deliver(40 + i, alerts);
        for (const { fingerprint, startsAt, replica } of alerts) units.add(`${fingerprint} ${startsAt} ${replica}`);
      });
      const before = report();
      const { firings, ledger: accounts } = before;
      expect(Object.keys(accounts)).toEqual([...ACCOUNTS]);
      expect(Object.values(accounts).reduce((sum, count) => sum + count, 0)).toBe(firings);
      expect(firings).toBe(units.size);
      bench.killAndStart();
      expect(report()).toEqual(before);
      remove();
    }),
    { numRuns: 40 },
  );
  start();
});

it('compression is against the smaller of what Alertmanager sent and what a plain one would have', () => {
  start();
  for (const i of [0, 1, 2, 3]) {
    bench.deliver(10 * i + 1, [alertOf({ ...slow, instance: `i${i}` }, { from: 10 * i })]);
  }
  journal.add([notificationOf({ at: minute(1) })], []);
  journal.add([notificationOf({ at: minute(12), event: 'reminder', sequence: 2 })], []);
  expect(report().notifications).toEqual({
    incidents: 1,
    received: 4,
    plain: 4,
    groupBy: ['namespace'],
    compression: 0.75,
  });
});

describe('the lead of an incident', () => {
  it('begins with its first anomaly that was news', () => {
    start();
    const series = { __name__: 'latency', namespace: 'shop', service: 'cart' };
    bench.pipeline.receiveAnomaly({ ...anomalyOf(series, { from: -5 }), recurring: 'the 6th like it in 14 days' });
    bench.pipeline.receiveAnomaly(anomalyOf({ ...series, __name__: 'errors' }, { from: -3 }));
    bench.deliver(1, [alertOf(slow, { from: 0 })]);
    bench.clock.advance(1000);
    expect(report().times.lead).toEqual({ count: 1, medianMs: 3 * MINUTE, p90Ms: 3 * MINUTE });
  });
});
