import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directEvidence } from '../../src/correlate/direct-evidence.ts';
import type { CorrelatedAlert, CorrelationWindows, IncidentSpan } from '../../src/correlate/direct-placement.ts';
import { PlacedAlerts } from '../../src/correlate/placed-alerts.ts';
import type { Alert } from '../../src/model/alert.ts';
import { identifyingLabels } from '../../src/topology/identifying-labels.ts';
import { resolveCluster, resolveEntity } from '../../src/topology/resolve-entity.ts';
import { alertOf, MINUTE, minute } from '../incidents/alert-builders.ts';

type LabelObject = Record<string, string>;
const WINDOWS: CorrelationWindows = {
  joinWindowMs: 15 * MINUTE,
  freezeAfterMs: 90 * MINUTE,
  reopenWithinMs: 30 * MINUTE,
};
const CLUSTER = { clusterLabel: 'cluster' };
const NOTHING = new PlacedAlerts({ withTrait: () => [] });

function correlated(alert: Alert): CorrelatedAlert {
  const { labels } = alert;
  return {
    alert,
    cluster: resolveCluster(labels, CLUSTER),
    entity: resolveEntity(labels, CLUSTER),
    identifying: identifyingLabels(labels),
  };
}

/** Places alerts [labels, minute of onset, minute of end] and gives the groups, as indexes. */
function groups(...alerts: readonly (readonly [labels: LabelObject, from: number, to?: number])[]): number[][] {
  const newcomers = alerts.map(([labels, from, to]) =>
    correlated(alertOf(labels, to === undefined ? { from } : { from, to })),
  );
  const placements = directEvidence.place(newcomers, NOTHING, WINDOWS);
  const byIncident = Map.groupBy(
    newcomers.keys(),
    (i) => placements.find(({ newcomer }) => newcomer === newcomers[i])!.incidentId,
  );
  return [...byIncident.values()];
}

const TOGETHER = [[0, 1]];
const APART = [[0], [1]];
const cart = { namespace: 'shop', service: 'cart' };

describe('two alerts', () => {
  it.each<[string, number[][], LabelObject, LabelObject]>([
    ['about the same entity belong together', TOGETHER, { alertname: 'A', ...cart }, { alertname: 'B', ...cart }],
    [
      'about two pods of one workload belong together',
      TOGETHER,
      { alertname: 'A', namespace: 'n', pod: 'cart-7d9f8b6c5d-x7k2p' },
      { alertname: 'B', namespace: 'n', pod: 'cart-7d9f8b6c5d-zzzzz' },
    ],
    [
      'of the same name and job belong together',
      TOGETHER,
      { alertname: 'A', job: 'api', instance: 'a' },
      { alertname: 'A', job: 'api', instance: 'b' },
    ],
    [
      'of the same name and service belong together',
      TOGETHER,
      { alertname: 'A', service: 'cart', instance: 'a' },
      { alertname: 'A', service: 'cart', instance: 'b' },
    ],
    ['of the same name only do not', APART, { alertname: 'A', instance: 'a' }, { alertname: 'A', instance: 'b' }],
    [
      'of the same name without any other label do not',
      APART,
      { alertname: 'A' },
      { alertname: 'A', severity: 'critical' },
    ],
    [
      'of the same job only do not',
      APART,
      { alertname: 'A', job: 'api', instance: 'a' },
      { alertname: 'B', job: 'api', instance: 'b' },
    ],
    [
      'of the same namespace only do not',
      APART,
      { alertname: 'A', namespace: 'shop' },
      { alertname: 'B', namespace: 'shop' },
    ],
    [
      'of the same name and namespace do not',
      APART,
      { alertname: 'A', namespace: 'shop', service: 'a' },
      { alertname: 'A', namespace: 'shop', service: 'b' },
    ],
    [
      'of the same name and routing labels do not',
      APART,
      { alertname: 'A', service: 'a', severity: 'page', team: 't', env: 'prod' },
      { alertname: 'A', service: 'b', severity: 'page', team: 't', env: 'prod' },
    ],
    [
      'of one exporter do not',
      APART,
      { alertname: 'A', job: 'kube-state-metrics', instance: 'k', namespace: 'n', deployment: 'a' },
      { alertname: 'A', job: 'kube-state-metrics', instance: 'k', namespace: 'n', deployment: 'b' },
    ],
    [
      'of the same name and service in two namespaces do not',
      APART,
      { alertname: 'A', namespace: 'x', service: 'cart' },
      { alertname: 'A', namespace: 'y', service: 'cart' },
    ],
    [
      'of the same entity in two clusters do not',
      APART,
      { cluster: 'x', alertname: 'A', ...cart },
      { cluster: 'y', alertname: 'A', ...cart },
    ],
    [
      'of which one is only for information do not, unless about the same entity',
      APART,
      { alertname: 'A', job: 'api', instance: 'a' },
      { alertname: 'A', job: 'api', instance: 'b', severity: 'info' },
    ],
  ])('%s', (_, expected, a, b) => {
    expect(groups([a, 0], [b, 1])).toEqual(expected);
  });

  it('join only within the window, measured from the last onset', () => {
    const other = { alertname: 'B', ...cart };
    expect(groups([cart, 0], [other, 15])).toEqual(TOGETHER);
    expect(groups([cart, 0], [other, 16])).toEqual(APART);
    expect(groups([cart, 0], [other, 15], [{ alertname: 'C', ...cart }, 30])).toEqual([[0, 1, 2]]);
  });

  it('join an incident that had ended only if they began before its end', () => {
    const other = { alertname: 'B', ...cart };
    expect(groups([cart, 0, 5], [other, 4])).toEqual(TOGETHER);
    expect(groups([cart, 0, 5], [other, 6])).toEqual(APART);
  });
});

describe('an incident', () => {
  it('is frozen 90 minutes after its first onset, but not for the same alert', () => {
    const onEntity = Array.from({ length: 11 }, (_, i) => [{ alertname: `A${i}`, ...cart }, i * 10] as const);
    const incident = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(groups(...onEntity)).toEqual([incident, [10]]);
    expect(groups(...onEntity.slice(0, 10), [{ alertname: 'A0', ...cart }, 100])).toEqual([[...incident, 10]]);
  });

  it('takes others in by labels of what it was opened for, so that there are no chains', () => {
    const opener = { alertname: 'A', job: 'api', instance: 'a' };
    const byLabels = { alertname: 'A', job: 'api', instance: 'b' };
    const byEntity = { alertname: 'B', job: 'db', instance: 'b' };
    const chained = { alertname: 'B', job: 'db', instance: 'c' };
    expect(groups([opener, 0], [byLabels, 1], [byEntity, 2], [chained, 3])).toEqual([[0, 1, 2], [3]]);
  });

  it('gathers a whole group of Alertmanager when one of it is about the same entity', () => {
    const known = new PlacedAlerts({ withTrait: () => [] });
    const before = directEvidence.place(
      [correlated(alertOf({ alertname: 'Other', instance: 'b' }, { from: 0 }))],
      known,
      WINDOWS,
    )[0]!;
    known.add(before, undefined, directEvidence.traits(before.newcomer, before));
    const group = ['a', 'b', 'c'].map((instance) =>
      correlated(alertOf({ alertname: 'HighLatency', job: 'api', instance }, { from: 1 })),
    );
    const ids = directEvidence.place(group, known, WINDOWS).map(({ incidentId }) => incidentId);
    expect(ids).toEqual([before.incidentId, before.incidentId, before.incidentId]);
  });

  it('says why it took something in', () => {
    const newcomers = [
      correlated(alertOf({ alertname: 'A', job: 'api', instance: 'a' }, { from: 0 })),
      correlated(alertOf({ alertname: 'A', job: 'api', instance: 'b' }, { from: 1 })),
    ];
    const [first, second] = directEvidence.place(newcomers, NOTHING, WINDOWS);
    expect(first!.reasons).toEqual([{ kind: 'first', value: 1, text: 'opened the incident' }]);
    expect(second!.reasons.map(({ kind, text }) => [kind, text])).toEqual([
      ['text', 'same alert name A'],
      ['labels', 'same job=api'],
      ['time', 'began 60 s after its last alert'],
    ]);
  });
});

describe('a resolved incident comes back', () => {
  const pod = (suffix: string) => ({ alertname: 'Crash', namespace: 'n', pod: `cart-7d9f8b6c5d-${suffix}` });

  it.each<[string, LabelObject, number, number[][]]>([
    ['with the same alert', pod('x7k2p'), 35, TOGETHER],
    ['with the same kind of alert on the same entity', pod('zzzzz'), 35, TOGETHER],
    ['not with another kind', { ...pod('x7k2p'), alertname: 'Slow' }, 35, APART],
    ['not later than 30 minutes after its end', pod('x7k2p'), 36, APART],
  ])('%s', (_, labels, from, expected) => {
    expect(groups([pod('x7k2p'), 0, 5], [labels, from])).toEqual(expected);
  });
});

it('the partition does not depend on the order of arrival', () => {
  const labels = fc.record({
    alertname: fc.constantFrom('A', 'B'),
    job: fc.constantFrom('x', 'y'),
    instance: fc.constantFrom('1', '2', '3', '4'),
  });
  const alert = fc.tuple(labels, fc.integer({ min: 0, max: 60 }));
  const storm = fc.uniqueArray(alert, {
    minLength: 1,
    maxLength: 20,
    selector: ([each, from]) => JSON.stringify([each, from]),
  });
  const partition = (alerts: [LabelObject, number][]) => {
    const newcomers = alerts.map(([each, from]) => correlated(alertOf(each, { from })));
    const placements = directEvidence.place(newcomers, NOTHING, WINDOWS);
    return placements
      .map(({ incidentId, newcomer }) => `${incidentId} ${newcomer.alert.fingerprint} ${newcomer.alert.startsAt}`)
      .sort();
  };
  fc.assert(
    fc.property(
      storm.chain((alerts) => fc.tuple(fc.constant(alerts), fc.shuffledSubarray(alerts, { minLength: alerts.length }))),
      ([a, b]) => {
        expect(partition(b)).toEqual(partition(a));
      },
    ),
  );
});

describe('an anomaly', () => {
  const entity = correlated(alertOf(cart, { from: 0 })).entity!;
  const span: IncidentSpan = { id: 'i', startsAt: minute(0), lastOnsetAt: minute(0), resolvedAt: undefined };
  const attach = (from: number, to?: number, resolvedAt?: number) =>
    directEvidence.attach(
      { startsAt: minute(from), endsAt: to === undefined ? undefined : minute(to), entity },
      { withTrait: () => [{ ...span, resolvedAt }] },
      WINDOWS,
    )?.incidentId;

  it('joins the open incident of its entity, if it had not ended long before', () => {
    expect(attach(5)).toBe('i');
    expect(attach(-300)).toBe('i');
    expect(attach(-30, -10)).toBe('i');
    expect(attach(-30, -16)).toBeUndefined();
    expect(attach(91)).toBeUndefined();
    expect(attach(5, undefined, minute(6))).toBeUndefined();
  });
});
