import { expect, it } from 'vitest';
import { Declustering } from '../../src/detect/declustering.ts';
import { binOf } from '../../src/detect/rank-histogram.ts';
import { Columns } from '../../src/series/columns.ts';

const ROW = 1;
const ORDINARY = binOf(3.3) - 1;

/** Deviations of the steps of a series, in standard deviations, as they are counted. */
function counted(deviations: readonly number[]): number[] {
  const declustering = new Declustering(new Columns(2));
  return deviations.map((z) => declustering.countedBin(ROW, binOf(z)));
}

it('counts an excursion once in three steps', () => {
  const [far, farther] = [binOf(20), binOf(60)];
  expect(counted([20, 20, 20, 20, 20, 20])).toEqual([far, ORDINARY, ORDINARY, far, ORDINARY, ORDINARY]);
  expect(counted([20, 60, 20, 60])).toEqual([far, farther, ORDINARY, ORDINARY]);
});

it('counts excursions that are apart, each', () => {
  const far = binOf(20);
  expect(counted([20, 1, 1, 20, 1, 20]).filter((bin) => bin === far)).toHaveLength(2);
});

it('leaves ordinary steps as they are', () => {
  expect(counted([0.1, 2, 0.1, 20, 2])).toEqual([0.1, 2, 0.1, 20, 2].map(binOf));
});
