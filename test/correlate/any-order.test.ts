import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { minute } from '../incidents/alert-builders.ts';
import { build, storm } from '../incidents/any-storm.ts';
import { PipelineBench } from '../incidents/pipeline-bench.ts';

/** What deliveries became, a minute apart and with the real engine. */
function resultOf(...deliveries: Alert[][]) {
  const bench = new PipelineBench('memory', undefined, minute(100));
  for (const [index, alerts] of deliveries.entries()) bench.deliver(100 + index, alerts);
  bench.clock.advanceTo(minute(105));
  const result = {
    partition: bench.partition(),
    causes: bench.store.incidents({ state: 'all', limit: 100 }).map(({ id, causes }) => [id, causes]),
  };
  bench.remove();
  return result;
}

describe('alerts of one delivery become the same incidents with the same causes', () => {
  it('in whatever order they come, repeated, doubled by a second replica and sent again', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        storm.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([sketches, shuffled]) => {
          const plain = resultOf(sketches.map((each) => build(each)));
          const twice = [...shuffled, ...shuffled.toReversed()].map((each) => build(each));
          expect(resultOf(twice)).toEqual(plain);
          expect(resultOf(twice, twice)).toEqual(plain);
          const replicas = shuffled.flatMap((each) => [build(each, 'b'), build(each, 'a')]);
          expect(resultOf(replicas, replicas)).toEqual(plain);
        },
      ),
      { numRuns: 25 },
    );
  });
});
