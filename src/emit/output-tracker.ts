import type { Clock } from '../model/clock.ts';
import type { Labels } from '../model/labels.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';
import { hasPlainLabelNames, isPlainMetricName, MAX_OUTPUT_AGE_MS, withExternalLabels } from './output-labels.ts';
import { visitInSlices } from './slices.ts';
import { type EncodedLabels, encodeLabels, encodeName, type OutputSample } from './write-request.ts';

interface TrackedSeries {
  readonly name: string;
  readonly encodedName: string;
  lastTimestampMs: number;
  lastSeenInRound: number;
  /** Put out, and not ended by a stale marker since. */
  isLive: boolean;
}

interface TrackedGroup {
  /** Undefined when remote write 1.0 can't carry the label names. */
  readonly labels: EncodedLabels | undefined;
  readonly series: TrackedSeries[];
  /** The id under which it was seen last. */
  id: number;
  lastSeenInRound: number;
}

interface OutputTrackerOptions {
  readonly externalLabels: Labels;
  readonly clock: Clock;
  /** Receives what is to be sent; the timestamps of one series strictly increase. */
  readonly enqueue: (sample: OutputSample) => void;
  /** `backlog`: older than five minutes. `invalid_name`: not a name of remote write 1.0. */
  readonly skip: (reason: 'backlog' | 'invalid_name') => void;
}

/**
 * Knows which output series were put out and up to which time, and so what is new and what has ended. Series are told
 * apart by their labels and not by the group's id, because a series that ends and comes back under another id is still
 * the same series to the receiver.
 */
export class OutputTracker {
  readonly #options: OutputTrackerOptions;
  readonly #byLabels = new Map<string, TrackedGroup>();
  readonly #byId = new Map<OutputSource, Map<number, TrackedGroup>>();
  /** There are a dozen metric names and millions of series: each name is encoded once. */
  readonly #encodedNames = new Map<string, string>();
  #round = 0;

  constructor(options: OutputTrackerOptions) {
    this.#options = options;
  }

  /** Walks the sources once, in slices: new samples first, then stale markers for what is gone. */
  async collect(sources: readonly OutputSource[]): Promise<void> {
    this.#round++;
    for (const source of sources) await visitInSlices(source.groups(), (group) => this.#visit(source, group));
    await visitInSlices(this.#byLabels, ([key, tracked]) => this.#endSeries(key, tracked));
    for (const groups of this.#byId.values()) {
      await visitInSlices(groups, ([id, tracked]) => {
        if (tracked.lastSeenInRound !== this.#round || tracked.id !== id) groups.delete(id);
      });
    }
  }

  #visit(source: OutputSource, group: OutputGroup): void {
    const tracked = this.#trackedGroup(source, group);
    tracked.id = group.id;
    tracked.lastSeenInRound = this.#round;
    for (const [name, value] of group.values) {
      const series = this.#trackedSeries(tracked, name);
      series.lastSeenInRound = this.#round;
      if (group.timestampMs > series.lastTimestampMs) this.#putOut(tracked, series, group.timestampMs, value);
    }
  }

  #putOut({ labels }: TrackedGroup, series: TrackedSeries, timestampMs: number, value: number): void {
    const { clock, enqueue, skip } = this.#options;
    series.lastTimestampMs = timestampMs;
    if (labels === undefined || !isPlainMetricName(series.name)) skip('invalid_name');
    else if (timestampMs < clock.now() - MAX_OUTPUT_AGE_MS) skip('backlog');
    else {
      series.isLive = true;
      enqueue({ labels, name: series.encodedName, timestampMs, value });
    }
  }

  /** An ended series is remembered until everything that it must not repeat would be refused as too old. */
  #endSeries(key: string, tracked: TrackedGroup): void {
    const now = this.#options.clock.now();
    for (const series of tracked.series) {
      if (series.isLive && series.lastSeenInRound !== this.#round) this.#markStale(tracked.labels!, series, now);
    }
    const isForgettable = tracked.series.every((series) => series.lastTimestampMs < now - MAX_OUTPUT_AGE_MS);
    if (tracked.lastSeenInRound !== this.#round && isForgettable) this.#byLabels.delete(key);
  }

  #markStale(labels: EncodedLabels, series: TrackedSeries, now: number): void {
    series.isLive = false;
    series.lastTimestampMs = Math.max(series.lastTimestampMs + 1, now);
    this.#options.enqueue({ labels, name: series.encodedName, timestampMs: series.lastTimestampMs, value: 'stale' });
  }

  #trackedGroup(source: OutputSource, group: OutputGroup): TrackedGroup {
    const groups = this.#byId.get(source) ?? new Map<number, TrackedGroup>();
    const known = groups.get(group.id);
    if (known !== undefined) return known;
    const tracked = this.#trackedLabels(group);
    this.#byId.set(source, groups.set(group.id, tracked));
    return tracked;
  }

  #trackedLabels(group: OutputGroup): TrackedGroup {
    const labels = withExternalLabels(group.labels(), this.#options.externalLabels);
    const fresh = { series: [], id: group.id, lastSeenInRound: this.#round };
    if (!hasPlainLabelNames(labels)) return { ...fresh, labels: undefined };
    const encoded = encodeLabels(labels);
    const known = this.#byLabels.get(encoded.bytes);
    if (known !== undefined) return known;
    const tracked = { ...fresh, labels: encoded };
    this.#byLabels.set(encoded.bytes, tracked);
    return tracked;
  }

  /** A group has a handful of names: a scan is smaller than a Map and as fast. */
  #trackedSeries({ series }: TrackedGroup, name: string): TrackedSeries {
    const known = series.find((each) => each.name === name);
    if (known !== undefined) return known;
    const encodedName = this.#encodedNames.get(name) ?? encodeName(name);
    this.#encodedNames.set(name, encodedName);
    const never = { lastTimestampMs: Number.NEGATIVE_INFINITY, lastSeenInRound: 0, isLive: false };
    const added: TrackedSeries = { name, encodedName, ...never };
    series.push(added);
    return added;
  }
}
