import { expect, it } from 'vitest';
import { gaussian } from '../test-lane.ts';
import { HalfSpaceTrees } from './peers/half-space-trees.ts';

it('half-space trees find a point lonely where there were few, and get used to it', () => {
  const noise = gaussian(1);
  const trees = new HalfSpaceTrees(3, 250, 1);
  const near = () => Float64Array.from({ length: 3 }, () => 0.5 + 0.05 * noise());
  const far = () => Float64Array.from({ length: 3 }, () => 0.9 + 0.05 * noise());
  const first = Array.from({ length: 250 }, () => trees.take(near()));
  expect(Math.max(...first)).toBe(0);
  const usual = Array.from({ length: 240 }, () => trees.take(near())).sort((a, b) => a - b)[120]!;
  expect(trees.take(far())).toBeGreaterThan(2 * usual);
  for (let i = 0; i < 500; i++) trees.take(far());
  expect(trees.take(far())).toBeLessThan(2 * usual);
});
