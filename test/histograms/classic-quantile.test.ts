import fc from 'fast-check';
import { expect, it } from 'vitest';
import { classicQuantile } from '../../src/histograms/classic-quantile.ts';

const INF = Number.POSITIVE_INFINITY;

it.each<[string, number, number[], number[], number]>([
  ['in the middle of a bucket', 0.5, [1, 2, INF], [10, 30, 30], 1.25],
  ['at the edge of one', 0.5, [1, 2, INF], [10, 20, 20], 1],
  ['from zero on in the first', 0.25, [1, 2, INF], [10, 20, 20], 0.5],
  ['at the bound of a first one that ends below zero', 0.25, [-1, 2, INF], [10, 20, 20], -1],
  ['at the largest bound where nothing more is known', 0.99, [1, 2, INF], [0, 1, 100], 2],
  ['past empty ones', 0.9, [1, 2, 3, INF], [0, 0, 10, 10], 2.9],
  ['with counts that fall', 0.9, [1, 2, 3, INF], [9, 8, 10, 10], 1],
])('a quantile lies %s', (_, quantile, bounds, counts, expected) => {
  expect(classicQuantile(quantile, bounds, counts)).toBeCloseTo(expected, 12);
});

it('a quantile is within a bucket of the true one', () => {
  const bounds = [1, 2, 5, 10, 20, 50, 100, INF];
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 99, noNaN: true }), { minLength: 1, maxLength: 200 }), (values) => {
      const counts = bounds.map((bound) => values.filter((value) => value <= bound).length);
      const found = classicQuantile(0.95, bounds, counts);
      const truth = values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!;
      const bucket = bounds.findIndex((bound) => truth <= bound);
      expect(found).toBeLessThanOrEqual(bounds[bucket]!);
      expect(found).toBeGreaterThanOrEqual(bounds[bucket - 1] ?? 0);
    }),
  );
});
