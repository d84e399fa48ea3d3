import { createLabels, type Labels, METRIC_NAME } from '../model/labels.ts';
import { metricNameOf } from '../series/kinds.ts';

/** What derived series need of the table of series. */
export interface DerivedSeriesTable {
  readonly generations: Uint32Array;
  labels(slot: number): Labels | undefined;
  /** Finds or makes the slot of a series. @returns 0 when there is no room */
  acquire(labels: Labels, nowSeconds: number): number;
}

/** Where a series is that is made of others. The slot may have gone to another series since. */
export interface DerivedSeries {
  readonly slot: number;
  readonly generation: number;
}

/** Puts out the values of series that nobody sends. */
export class DerivedSeriesWriter {
  /** Called when a derived series has a value, and with NaN when it has ended. */
  onValue: (slot: number, timestamp: number, value: number) => void = () => {};
  readonly #table: DerivedSeriesTable;

  constructor(table: DerivedSeriesTable) {
    this.#table = table;
  }

  /**
   * @param known where the series was last time
   * @param family labels of what it is made of, the family as `__name__`
   * @param ending what its name has in addition
   * @returns where it is; undefined when there is no room for it
   */
  put(
    known: DerivedSeries | undefined,
    family: () => Labels,
    ending: string,
    timestamp: number,
    value: number,
  ): DerivedSeries | undefined {
    if (!Number.isFinite(value)) return known;
    const series = this.#isCurrent(known) ? known : this.#acquire(family(), ending, Math.floor(timestamp / 1000));
    if (series !== undefined) this.onValue(series.slot, timestamp, value);
    return series;
  }

  end(series: DerivedSeries | undefined, timestamp: number): void {
    if (this.#isCurrent(series)) this.onValue(series.slot, timestamp, Number.NaN);
  }

  #acquire(family: Labels, ending: string, nowSeconds: number): DerivedSeries | undefined {
    const labels = createLabels([...family, [METRIC_NAME, metricNameOf(family) + ending]]);
    const slot = this.#table.acquire(labels, nowSeconds);
    return slot === 0 ? undefined : { slot, generation: this.#table.generations[slot]! };
  }

  #isCurrent(series: DerivedSeries | undefined): series is DerivedSeries {
    return series !== undefined && this.#table.generations[series.slot] === series.generation;
  }
}
