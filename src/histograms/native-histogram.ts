/** Bucket counts by index. */
type Buckets = ReadonlyMap<number, number>;

/** The schema of histograms whose bounds are listed. */
export const CUSTOM_BOUNDS = -53;

/** One sample of a native histogram, valid, with counts and not differences in its buckets. */
export interface NativeHistogram {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** -4..8: bucket i ends at 2^(i · 2^-schema); or CUSTOM_BOUNDS. */
  readonly schema: number;
  readonly count: number;
  readonly sum: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  /** Ascending; bucket i ends at the i-th, the last one is open. Empty for exponential schemas. */
  readonly customBounds: readonly number[];
  readonly positive: Buckets;
  readonly negative: Buckets;
  /** What the sender knows of it: that it began anew, that it did not, or that it goes up and down. */
  readonly hint: 'unknown' | 'reset' | 'no reset' | 'gauge';
}

/**
 * What was observed between two samples.
 * @returns undefined when that cannot be said: the counts began anew, or the buckets are other ones
 */
export function increase(from: NativeHistogram, to: NativeHistogram): NativeHistogram | undefined {
  const hasSameBuckets =
    from.schema === to.schema &&
    from.zeroThreshold === to.zeroThreshold &&
    from.customBounds.length === to.customBounds.length &&
    from.customBounds.every((bound, i) => bound === to.customBounds[i]);
  if (to.hint === 'reset' || !hasSameBuckets) return undefined;
  const positive = difference(from.positive, to.positive);
  const negative = difference(from.negative, to.negative);
  const [count, zeroCount] = [to.count - from.count, to.zeroCount - from.zeroCount];
  if (positive === undefined || negative === undefined || count < 0 || zeroCount < 0) return undefined;
  return { ...to, count, zeroCount, sum: to.sum - from.sum, positive, negative };
}

function difference(from: Buckets, to: Buckets): Buckets | undefined {
  for (const [index, count] of from) if (count > (to.get(index) ?? 0)) return undefined;
  return new Map([...to].map(([index, count]) => [index, count - (from.get(index) ?? 0)]));
}

/** A range of values and how many were observed in it. */
interface Range {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  /** Exponential ranges are wide: halfway through them is the geometric mean of their ends. */
  readonly isExponential: boolean;
}

/**
 * A quantile of what a histogram counts, interpolated as Prometheus' `histogram_quantile` does.
 * @param quantile 0..1
 * @returns NaN where there is nothing
 */
export function nativeQuantile(quantile: number, histogram: NativeHistogram): number {
  const rank = quantile * histogram.count;
  let below = 0;
  let last = Number.NaN;
  for (const range of ranges(histogram)) {
    if (range.count <= 0) continue;
    if (below + range.count >= rank) return within(range, (rank - below) / range.count);
    below += range.count;
    last = range.upper;
  }
  return last;
}

function within({ lower, upper, isExponential }: Range, share: number): number {
  if (lower === Number.NEGATIVE_INFINITY) return upper;
  if (upper === Number.POSITIVE_INFINITY) return lower;
  if (!isExponential) return lower + (upper - lower) * share;
  const [low, high] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))];
  return Math.sign(upper) * 2 ** (low + (high - low) * share);
}

/** All buckets from the lowest values to the highest. */
function* ranges({ schema, customBounds, positive, negative, zeroCount, zeroThreshold }: NativeHistogram) {
  const ascending = [...positive].sort(([a], [b]) => a - b);
  if (schema === CUSTOM_BOUNDS) {
    for (const [index, count] of ascending) {
      const upper = customBounds[index] ?? Number.POSITIVE_INFINITY;
      // The first bucket begins at 0 unless it ends below.
      const lower = index > 0 ? customBounds[index - 1]! : upper > 0 ? 0 : Number.NEGATIVE_INFINITY;
      yield { lower, upper, count, isExponential: false } satisfies Range;
    }
    return;
  }
  const bound = (index: number) => 2 ** (index * 2 ** -schema);
  for (const [index, count] of [...negative].sort(([a], [b]) => b - a)) {
    yield { lower: -bound(index), upper: -bound(index - 1), count, isExponential: true } satisfies Range;
  }
  const lower = negative.size === 0 && positive.size > 0 ? 0 : -zeroThreshold;
  const upper = positive.size === 0 && negative.size > 0 ? 0 : zeroThreshold;
  yield { lower, upper, count: zeroCount, isExponential: false } satisfies Range;
  for (const [index, count] of ascending) {
    yield { lower: bound(index - 1), upper: bound(index), count, isExponential: true } satisfies Range;
  }
}
