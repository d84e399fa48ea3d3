import { UPPER_QUANTILE } from './classic-histogram.ts';
import type { DerivedSeries, DerivedSeriesTable, DerivedSeriesWriter } from './derived-series.ts';
import { increase, type NativeHistogram, nativeQuantile } from './native-histogram.ts';
import { windowState } from './window.ts';

interface Entry {
  /** What increases are measured from. */
  base: NativeHistogram;
  rate: DerivedSeries | undefined;
  mean: DerivedSeries | undefined;
  upperQuantile: DerivedSeries | undefined;
}

/**
 * Native histograms: of the increase of each minute the rate, the mean and an upper quantile are made, as series of
 * their own, `x:rate`, `x:mean` and `x:p95`. A histogram that goes up and down (a gauge) has no rate, and is described as it is.
 */
export class NativeHistograms {
  readonly #table: DerivedSeriesTable;
  readonly #writer: DerivedSeriesWriter;
  readonly #entries = new Map<number, Entry>();

  constructor(table: DerivedSeriesTable, writer: DerivedSeriesWriter) {
    this.#table = table;
    this.#writer = writer;
  }

  get size(): number {
    return this.#entries.size;
  }

  take(slot: number, histogram: NativeHistogram): void {
    const entry = this.#entries.get(slot);
    if (entry === undefined) {
      this.#entries.set(slot, { base: histogram, rate: undefined, mean: undefined, upperQuantile: undefined });
      return;
    }
    const seconds = (histogram.timestamp - entry.base.timestamp) / 1000;
    if (seconds <= 0) return;
    const isGauge = histogram.hint === 'gauge';
    const observed = isGauge ? histogram : increase(entry.base, histogram);
    const state = observed === undefined ? 'too thin' : windowState(seconds, observed.count);
    if (state === 'open') return;
    if (state === 'full' && observed !== undefined) this.#tell(slot, entry, observed, isGauge ? undefined : seconds);
    entry.base = histogram;
  }

  /** A stale marker. */
  end(slot: number, timestamp: number): void {
    const entry = this.#entries.get(slot);
    if (entry === undefined) return;
    this.#entries.delete(slot);
    for (const series of [entry.rate, entry.mean, entry.upperQuantile]) this.#writer.end(series, timestamp);
  }

  /** The slot goes to another series. */
  remove(slot: number): void {
    this.#entries.delete(slot);
  }

  #tell(slot: number, entry: Entry, observed: NativeHistogram, seconds: number | undefined): void {
    const { timestamp, count, sum } = observed;
    const family = () => this.#table.labels(slot)!;
    const put = (known: DerivedSeries | undefined, ending: string, value: number) =>
      this.#writer.put(known, family, ending, timestamp, value);
    if (seconds !== undefined) entry.rate = put(entry.rate, ':rate', count / seconds);
    entry.mean = put(entry.mean, ':mean', sum / count);
    entry.upperQuantile = put(entry.upperQuantile, ':p95', nativeQuantile(UPPER_QUANTILE, observed));
  }
}
