import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import { createLabels } from '../../src/model/labels.ts';
import { alertOf, errors, latency, pod, SECOND, SmallSystem, START } from './small-system.ts';

/** A database fails, all that needs it follows within a minute. */
const FAILOVER: readonly Alert[] = [
  alertOf(pod('db', 'DatabaseDown'), 0),
  alertOf(errors('orders'), 20),
  alertOf(errors('stock'), 25),
  alertOf(errors('cart'), 30),
  alertOf(latency('cart'), 30),
  alertOf(errors('web'), 45),
  alertOf(errors('mobile'), 50),
];

/** Half an hour of what always happens: then there is something to compare with. */
function quietTimes(system: SmallSystem): void {
  system.deliver(-1790, [alertOf(pod('geo', 'CertificateExpires'), -1800, -1700)]);
  system.deliver(-1190, [alertOf(pod('news', 'JobFailed'), -1200, -1100)]);
}

function failover(): SmallSystem {
  const system = new SmallSystem();
  quietTimes(system);
  system.deliver(60, FAILOVER);
  return system;
}

describe('a database that fails', () => {
  it('is one incident with all that needs it, and the cause', () => {
    const system = failover();
    const ids = new Set(FAILOVER.map((alert) => system.of(alert).incidentId));
    expect(ids.size).toBe(1);
    expect(system.causeOf(FAILOVER[6]!)).toBe('db');
    const view = system.views.get([...ids][0]!)!;
    expect(view.impacted.map(({ name }) => name)).toEqual(['cart', 'mobile', 'orders', 'stock', 'web']);
    expect(view.possible).toEqual([]);
    expect(view.causes.reduce((sum, { p }) => sum + p, 0)).toBeLessThanOrEqual(1);
  });

  it('says why each alert is there, and what role it has', () => {
    const system = failover();
    expect(system.of(FAILOVER[0]!)).toMatchObject({ role: 'root', weak: false });
    const web = system.of(FAILOVER[5]!);
    expect(web).toMatchObject({ role: 'symptom', weak: false });
    expect(web.reasons.map(({ text }) => text)).toEqual([
      'shop/web depends on data/db in 3 steps, shown by file',
      'began 45 s after the cause',
    ]);
  });

  it('is found although its own alert comes last, and by then nothing has moved', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const victims = FAILOVER.slice(1);
    const first = system.deliver(60, victims);
    expect(new Set(first.placements.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(system.causeOf(victims[0]!)).toBe('db');
    const last = system.deliver(300, [alertOf(pod('db', 'DatabaseDown'), 290)]);
    expect(last.placements).toHaveLength(1);
    expect(system.partition()[0]).toHaveLength(7);
  });

  it('is named by its pending rule alone', () => {
    const system = new SmallSystem();
    quietTimes(system);
    system.pending(5, pod('db', 'DatabaseDown'), 0);
    const one = alertOf(errors('orders'), 20);
    system.deliver(30, [one, alertOf(errors('cart'), 25)]);
    expect(system.causeOf(one)).toBe('db');
  });

  it('takes back what comes again after it seemed to be over', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const ended = FAILOVER.map((alert) => ({ ...alert, endsAt: START + 600 * SECOND }));
    system.deliver(60, FAILOVER);
    system.deliver(620, ended);
    const again = [alertOf(errors('orders'), 1200), alertOf(errors('cart'), 1210), alertOf(errors('web'), 1215)];
    system.deliver(1260, again);
    expect(again.map((alert) => system.of(alert).incidentId)).toEqual(
      again.map(() => system.of(FAILOVER[0]!).incidentId),
    );
  });

  it('bridges a thing that shows nothing', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const some = FAILOVER.filter((alert) => alert.labels.get('destination_workload') !== 'cart');
    system.deliver(60, some);
    expect(system.partition()[0]).toHaveLength(some.length);
    expect(system.of(some.at(-1)!).reasons[0]!.text).toContain('through shop/cart, which shows nothing');
  });
});

describe('what people said of a database that fails', () => {
  const at = START - 24 * 3600 * SECOND;
  const members = (system: SmallSystem, alert: Alert) => {
    const { incidentId } = system.of(alert);
    return FAILOVER.filter((each) => system.of(each).incidentId === incidentId);
  };

  const split = () => {
    const system = new SmallSystem();
    system.word.add({ a: 'DatabaseDown', b: 'HighErrors', isTogether: false, at });
    quietTimes(system);
    return system;
  };

  it('does not tear apart what a sure way explains: a click is no proof', () => {
    const system = split();
    system.deliver(60, FAILOVER);
    expect(members(system, FAILOVER[0]!)).toHaveLength(7);
  });

  it('keeps out what is explained by a doubtful way only', () => {
    const some = FAILOVER.filter((alert) => alert.labels.get('destination_workload') !== 'cart');
    const system = split();
    system.deliver(60, some);
    const names = some.filter((alert) => system.of(alert).incidentId === system.of(some[0]!).incidentId);
    expect(names.map(({ labels }) => labels.get('destination_workload'))).not.toContain('web');
  });

  it('keeps apart what they had split on the very thing that is the cause', () => {
    const system = new SmallSystem();
    system.word.add({ a: 'BackupFailed', b: 'DatabaseDown', isTogether: false, at });
    quietTimes(system);
    const backup = alertOf(pod('db', 'BackupFailed'), 10);
    system.deliver(60, [...FAILOVER, backup]);
    expect(members(system, FAILOVER[0]!)).toHaveLength(7);
    expect(system.of(backup).incidentId).not.toBe(system.of(FAILOVER[0]!).incidentId);
  });

  it('never becomes part of another incident by itself while it holds what a person put there', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const [geo, news] = [alertOf(errors('geo'), 0), alertOf(errors('news'), 300)];
    system.deliver(10, [geo]);
    system.deliver(310, [news]);
    expect(system.of(geo).incidentId).not.toBe(system.of(news).incidentId);
    for (const [thing, home] of [
      ['tax', geo],
      ['search', news],
    ] as const) {
      const firing = system.firing(alertOf(pod(thing, 'JobFailed'), 0));
      system.correlator.take([{ ...firing, pinnedTo: system.of(home).incidentId }], START + 320 * SECOND);
    }
    system.deliver(330, [alertOf(pod('mail', 'CrashLoop'), 1), alertOf(errors('mail'), 2)]);
    expect(system.of(geo).incidentId).toBe(system.of(news).incidentId);
    expect(system.merged).toEqual([]);
  });

  it('joins what they had merged, with the cause of the one that has a cause', () => {
    const system = new SmallSystem();
    system.word.add({ a: 'BackupFailed', b: 'DatabaseDown', isTogether: true, at });
    quietTimes(system);
    const backup = alertOf({ alertname: 'BackupFailed', vault: 'v' }, -30);
    system.deliver(60, [...FAILOVER, backup]);
    expect(system.of(backup).incidentId).toBe(system.of(FAILOVER[0]!).incidentId);
    expect(system.causeOf(backup)).toBe('db');
    expect(system.of(FAILOVER[5]!).reasons[0]!.kind).toBe('graph');
  });
});

describe('what has nothing to do with it', () => {
  it('stays alone: two faults at the same time are two incidents', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const mail = [alertOf(pod('mail', 'CrashLoop'), 40), alertOf(errors('news'), 55), alertOf(errors('geo'), 60)];
    system.deliver(90, [...FAILOVER, ...mail]);
    expect(
      system
        .partition()
        .slice(0, 2)
        .map(({ length }) => length),
    ).toEqual([7, 3]);
    expect([system.causeOf(mail[1]!), system.causeOf(FAILOVER[1]!)]).toEqual(['mail', 'db']);
  });

  it('stays alone: a lone symptom elsewhere', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const lone = alertOf(errors('geo'), 40);
    system.deliver(60, [...FAILOVER, lone]);
    expect(system.partition()[0]).toHaveLength(7);
    expect(system.of(lone).incidentId).not.toBe(system.of(FAILOVER[0]!).incidentId);
  });

  const HOUR = 3600;
  const restarted = (system: SmallSystem) => {
    system.restart(3 * HOUR, []);
    system.deliver(3 * HOUR, [alertOf(pod('tax', 'DiskSlow'), 3 * HOUR, 3 * HOUR + 60)]);
  };
  it.each([
    ['although it is on an affected thing', 7000, () => {}],
    ['although the last of it is over for hours', 5 * HOUR, () => {}],
    ['also when that is known from before a restart only', 5 * HOUR, restarted],
  ] as [string, number, (system: SmallSystem) => void, Alert[]?][])(
    'stays alone: what happens all day, %s',
    (_, from, between) => {
      const system = new SmallSystem();
      for (let i = 0; i < 20; i++) {
        const service = ['geo', 'news', 'tax', 'search', 'mail'][i % 5]!;
        const failed = pod(service, 'JobFailed');
        system.deliver(i * 300, [alertOf(failed, i * 300)]);
        system.deliver(i * 300 + 60, [alertOf(failed, i * 300, i * 300 + 60)]);
      }
      for (let at = 6000; at < from; at += 600) system.decide(at);
      between(system);
      const later = FAILOVER.map((alert) => ({ ...alert, startsAt: alert.startsAt + from * SECOND }));
      const usual = alertOf(pod('cart', 'JobFailed'), from + 300);
      system.deliver(from + 400, [...later, usual]);
      const { incidentId } = system.of(later[0]!);
      expect(later.map((alert) => system.of(alert).incidentId)).toEqual(later.map(() => incidentId));
      expect(system.of(usual).incidentId).not.toBe(incidentId);
    },
  );

  it('is no more suspicious because something else has been firing for weeks when we come', () => {
    const system = new SmallSystem();
    const old = alertOf(pod('news', 'CertificateExpires'), -30 * 24 * HOUR);
    const clock = alertOf({ alertname: 'ClockSkew', node: 'n2' }, 10);
    const [tax, geo] = [alertOf(errors('tax'), 400), alertOf(errors('geo'), 900)];
    system.deliver(950, [old, clock, tax, geo]);
    expect(new Set([clock, tax, geo].map((alert) => system.of(alert).incidentId)).size).toBe(3);
  });

  it('is not glued by a node that hosts much and has a trouble of its own', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const clock = alertOf({ alertname: 'ClockSkew', node: 'n2' }, 10);
    const [tax, geo] = [alertOf(errors('tax'), 400), alertOf(errors('geo'), 900)];
    system.deliver(950, [clock, tax, geo]);
    expect(new Set([clock, tax, geo].map((alert) => system.of(alert).incidentId)).size).toBe(3);
  });
});

describe('a cause without an edge', () => {
  it('is a node, when most of what runs there breaks', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const node = alertOf({ alertname: 'NodeNotReady', node: 'n2' }, 0);
    const pods = ['mail', 'tax', 'geo', 'news'].map((service, i) => alertOf(pod(service, 'PodNotReady'), 10 + i));
    system.deliver(60, [node, ...pods]);
    expect(system.partition()[0]).toHaveLength(5);
    expect(system.causeOf(pods[0]!)).toBe('n2');
  });

  it('is a node that no alert names yet', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const pods = ['tax', 'geo', 'news', 'coredns'].map((service, i) => alertOf(pod(service, 'PodNotReady'), 10 + i));
    system.deliver(60, pods);
    expect(system.causeOf(pods[0]!)).toBe('n2');
    expect(system.of(pods[0]!).reasons[0]).toMatchObject({ kind: 'host' });
  });

  it('is the DNS, when everything fails and it shows trouble', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const dns = alertOf(pod('coredns', 'DnsErrors'), 0);
    const all = ['web', 'mobile', 'cart', 'search', 'mail', 'tax', 'geo', 'news'].map((service, i) =>
      alertOf(errors(service), 5 + i),
    );
    system.deliver(60, [dns, ...all]);
    expect(system.partition()[0]).toHaveLength(9);
    expect(system.causeOf(all[0]!)).toBe('coredns');
  });

  it('is an API of somebody else that nobody measures', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const slow = alertOf(latency('tax'), 0);
    system.deliver(60, [slow]);
    expect(system.causeOf(slow)).toBe('bank');
    expect(system.views.get(system.of(slow).incidentId)!.impacted.map(({ name }) => name)).toEqual(['tax']);
  });

  it('is not that API when the thing broke by itself', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const broken = [
      alertOf(latency('tax'), 0),
      alertOf(pod('tax', 'CrashLoop'), 5),
      alertOf(pod('tax', 'NotReady'), 5),
    ];
    system.deliver(60, broken);
    expect(system.causeOf(broken[0]!)).toBe('tax');
  });
});

describe('an alert that names nothing', () => {
  const nameless = alertOf({ alertname: 'TooManyErrors' }, 40);

  it('joins the only incident it can belong to, marked as weak', () => {
    const system = new SmallSystem();
    quietTimes(system);
    system.deliver(60, [...FAILOVER, nameless]);
    expect(system.of(nameless)).toMatchObject({ weak: true, incidentId: system.of(FAILOVER[0]!).incidentId });
  });

  it.each([
    ['joins within the join window', {}, true],
    ['stays alone when it begins later than that', { joinWindowMs: 60 * SECOND }, false],
    ['stays alone when the incident is frozen', { freezeAfterMs: 300 * SECOND }, false],
  ])('%s', (_name, windows, isJoining) => {
    const system = failover();
    system.windows = { ...system.windows, ...windows };
    const later = alertOf({ alertname: 'TooManyErrors' }, 400);
    system.deliver(420, [later]);
    expect(system.of(later).incidentId === system.of(FAILOVER[0]!).incidentId).toBe(isJoining);
  });

  it('stays alone when there is none', () => {
    const system = new SmallSystem();
    quietTimes(system);
    system.deliver(60, [nameless, alertOf(errors('geo'), 30)]);
    expect(system.partition()[0]).toHaveLength(1);
  });
});

describe('an anomaly', () => {
  const anomaly: Anomaly = {
    labels: createLabels([
      ['__name__', 'db_connections'],
      ['cluster', 'c'],
      ['namespace', 'data'],
      ['pod', 'db-0'],
    ]),
    startsAt: START,
    endsAt: undefined,
    endReason: undefined,
    peakScore: 3,
    direction: 1,
    value: 9,
    expected: 1,
    lower: 0,
    upper: 2,
  };

  it('names a cause that has no alert, and bears witness in its incident', () => {
    const system = new SmallSystem();
    quietTimes(system);
    system.anomaly(10, anomaly);
    const victims = FAILOVER.slice(1);
    system.deliver(60, victims);
    expect(system.causeOf(victims[0]!)).toBe('db');
    expect(system.anomalies).toMatchObject([{ incidentId: system.of(victims[0]!).incidentId }]);
  });

  it('that recurs is shown in the incident of its thing, and is evidence for nothing', () => {
    const recurring = { ...anomaly, recurring: 'the 6th like it in 14 days' };
    const system = new SmallSystem();
    quietTimes(system);
    system.anomaly(10, recurring);
    const victims = FAILOVER.slice(1);
    system.deliver(60, victims);
    expect(system.anomalies).toEqual([]);
    const without = new SmallSystem();
    quietTimes(without);
    without.deliver(60, victims);
    expect([...system.views]).toEqual([...without.views]);
    system.deliver(70, FAILOVER);
    const incident = system.of(FAILOVER[0]!).incidentId;
    expect(system.anomalies).toMatchObject([{ incidentId: incident, reasons: [{ kind: 'entity' }] }]);
  });

  it('that turns out to be news is evidence from then on', () => {
    const system = new SmallSystem();
    quietTimes(system);
    system.anomaly(10, { ...anomaly, recurring: 'the 6th like it in 14 days' });
    system.anomaly(20, anomaly);
    const victims = FAILOVER.slice(1);
    system.deliver(60, victims);
    expect(system.causeOf(victims[0]!)).toBe('db');
    expect(system.anomalies).toHaveLength(1);
  });

  it('alone is no incident', () => {
    const system = new SmallSystem();
    system.anomaly(10, anomaly);
    expect(system.decide(60)).toMatchObject({ placements: [], incidents: [], anomalies: [] });
  });
});

describe('the result', () => {
  it('does not depend on the order in which alerts come, nor on how often', () => {
    const expected = failover().partition();
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...FAILOVER, ...FAILOVER], { minLength: 14 }),
        fc.integer({ min: 1, max: 13 }),
        (all, cut) => {
          const system = new SmallSystem();
          quietTimes(system);
          system.deliver(60, all.slice(0, cut));
          system.deliver(61, all.slice(cut));
          system.deliver(90, []);
          expect(system.partition()).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is the same after a restart, and what comes then goes where it went', () => {
    const system = new SmallSystem();
    quietTimes(system);
    system.deliver(60, FAILOVER.slice(0, 5));
    const before = new Map(system.placed);
    system.restart(70, FAILOVER.slice(0, 5));
    expect(system.decide(71).placements).toEqual([]);
    system.deliver(80, FAILOVER);
    for (const alert of FAILOVER.slice(0, 5)) expect(system.of(alert)).toEqual(before.get(system.of(alert).key));
    expect(system.of(FAILOVER[6]!).incidentId).toBe(system.of(FAILOVER[0]!).incidentId);
  });

  it('leaves alone what a person put somewhere', () => {
    const system = failover();
    const web = FAILOVER[5]!;
    system.correlator.take([{ ...system.firing(web), pinnedTo: 'mine' }], START + 70 * SECOND);
    const decision = system.deliver(80, [alertOf(latency('web'), 75)]);
    expect(decision.placements.map(({ key }) => key)).not.toContain(system.of(web).key);
  });

  it('merges incidents when their common cause shows, and says so', () => {
    const system = new SmallSystem();
    quietTimes(system);
    const [orders, stock] = [alertOf(errors('orders'), 0), alertOf(errors('stock'), 200)];
    system.deliver(10, [orders]);
    system.deliver(210, [stock]);
    const apart = [orders, stock].map((alert) => system.of(alert).incidentId);
    system.pending(230, pod('db', 'DatabaseDown'), -5);
    system.deliver(240, [alertOf(errors('cart'), 205), alertOf(errors('web'), 206)]);
    const together = [orders, stock].map((alert) => system.of(alert).incidentId);
    expect(new Set(together).size).toBe(1);
    if (apart[0] !== apart[1]) expect(system.merged).toHaveLength(1);
  });

  it('forgets what is over', () => {
    const system = failover();
    system.deliver(
      600,
      FAILOVER.map((alert) => ({ ...alert, endsAt: START + 590 * SECOND })),
    );
    system.decide(4000);
    const again = alertOf(errors('orders'), 4100);
    system.deliver(4110, [again]);
    expect(system.of(again).incidentId).not.toBe(system.of(FAILOVER[0]!).incidentId);
  });

  it('keeps clusters apart', () => {
    const system = failover();
    const other = alertOf(errors('orders'), 20);
    const firing = { ...system.firing(other), key: 'other', cluster: 'd' };
    system.correlator.take([firing], START + 65 * SECOND);
    const [placement] = system.decide(65).placements;
    expect(placement!.incidentId).not.toBe(system.of(FAILOVER[0]!).incidentId);
  });
});
