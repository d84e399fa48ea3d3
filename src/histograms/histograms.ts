import { createLabels, type Labels, METRIC_NAME, withoutLabels } from '../model/labels.ts';
import { metricNameOf } from '../series/kinds.ts';
import { readOwnLabels, writeLabels } from '../series/label-bytes.ts';
import { ClassicHistogram, type Observed } from './classic-histogram.ts';
import type { DerivedSeries, DerivedSeriesTable, DerivedSeriesWriter } from './derived-series.ts';
import { MemberColumns, ROLE, type Role } from './member-columns.ts';

/** Marks a series whose histogram is looked for when its next sample comes. */
const UNKNOWN = 0xffff_ffff;
const NONE = 0;

interface Entry {
  readonly histogram: ClassicHistogram;
  /** Labels of all its series, `__name__` being that of the family, as `writeLabels` writes them: a byte a character. */
  readonly key: string;
  /** Series that the table has. */
  members: number;
  mean: DerivedSeries | undefined;
  upperQuantile: DerivedSeries | undefined;
}

/**
 * Classic histograms and summaries: their counters, one by one, say little, so the mean and an upper quantile of the
 * observations of each minute are made of them, as series of their own: `x:mean` and `x:p95` for a histogram `x`, a
 * colon as recording rules have it. `x_count` and `x_sum` are scored as the counters that they are; buckets are not.
 *
 * What is gathered here is not in the snapshot: after a restart the next increase is known after two scrapes.
 */
export class Histograms {
  /** Number of the member that a slot is. Not 0 for slots whose samples have to be shown to `take`. */
  readonly members: Uint32Array;
  readonly #columns = new MemberColumns();
  readonly #table: DerivedSeriesTable;
  readonly #writer: DerivedSeriesWriter;
  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #freeNumbers: number[] = [];
  readonly #byKey = new Map<string, number>();

  /** @param capacity largest number of slots */
  constructor(table: DerivedSeriesTable, writer: DerivedSeriesWriter, capacity: number) {
    this.#table = table;
    this.#writer = writer;
    this.members = new Uint32Array(capacity);
  }

  /** Histograms and summaries that are known. */
  get size(): number {
    return this.#byKey.size;
  }

  /** A bucket has got its slot. One whose `le` is no number is left alone. */
  addBucket(slot: number, labels: Labels): void {
    const bound = boundOf(labels.get('le'));
    if (bound !== undefined) this.#join(slot, withoutLabels(labels, ['le']), ROLE.bucket, bound);
  }

  /** A series has got its slot: when it is a `_sum` or a `_count`, its histogram is found with its next sample. */
  addTotal(slot: number, metricName: string): void {
    if (this.members[slot] === NONE && /_(?:sum|count)$/.test(metricName)) this.members[slot] = UNKNOWN;
  }

  /** The slot goes to another series. */
  remove(slot: number): void {
    const entry = this.#entryOf(slot);
    const member = this.members[slot]!;
    this.members[slot] = NONE;
    if (entry === undefined) return;
    const number = this.#columns.histograms[member]!;
    entry.histogram.leave(member);
    this.#columns.release(member);
    if (--entry.members > 0) return;
    this.#byKey.delete(entry.key);
    this.#entries[number] = undefined;
    this.#freeNumbers.push(number);
  }

  /** Takes in a sample of a slot that has a member. @param timestamp milliseconds since the epoch */
  take(slot: number, timestamp: number, value: number): void {
    if (this.members[slot] === UNKNOWN) this.#joinTotal(slot);
    const entry = this.#entryOf(slot);
    if (entry === undefined || Number.isNaN(value)) return;
    const observed = entry.histogram.take(this.members[slot]!, timestamp, value);
    if (observed !== undefined) this.#tell(entry, observed);
  }

  /** A stale marker of a slot that has a member. The derived series end with the first member that does. */
  end(slot: number, timestamp: number): void {
    const entry = this.#entryOf(slot);
    if (entry === undefined) return;
    entry.histogram.leave(this.members[slot]!);
    for (const derived of [entry.mean, entry.upperQuantile]) this.#writer.end(derived, timestamp);
  }

  #entryOf(slot: number): Entry | undefined {
    const member = this.members[slot]!;
    return member === NONE || member === UNKNOWN ? undefined : this.#entries[this.#columns.histograms[member]!];
  }

  #joinTotal(slot: number): void {
    this.members[slot] = NONE;
    const labels = this.#table.labels(slot);
    if (labels === undefined) return;
    this.#join(slot, labels, metricNameOf(labels).endsWith('_sum') ? ROLE.sum : ROLE.count, Number.NaN);
  }

  #join(slot: number, labels: Labels, role: Role, bound: number): void {
    const family = metricNameOf(labels).replace(/_(?:bucket|sum|count)$/, '');
    const bytes = writeLabels(createLabels([...labels, [METRIC_NAME, family]]));
    const key = Buffer.from(bytes).toString('latin1');
    const number = this.#byKey.get(key) ?? this.#add(key);
    const entry = this.#entries[number]!;
    entry.members++;
    this.members[slot] = this.#columns.add(number, role, bound);
    entry.histogram.join(this.members[slot]!);
  }

  #add(key: string): number {
    const number = this.#freeNumbers.pop() ?? this.#entries.length;
    const histogram = new ClassicHistogram(this.#columns);
    this.#entries[number] = { histogram, key, members: 0, mean: undefined, upperQuantile: undefined };
    this.#byKey.set(key, number);
    return number;
  }

  #tell(entry: Entry, { timestamp, mean, upperQuantile }: Observed): void {
    const family = () => readOwnLabels(Buffer.from(entry.key, 'latin1'), 0, entry.key.length);
    if (mean !== undefined) entry.mean = this.#writer.put(entry.mean, family, ':mean', timestamp, mean);
    if (upperQuantile === undefined) return;
    entry.upperQuantile = this.#writer.put(entry.upperQuantile, family, ':p95', timestamp, upperQuantile);
  }
}

/** The bound of a bucket as exporters write it: `0.5`, `5e-05`, `+Inf`. */
function boundOf(le: string | undefined): number | undefined {
  if (le === undefined || le.trim() === '') return undefined;
  if (/^\+?inf$/i.test(le)) return Number.POSITIVE_INFINITY;
  const bound = Number(le);
  return Number.isFinite(bound) ? bound : undefined;
}
