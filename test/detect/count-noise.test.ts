import { expect, it } from 'vitest';
import { countNoise, isCount } from '../../src/detect/count-noise.ts';

it('takes for counts what varies as a Poisson process does, whatever one event adds', () => {
  for (const quantum of [1, 1 / 60, 512]) expect(isCount(quantum * Math.sqrt(9), quantum * 9, quantum)).toBe(true);
});

it('takes percentages, replicas, bursts and what has no quantum for no counts', () => {
  expect(isCount(1, 90, 1)).toBe(false);
  expect(isCount(0.5, 3, 1)).toBe(false);
  expect(isCount(40, 100, 1)).toBe(false);
  expect(isCount(3, 9, 0)).toBe(false);
  expect(isCount(3, -9, 1)).toBe(false);
  expect(isCount(3, 0, 1)).toBe(false);
});

it('finds counts noisier where they are high, and nowhere quieter', () => {
  expect(countNoise(36, 9)).toBe(2);
  expect(countNoise(1, 9)).toBe(1);
});
