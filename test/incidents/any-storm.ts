import fc from 'fast-check';
import type { Alert } from '../../src/model/alert.ts';
import { alertOf } from './alert-builders.ts';

/** One firing of an alert, in minutes. */
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
/** Up to a dozen alerts of few names and places, for properties of whole storms. */
export const storm = fc
  .uniqueArray(alert, { minLength: 1, maxLength: 12, selector: ([each]) => JSON.stringify(each!.labels) })
  .map((sketches) => sketches.flat());

export const build = ({ labels: each, from, to }: Sketch, replica = ''): Alert =>
  alertOf(each, to === undefined ? { from, replica } : { from, to, replica });
