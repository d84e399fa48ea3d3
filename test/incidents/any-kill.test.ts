import fc from 'fast-check';
import { expect, it } from 'vitest';
import { minute } from './alert-builders.ts';
import { build, storm } from './any-storm.ts';
import { PipelineBench } from './pipeline-bench.ts';

/** Deliveries ten minutes apart, until all of a storm was told: after a start nothing moves for five. */
const TOLD_AT = [10, 20, 30, 40, 50, 60, 70, 80];

it('alerts become the same incidents when the sidecar is killed between any two deliveries, by the real engine', () => {
  const kills = fc.array(fc.boolean(), { minLength: TOLD_AT.length, maxLength: TOLD_AT.length });
  fc.assert(
    fc.property(storm, kills, (sketches, isKilled) => {
      const steady = new PipelineBench();
      const killed = new PipelineBench('disk');
      try {
        for (const [index, now] of TOLD_AT.entries()) {
          // As Alertmanager tells it: what fires now, and what has ended.
          const alerts = sketches
            .filter(({ from }) => from <= now)
            .map(({ labels, from, to }) => build({ labels, from, to: to !== undefined && to <= now ? to : undefined }));
          for (const bench of [steady, killed]) bench.deliver(now, alerts);
          const before = killed.partition();
          if (isKilled[index]) killed.killAndStart();
          expect(killed.partition()).toEqual(before);
        }
        for (const bench of [steady, killed]) bench.clock.advanceTo(minute(90));
        expect(killed.partition()).toEqual(steady.partition());
        const told = new Set(sketches.map((each) => build(each).fingerprint));
        const members = Object.values(steady.partition()).flat();
        expect(new Set(members.map((name) => name.split(' ')[0]))).toEqual(told);
        expect(new Set(members).size).toBe(members.length);
      } finally {
        steady.remove();
        killed.remove();
      }
    }),
    { numRuns: 12 },
  );
}, 120_000);
