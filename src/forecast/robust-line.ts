/** Most numbers whose median is taken at once: the pairs of 40 samples, which is what a line is laid through at most. */
const MAX_SAMPLES = 40;
const scratch = new Float64Array((MAX_SAMPLES * (MAX_SAMPLES - 1)) / 2);

/** A straight line, and how sure its slope is. Reused: valid until the next call. */
export interface Line {
  slope: number;
  /** Value at x = 0. */
  intercept: number;
  /** Standard error of the slope, from the spread of the residuals. */
  slopeError: number;
  /** 1.4826 x the median absolute residual: the standard deviation, were they Gaussian. */
  spread: number;
}

/**
 * The line of Theil and Sen: its slope is the median of the slopes of all pairs, so that a quarter of all samples may be
 * wild without moving it. One burst, one restart or one clean-up says nothing about growth.
 * @param count samples in `xs` and `ys`, 2 to 40; xs ascending, not all the same
 */
export function theilSen(xs: Float64Array, ys: Float64Array, count: number, line: Line): Line {
  let pairs = 0;
  for (let i = 1; i < count; i++) {
    const x = xs[i]!;
    const y = ys[i]!;
    // A bin that begins at this moment is as old as the one that ends.
    for (let j = 0; j < i; j++) if (xs[j] !== x) scratch[pairs++] = (y - ys[j]!) / (x - xs[j]!);
  }
  line.slope = medianInPlace(scratch, pairs);
  for (let i = 0; i < count; i++) scratch[i] = ys[i]! - line.slope * xs[i]!;
  line.intercept = medianInPlace(scratch, count);
  for (let i = 0; i < count; i++) scratch[i] = Math.abs(ys[i]! - line.slope * xs[i]! - line.intercept);
  line.spread = 1.4826 * medianInPlace(scratch, count);
  line.slopeError = (line.spread * Math.sqrt(12 / count)) / (xs[count - 1]! - xs[0]!);
  return line;
}

/** Median of `values` in [from, to), at most 780 of them. */
export function median(values: ArrayLike<number>, from: number, to: number): number {
  for (let i = from; i < to; i++) scratch[i - from] = values[i]!;
  return medianInPlace(scratch, to - from);
}

/** Median of the first `count` > 0 values, whose order is lost. */
function medianInPlace(values: Float64Array, count: number): number {
  const upper = select(values, count, count >> 1);
  if (count % 2 === 1) return upper;
  let lower = values[0]!;
  for (let i = 1; i < count >> 1; i++) lower = Math.max(lower, values[i]!);
  return (lower + upper) / 2;
}

/** Hoare's selection: the value of rank `k`; what is left of it is not larger. Ten times faster than sorting. */
function select(values: Float64Array, count: number, k: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}
