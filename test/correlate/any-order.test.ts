import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { alertOf, minute } from '../incidents/alert-builders.ts';
import { PipelineBench } from '../incidents/pipeline-bench.ts';

type Sketch = { readonly labels: Record<string, string>; readonly from: number; readonly to: number | undefined };

const labels = fc.record({
  alertname: fc.constantFrom('A', 'B'),
  job: fc.constantFrom('x', 'y'),
  instance: fc.constantFrom('1', '2', '3'),
});
/** Up to two firings of one alert, the first of which has ended. Minutes. */
const firings = fc.record({
  from: fc.integer({ min: 0, max: 40 }),
  lasts: fc.integer({ min: 1, max: 20 }),
  isOver: fc.boolean(),
  again: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
});
const alert = fc.tuple(labels, firings).map(([each, { from, lasts, isOver, again }]): Sketch[] => {
  const first = { labels: each, from, to: isOver || again !== undefined ? from + lasts : undefined };
  return again === undefined ? [first] : [first, { labels: each, from: from + lasts + again, to: undefined }];
});
const storm = fc
  .uniqueArray(alert, { minLength: 1, maxLength: 12, selector: ([each]) => JSON.stringify(each!.labels) })
  .map((sketches) => sketches.flat());

const build = ({ labels: each, from, to }: Sketch, replica = ''): Alert =>
  alertOf(each, to === undefined ? { from, replica } : { from, to, replica });

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
