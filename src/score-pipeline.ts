import type { Backfill } from './bootstrap/backfill.ts';
import type { GroupRates } from './detect/group-rates.ts';
import { type Scorer, TAKEN } from './detect/scorer.ts';
import type { AnomalySeries } from './emit/anomaly-series.ts';
import type { Forecasts } from './forecast/forecasts.ts';
import type { DerivedSeriesWriter } from './histograms/derived-series.ts';
import type { Histograms } from './histograms/histograms.ts';
import type { NativeHistograms } from './histograms/native-histograms.ts';
import { readHistogram } from './ingest/histogram-message.ts';
import { type RawBatch, STALE } from './ingest/raw-batch.ts';
import type { Clock } from './model/clock.ts';
import { messageOf } from './model/errors.ts';
import type { Expiry } from './series/expiry.ts';
import { IGNORED, IGNORED_REASONS, KIND } from './series/kinds.ts';
import type { RuleStates } from './series/rule-states.ts';
import type { SeriesTable } from './series/series-table.ts';
import type { SeriesTap } from './topology/series-tap.ts';

/** Samples further in the future would make all later ones look old; further in the past they are a mistake. */
const FUTURE_MS = 10 * 60_000;
const PAST_MS = 366 * 86_400_000;

/** What is wrong: a name for metrics, and a sentence for the sender. */
interface Fault {
  readonly reason: string;
  readonly sentence: string;
}

/** Why samples of a request were refused, and how many. */
export interface Refusal extends Fault {
  samples: number;
  histograms: number;
}

/** What happened to the samples so far. */
export interface ScoreStats {
  receivedTotal: number;
  /** Taken in: newer than all before, a number, and of interest. */
  acceptedTotal: number;
  staleTotal: number;
  /** Not scored, although nothing is wrong for the sender: by reason. */
  readonly ignored: Map<string, number>;
  /** Refused with 400: by reason. */
  readonly refused: Map<string, number>;
}

export interface ScoreParts {
  readonly table: SeriesTable;
  readonly expiry: Expiry;
  readonly scorer: Scorer;
  readonly backfill: Backfill;
  readonly outputs: AnomalySeries;
  readonly groups: GroupRates;
  readonly forecasts: Forecasts;
  readonly histograms: Histograms;
  readonly nativeHistograms: NativeHistograms;
  readonly derived: DerivedSeriesWriter;
  readonly ruleStates: RuleStates;
  readonly topologyTap: SeriesTap;
  readonly clock: Clock;
}

/** Lane A: the steps that every sample takes, from its label bytes to its score. */
export class ScorePipeline {
  readonly stats: ScoreStats = {
    receivedTotal: 0,
    acceptedTotal: 0,
    staleTotal: 0,
    ignored: new Map(),
    refused: new Map(),
  };
  readonly #table: SeriesTable;
  readonly #expiry: Expiry;
  readonly #scorer: Scorer;
  readonly #backfill: Backfill;
  readonly #outputs: AnomalySeries;
  readonly #groups: GroupRates;
  readonly #forecasts: Forecasts;
  readonly #ruleStates: RuleStates;
  readonly #isCapacity: Uint8Array;
  readonly #histograms: Histograms;
  readonly #nativeHistograms: NativeHistograms;
  readonly #histogramMembers: Uint32Array;
  readonly #topologyTap: SeriesTap;
  readonly #isTopology: Uint8Array;
  readonly #clock: Clock;
  readonly #refusals = new Map<string, Refusal>();
  #batch: RawBatch | undefined;
  /** Samples of histograms that wait for the end of their request. */
  #waiting: { readonly slot: number; readonly index: number }[] = [];
  /** Counts of this request; they go to the maps of `stats` once at its end. */
  readonly #ignoredByKind = new Uint32Array(256);
  #accepted = 0;
  #outOfOrder = 0;
  #repeated = 0;
  #notANumber = 0;
  #notABucket = 0;
  #now = 0;

  constructor(parts: ScoreParts) {
    this.#table = parts.table;
    this.#expiry = parts.expiry;
    this.#scorer = parts.scorer;
    this.#backfill = parts.backfill;
    this.#outputs = parts.outputs;
    this.#groups = parts.groups;
    this.#forecasts = parts.forecasts;
    this.#ruleStates = parts.ruleStates;
    this.#isCapacity = parts.forecasts.resources.isMember;
    this.#histograms = parts.histograms;
    this.#nativeHistograms = parts.nativeHistograms;
    this.#histogramMembers = parts.histograms.members;
    this.#topologyTap = parts.topologyTap;
    this.#isTopology = parts.topologyTap.isMember;
    this.#clock = parts.clock;
    parts.derived.onValue = (slot, timestamp, value) => this.#takeDerived(slot, timestamp, value);
    parts.table.onRefusal = (index, fault) => {
      const from = index === 0 ? 0 : this.#batch!.samplesEnd[index - 1]!;
      const samples = this.#batch!.samplesEnd[index]! - from;
      this.#refuse(fault, samples, histogramsOf(this.#batch!, index));
    };
    parts.table.onRelease = (slot) => {
      parts.backfill.complete(slot);
      parts.scorer.end(slot);
      parts.outputs.end(slot);
      parts.groups.end(slot);
    };
  }

  /**
   * Takes in the series and samples of one request: each sample is judged by what was learnt before it, then learnt.
   * @returns what was refused of it, by reason; what is older than the series' latest sample, or of no interest, is
   *   counted and not refused
   */
  receive(batch: RawBatch): readonly Refusal[] {
    this.#batch = batch;
    this.#now = this.#clock.now();
    this.#scorer.now = this.#now;
    this.#refusals.clear();
    this.#table.resolve(batch, Math.floor(this.#now / 1000));
    let sample = 0;
    for (let i = 0; i < batch.seriesCount; i++) {
      const end = batch.samplesEnd[i]!;
      const slot = this.#table.slots[i]!;
      const kind = this.#table.kinds[slot]!;
      if (slot !== 0 && kind < IGNORED) {
        this.#backfill.complete(slot);
        for (; sample < end; sample++) {
          if (batch.flags[sample] === STALE) this.#end(slot, batch, sample);
          else this.#take(slot, kind, batch, sample);
        }
      } else if (kind === KIND.bucket) {
        for (; sample < end; sample++) this.#takeBucket(slot, batch, sample);
      } else if (slot !== 0) {
        this.#ignoredByKind[kind]! += end - sample;
        if (kind === KIND.ignoredAlerts) this.#takeRuleState(slot, batch, sample, end);
      }
      sample = end;
    }
    this.#takeWaiting(batch);
    for (let i = 0; i < batch.histogramCount; i++) this.#takeHistogram(batch, i);
    this.#settle(batch.sampleCount + batch.histogramCount);
    if (this.#refusals.has('series_limit')) this.#expiry.makeRoom(Math.floor(this.#now / 1000));
    return [...this.#refusals.values()];
  }

  #take(slot: number, kind: number, batch: RawBatch, index: number): void {
    const timestamp = batch.timestamps[index]!;
    if (!this.#isTimely(timestamp)) return;
    switch (this.#score(slot, kind, timestamp, batch.values[index]!)) {
      case TAKEN.repeated:
        this.#repeated++;
        break;
      case TAKEN.outOfOrder:
        this.#outOfOrder++;
        break;
      case TAKEN.notANumber:
        this.#notANumber++;
        break;
      default:
        this.#accepted++;
        if (this.#isCapacity[slot] !== 0) this.#forecasts.take(slot, timestamp, batch.values[index]!);
        if (this.#isTopology[slot] !== 0) this.#topologyTap.take(slot, timestamp, batch.values[index]!);
        if (this.#histogramMembers[slot] !== 0) this.#takeMember(slot, batch, index);
    }
  }

  /** Takes a sample to the detector, and what that says to the outputs. @returns one of TAKEN */
  #score(slot: number, kind: number, timestamp: number, value: number): number {
    const scorer = this.#scorer;
    const isPublished = this.#outputs.isPublished[slot] === 1;
    scorer.sample.timestamp = timestamp;
    scorer.sample.value = value;
    const taken = scorer.take(slot, kind, this.#table.policyNumbers[slot]!, isPublished);
    switch (taken) {
      case TAKEN.judged:
        this.#outputs.observe(slot, timestamp, scorer.verdict);
        this.#groups.observe(slot, timestamp, scorer.verdict.score > 1);
        break;
      case TAKEN.warming:
      case TAKEN.paused:
        this.#outputs.observe(slot, timestamp, undefined);
        this.#groups.observe(slot, timestamp, false);
        break;
      case TAKEN.quiet:
        if (isPublished) this.#outputs.repeat(slot, timestamp);
        this.#groups.observe(slot, timestamp, scorer.anomalies.isOpen(slot) ? undefined : false);
    }
    return taken;
  }

  /** A bucket is no series for people: its histogram is. */
  #takeBucket(slot: number, batch: RawBatch, index: number): void {
    const timestamp = batch.timestamps[index]!;
    if (this.#histogramMembers[slot] === 0) this.#notABucket++;
    else if (batch.flags[index] === STALE) {
      this.stats.staleTotal++;
      this.#takeMember(slot, batch, index);
    } else if (this.#isTimely(timestamp)) {
      this.#accepted++;
      this.#takeMember(slot, batch, index);
    }
  }

  /**
   * A histogram says something of a time once all its series have come to it. So where a request holds several samples
   * of a series, which senders make of a backlog, those of histograms wait for its end.
   */
  #takeMember(slot: number, batch: RawBatch, index: number): void {
    if (batch.sampleCount > batch.seriesCount) this.#waiting.push({ slot, index });
    else this.#showMember(slot, batch, index);
  }

  #takeWaiting(batch: RawBatch): void {
    if (this.#waiting.length === 0) return;
    this.#waiting.sort((a, b) => batch.timestamps[a.index]! - batch.timestamps[b.index]!);
    for (const { slot, index } of this.#waiting) this.#showMember(slot, batch, index);
    this.#waiting = [];
  }

  #showMember(slot: number, { flags, timestamps, values }: RawBatch, index: number): void {
    if (flags[index] === STALE) this.#histograms.end(slot, timestamps[index]!);
    else this.#histograms.take(slot, timestamps[index]!, values[index]!);
  }

  #takeRuleState(slot: number, batch: RawBatch, from: number, to: number): void {
    for (let sample = from; sample < to; sample++) {
      if (batch.flags[sample] === STALE) this.#ruleStates.end(slot, batch.timestamps[sample]!);
      else this.#ruleStates.take(slot, batch.values[sample]!);
    }
  }

  /** A native histogram is a sample of a series that has no number as its value. */
  #takeHistogram({ histograms, bytes }: RawBatch, index: number): void {
    const [series, start, end] = histograms.subarray(3 * index, 3 * index + 3) as unknown as [number, number, number];
    const slot = this.#table.slots[series]!;
    const kind = this.#table.kinds[slot]!;
    if (slot === 0) return;
    if (kind >= IGNORED) {
      this.#ignoredByKind[kind]!++;
      return;
    }
    try {
      const histogram = readHistogram(bytes, start, end);
      if (!isTimely(histogram.timestamp, this.#now)) {
        this.#refuse(untimely(histogram.timestamp), 0, 1);
        return;
      }
      if ('isStale' in histogram) {
        this.stats.staleTotal++;
        this.#nativeHistograms.end(slot, histogram.timestamp);
      } else {
        this.#accepted++;
        this.#nativeHistograms.take(slot, histogram);
      }
    } catch (error) {
      const sentence = `a native histogram is not valid: ${messageOf(error)}`;
      this.#refuse({ reason: 'histogram_invalid', sentence }, 0, 1);
    }
  }

  /** A series that is made of others goes the same way, as a gauge. */
  #takeDerived(slot: number, timestamp: number, value: number): void {
    const kind = this.#table.kinds[slot]!;
    if (kind >= IGNORED) return;
    this.#backfill.complete(slot);
    if (Number.isNaN(value)) {
      this.#scorer.end(slot, timestamp);
      this.#outputs.end(slot);
      return;
    }
    this.#table.seenAt[slot] = Math.floor(this.#now / 1000);
    this.#score(slot, kind === KIND.unscored ? kind : KIND.gauge, timestamp, value);
  }

  /** Whether a sample's time can be right; if not it is refused. */
  #isTimely(timestamp: number): boolean {
    if (isTimely(timestamp, this.#now)) return true;
    this.#refuse(untimely(timestamp), 1, 0);
    return false;
  }

  /** A stale marker: the series has ended, for now. What it has learnt is kept in case it comes back. */
  #end(slot: number, batch: RawBatch, index: number): void {
    const timestamp = batch.timestamps[index]!;
    this.stats.staleTotal++;
    this.#scorer.end(slot, timestamp);
    this.#outputs.end(slot);
    this.#groups.end(slot);
    this.#forecasts.end(slot);
    if (this.#histogramMembers[slot] !== 0) this.#takeMember(slot, batch, index);
    this.#topologyTap.end(slot, timestamp);
  }

  #refuse({ reason, sentence }: Fault, samples: number, histograms: number): void {
    const refusal = this.#refusals.get(reason);
    if (refusal === undefined) this.#refusals.set(reason, { reason, sentence, samples, histograms });
    else {
      refusal.samples += samples;
      refusal.histograms += histograms;
    }
  }

  /** Adds the counts of this request to the totals, which live in maps: too slow to be touched for every sample. */
  #settle(received: number): void {
    const { stats } = this;
    stats.receivedTotal += received;
    stats.acceptedTotal += this.#accepted;
    this.#accepted = 0;
    count(stats.ignored, 'out_of_order', this.#outOfOrder);
    count(stats.ignored, 'duplicate_timestamp', this.#repeated);
    count(stats.ignored, 'not_a_number', this.#notANumber);
    count(stats.ignored, 'bucket_without_bound', this.#notABucket);
    this.#outOfOrder = 0;
    this.#repeated = 0;
    this.#notANumber = 0;
    this.#notABucket = 0;
    for (const [kind, reason] of IGNORED_REASONS) {
      count(stats.ignored, reason, this.#ignoredByKind[kind]!);
      this.#ignoredByKind[kind] = 0;
    }
    for (const { reason, samples, histograms } of this.#refusals.values()) {
      count(stats.refused, reason, samples + histograms);
    }
  }
}

function isTimely(timestamp: number, now: number): boolean {
  return timestamp <= now + FUTURE_MS && timestamp >= now - PAST_MS;
}

function untimely(timestamp: number): Fault {
  const time = Math.abs(timestamp) < 8.64e15 ? new Date(timestamp).toISOString() : `${timestamp} ms`;
  return {
    reason: 'timestamp_out_of_bounds',
    sentence: `a timestamp (${time}) is more than 10 minutes in the future or a year in the past; check the clocks of sender and sidecar, and that timestamps are in milliseconds`,
  };
}

/** How many native histograms a series of a request has. Only asked where it is refused. */
function histogramsOf({ histograms, histogramCount }: RawBatch, series: number): number {
  let found = 0;
  for (let i = 0; i < histogramCount; i++) if (histograms[3 * i] === series) found++;
  return found;
}

function count(totals: Map<string, number>, reason: string, by: number): void {
  if (by > 0) totals.set(reason, (totals.get(reason) ?? 0) + by);
}
