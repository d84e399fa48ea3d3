import { describe, expect, it } from 'vitest';
import { alertOf, errors, latency, pod, SmallSystem } from './small-system.ts';

const MINUTE = 60;
const HOUR = 3600;

/** A database that fails, surely by itself, and what needs it. */
const down = alertOf(pod('db', 'DatabaseDown'), 0);
const victims = [
  alertOf(pod('db', 'VolumeFull'), 0),
  alertOf(pod('db', 'CrashLoop'), 10),
  alertOf(errors('orders'), 20),
  alertOf(errors('stock'), 25),
  alertOf(errors('cart'), 30),
];

const lookUntil = (system: SmallSystem, from: number, to: number) => {
  for (let at = from; at < to; at += 10 * MINUTE) system.decide(at);
};

function failing(): SmallSystem {
  const system = new SmallSystem();
  // A quiet day: so one sees that what comes hours after the cause does not come by itself.
  for (let hour = -24; hour < 0; hour += 6) {
    system.deliver(hour * HOUR, [alertOf(pod('geo', 'CertificateExpires'), hour * HOUR, hour * HOUR + 100)]);
    lookUntil(system, hour * HOUR + HOUR, (hour + 6) * HOUR);
  }
  system.deliver(MINUTE, [down, ...victims]);
  return system;
}

describe('an incident in which nothing has begun for long', () => {
  it('does not change by a look at it', () => {
    const system = failing();
    const before = system.partition();
    for (let at = 10 * MINUTE; at < 5 * HOUR; at += 10 * MINUTE) {
      const { placements, merged } = system.decide(at);
      expect([placements, merged]).toEqual([[], []]);
    }
    expect(system.partition()).toEqual(before);
  });

  it('takes in what follows from its cause while that lasts', () => {
    const system = failing();
    lookUntil(system, 10 * MINUTE, 2 * HOUR);
    const late = alertOf(latency('orders'), 2 * HOUR);
    system.deliver(2 * HOUR + MINUTE, [late]);
    expect(system.of(late).incidentId).toBe(system.of(down).incidentId);
    expect(system.of(late).reasons[0]!.text).toContain('orders depends on data/db');
  });

  it('takes in nothing when its cause is over: a new failure is a new incident', () => {
    const system = failing();
    const own = [alertOf(pod('db', 'DatabaseDown'), 0, 9 * MINUTE), alertOf(pod('db', 'VolumeFull'), 0, 9 * MINUTE)];
    system.deliver(10 * MINUTE, [...own, alertOf(pod('db', 'CrashLoop'), 10, 9 * MINUTE)]);
    lookUntil(system, 20 * MINUTE, 3 * HOUR);
    const again = [alertOf(latency('orders'), 3 * HOUR), alertOf(latency('stock'), 3 * HOUR + 10)];
    system.deliver(3 * HOUR + MINUTE, again);
    for (const alert of again) expect(system.of(alert).incidentId).not.toBe(system.of(down).incidentId);
  });

  it('is looked at again when one of its things begins again', () => {
    const system = failing();
    lookUntil(system, 10 * MINUTE, 2 * HOUR);
    const again = alertOf({ ...errors('orders'), path: '/pay' }, 2 * HOUR);
    system.deliver(2 * HOUR + MINUTE, [again]);
    lookUntil(system, 2 * HOUR + 10 * MINUTE, 3 * HOUR);
    expect(system.of(again).incidentId).toBe(system.of(down).incidentId);
  });

  it('is not closed to what was told late and has not been looked at yet', () => {
    const system = new SmallSystem();
    const first = alertOf({ alertname: 'Slow', instance: 'a:1' }, 0);
    system.deliver(100 * MINUTE, [first]);
    system.decide(101 * MINUTE);
    const told = [
      alertOf({ alertname: 'Slow', instance: 'a:1' }, 0, MINUTE),
      alertOf({ alertname: 'Slow', instance: 'a:1' }, MINUTE, 2 * MINUTE),
      alertOf({ alertname: 'Slow', instance: 'a:1' }, 10 * MINUTE),
    ];
    system.deliver(120 * MINUTE, told);
    expect(new Set(told.map((alert) => system.of(alert).incidentId)).size).toBe(1);
  });

  it('teaches nothing of what comes by itself: that was explained', () => {
    const system = failing();
    const over = [down, ...victims].map((alert) => ({ ...alert, endsAt: alert.startsAt + 5 * 60_000 }));
    system.deliver(10 * MINUTE, over);
    lookUntil(system, 20 * MINUTE, 4 * HOUR);
    const learnt = JSON.stringify(system.correlator.learnt());
    expect(learnt).toContain('CertificateExpires');
    const [, { noise }] = (JSON.parse(learnt) as [string, { noise: { signs: [string][] } }][])[0]!;
    expect([...new Set(noise.signs.map(([kind]) => kind))]).toEqual(['CertificateExpires']);
  });
});
