import { createLabels, type Labels, METRIC_NAME } from '../model/labels.ts';
import { metricNameOf } from '../series/kinds.ts';
import { readOwnLabels, writeLabels } from '../series/label-bytes.ts';
import { ClassicHistogram, type Member, type Observed } from './classic-histogram.ts';

/** Marks a series whose histogram is looked for when its next sample comes. */
const UNKNOWN = 0xffff_ffff;
const NONE = 0;

/** A series that is made of others, and where it is in the table. */
interface DerivedSeries {
  slot: number;
  generation: number;
}

interface Entry {
  readonly histogram: ClassicHistogram;
  /** Labels of all its series, `__name__` being that of the family, as `writeLabels` writes them. */
  readonly labels: Uint8Array;
  readonly key: string;
  readonly derived: Map<string, DerivedSeries>;
}

/** What the histograms need of the table of series. */
export interface DerivedSeriesTable {
  readonly generations: Uint32Array;
  labels(slot: number): Labels | undefined;
  /** Finds or makes the slot of a series that nobody sends. @returns 0 when there is no room */
  derive(labels: Labels): number;
}

/** Takes in a value of a derived series. @param slot of the series */
export type DerivedListener = (slot: number, timestamp: number, value: number) => void;

/**
 * Classic histograms and summaries: their counters, one by one, say little, so the mean and an upper quantile of the
 * observations of each minute are made of them, as series of their own: `x:mean` and `x:p95` for a histogram `x`, a
 * colon as recording rules have it. `x_count` and `x_sum` are scored as the counters that they are; buckets are not.
 *
 * What is gathered here is not in the snapshot: after a restart the next increase is known after two scrapes.
 */
export class Histograms {
  /** Called when a derived series has a value, and with NaN when it has ended. */
  onDerived: DerivedListener = () => {};
  /** Not 0 for slots whose samples have to be shown to `take`. */
  readonly numbers: Uint32Array;
  readonly #places: Uint16Array;
  readonly #table: DerivedSeriesTable;
  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #freeNumbers: number[] = [];
  readonly #byKey = new Map<string, number>();

  /** @param capacity largest number of slots */
  constructor(table: DerivedSeriesTable, capacity: number) {
    this.#table = table;
    this.numbers = new Uint32Array(capacity);
    this.#places = new Uint16Array(capacity);
  }

  /** Histograms and summaries that are known. */
  get size(): number {
    return this.#byKey.size;
  }

  /** A bucket has got its slot. One whose `le` is no number is left alone. */
  addBucket(slot: number, labels: Labels): void {
    const bound = boundOf(labels.get('le'));
    if (bound === undefined) return;
    const rest = [...labels].filter(([name]) => name !== 'le');
    this.#join(slot, new Map(rest), bound);
  }

  /** A series has got its slot: when it is a `_sum` or a `_count`, its histogram is found with its next sample. */
  addTotal(slot: number, metricName: string): void {
    if (this.numbers[slot] === NONE && /_(?:sum|count)$/.test(metricName)) this.numbers[slot] = UNKNOWN;
  }

  /** The slot goes to another series. */
  remove(slot: number): void {
    const number = this.numbers[slot]!;
    this.numbers[slot] = NONE;
    const entry = this.#entries[number];
    if (entry === undefined) return;
    entry.histogram.leave(this.#places[slot]!);
    if (!entry.histogram.isEmpty) return;
    this.#byKey.delete(entry.key);
    this.#entries[number] = undefined;
    this.#freeNumbers.push(number);
  }

  /** Takes in a sample of a slot that has a number. @param timestamp milliseconds since the epoch */
  take(slot: number, timestamp: number, value: number): void {
    const entry = this.#entryOf(slot);
    if (entry === undefined || Number.isNaN(value)) return;
    const observed = entry.histogram.take(this.#places[slot]!, timestamp, value);
    if (observed !== undefined) this.#tell(entry, observed);
  }

  /** A stale marker of a slot that has a number. The derived series end with the first member that does. */
  end(slot: number, timestamp: number): void {
    const entry = this.#entryOf(slot);
    if (entry === undefined) return;
    entry.histogram.leave(this.#places[slot]!);
    for (const { slot: derivedSlot, generation } of entry.derived.values()) {
      if (this.#table.generations[derivedSlot] === generation) this.onDerived(derivedSlot, timestamp, Number.NaN);
    }
  }

  #entryOf(slot: number): Entry | undefined {
    if (this.numbers[slot] === UNKNOWN) this.#joinTotal(slot);
    return this.#entries[this.numbers[slot]!];
  }

  #joinTotal(slot: number): void {
    this.numbers[slot] = NONE;
    const labels = this.#table.labels(slot);
    if (labels !== undefined) this.#join(slot, labels, metricNameOf(labels).endsWith('_sum') ? 'sum' : 'count');
  }

  #join(slot: number, labels: Labels, member: Member): void {
    const family = metricNameOf(labels).replace(/_(?:bucket|sum|count)$/, '');
    const bytes = writeLabels(createLabels([...labels, [METRIC_NAME, family]]));
    const key = Buffer.from(bytes).toString('latin1');
    const number = this.#byKey.get(key) ?? this.#add(key, bytes);
    const place = this.#entries[number]!.histogram.join(member);
    if (place < 0) return;
    this.numbers[slot] = number;
    this.#places[slot] = place;
  }

  #add(key: string, labels: Uint8Array): number {
    const number = this.#freeNumbers.pop() ?? this.#entries.length;
    this.#entries[number] = { histogram: new ClassicHistogram(), labels, key, derived: new Map() };
    this.#byKey.set(key, number);
    return number;
  }

  #tell(entry: Entry, { timestamp, mean, upperQuantile }: Observed): void {
    if (mean !== undefined) this.#put(entry, ':mean', timestamp, mean);
    if (upperQuantile !== undefined) this.#put(entry, ':p95', timestamp, upperQuantile);
  }

  #put({ labels, derived }: Entry, ending: string, timestamp: number, value: number): void {
    if (!Number.isFinite(value)) return;
    let series = derived.get(ending);
    if (series === undefined || this.#table.generations[series.slot] !== series.generation) {
      const family = readOwnLabels(labels, 0, labels.length);
      const slot = this.#table.derive(createLabels([...family, [METRIC_NAME, metricNameOf(family) + ending]]));
      if (slot === NONE) return;
      series = { slot, generation: this.#table.generations[slot]! };
      derived.set(ending, series);
    }
    this.onDerived(series.slot, timestamp, value);
  }
}

/** The bound of a bucket as exporters write it: `0.5`, `5e-05`, `+Inf`. */
function boundOf(le: string | undefined): number | undefined {
  if (le === undefined || le.trim() === '') return undefined;
  if (/^\+?inf$/i.test(le)) return Number.POSITIVE_INFINITY;
  const bound = Number(le);
  return Number.isFinite(bound) ? bound : undefined;
}
