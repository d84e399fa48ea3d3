/**
 * A quantile of observations counted in classic buckets, interpolated as Prometheus' `histogram_quantile` does.
 * @param quantile 0..1
 * @param bounds upper bounds, ascending, the last one infinite; at least two
 * @param counts observations up to each bound, cumulative; the last one > 0. A count below the one before, as scrapes that
 *   race with observations bring, counts as that one
 */
export function classicQuantile(quantile: number, bounds: readonly number[], counts: readonly number[]): number {
  const last = bounds.length - 1;
  const rank = quantile * counts[last]!;
  let below = 0;
  for (let i = 0; i < last; i++) {
    const count = Math.max(below, counts[i]!);
    if (count >= rank && count > 0) {
      const upper = bounds[i]!;
      if (i === 0 && upper <= 0) return upper;
      const lower = i === 0 ? 0 : bounds[i - 1]!;
      return lower + (upper - lower) * ((rank - below) / (count - below));
    }
    below = count;
  }
  // Above the largest finite bound nothing is known but that.
  return bounds[last - 1]!;
}
