import type { Anomalies } from './detect/anomalies.ts';
import { type CounterRates, RATE } from './detect/counter-rates.ts';
import { type Detector, type Sample, scoreOf } from './detect/detector.ts';
import type { Gates } from './detect/gates.ts';
import type { SampleClock } from './detect/sample-clock.ts';
import type { AnomalySeries } from './emit/anomaly-series.ts';
import type { Forecasts } from './forecast/forecasts.ts';
import { type RawBatch, STALE } from './ingest/write-request.ts';
import type { Clock } from './model/clock.ts';
import type { Expiry } from './series/expiry.ts';
import { IGNORED, IGNORED_REASONS, KIND } from './series/kinds.ts';
import type { Policies } from './series/policies.ts';
import type { SeriesTable } from './series/series-table.ts';

/** What is not a number that can be scored counts as the largest that can. */
const MAX_VALUE = 1e30;
/** Smaller than this is zero: denormals would only slow the processor down. */
const MIN_VALUE = 1e-300;
/** Samples further in the future would make all later ones look old; further in the past they are a mistake. */
const FUTURE_MS = 10 * 60_000;
const PAST_MS = 366 * 86_400_000;
/** After a silence of a quarter of an hour the fast level says nothing any more: it is taken anew. */
const SILENCE_SECONDS = 15 * 60;

/** Why samples of a request were refused, for its sender. */
export interface Refusal {
  readonly reason: string;
  readonly sentence: string;
  samples: number;
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

/** A score as low as this matters to nobody, unless somebody watches the series. */
const QUIET_SCORE = 0.4;

export interface ScoreParts {
  readonly table: SeriesTable;
  readonly policies: Policies;
  readonly expiry: Expiry;
  readonly sampleClock: SampleClock;
  readonly rates: CounterRates;
  readonly baseline: Detector;
  readonly gates: Gates;
  readonly anomalies: Anomalies;
  readonly outputs: AnomalySeries;
  readonly forecasts: Forecasts;
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
  readonly #policies: Policies;
  readonly #expiry: Expiry;
  readonly #sampleClock: SampleClock;
  readonly #rates: CounterRates;
  readonly #baseline: Detector;
  readonly #gates: Gates;
  readonly #anomalies: Anomalies;
  readonly #outputs: AnomalySeries;
  readonly #forecasts: Forecasts;
  readonly #isCapacity: Uint8Array;
  readonly #clock: Clock;
  readonly #sample: Sample = { value: 0, timestamp: 0, elapsedSeconds: 0, stepSeconds: 0, isGap: false };
  readonly #refusals = new Map<string, Refusal>();
  #batch: RawBatch | undefined;
  /** Counts of this request; they go to the maps of `stats` once at its end. */
  readonly #ignoredByKind = new Uint32Array(256);
  #accepted = 0;
  #outOfOrder = 0;
  #repeated = 0;
  #notANumber = 0;
  #now = 0;

  constructor(parts: ScoreParts) {
    this.#table = parts.table;
    this.#policies = parts.policies;
    this.#expiry = parts.expiry;
    this.#sampleClock = parts.sampleClock;
    this.#rates = parts.rates;
    this.#baseline = parts.baseline;
    this.#gates = parts.gates;
    this.#anomalies = parts.anomalies;
    this.#outputs = parts.outputs;
    this.#forecasts = parts.forecasts;
    this.#isCapacity = parts.forecasts.resources.isMember;
    this.#clock = parts.clock;
    parts.table.onRefusal = (index, fault) => {
      const from = index === 0 ? 0 : this.#batch!.samplesEnd[index - 1]!;
      this.#refuse(fault.reason, fault.sentence, this.#batch!.samplesEnd[index]! - from);
    };
    parts.table.onRelease = (slot) => {
      parts.anomalies.end(slot, parts.sampleClock.lastAt[slot]!);
      parts.outputs.end(slot);
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
    this.#refusals.clear();
    this.#table.resolve(batch, Math.floor(this.#now / 1000));
    let sample = 0;
    for (let i = 0; i < batch.seriesCount; i++) {
      const end = batch.samplesEnd[i]!;
      const slot = this.#table.slots[i]!;
      const kind = this.#table.kinds[slot]!;
      if (slot !== 0 && kind < IGNORED) {
        for (; sample < end; sample++) {
          if (batch.flags[sample] === STALE) this.#end(slot, batch.timestamps[sample]!);
          else this.#take(slot, kind, batch, sample);
        }
      } else if (slot !== 0) {
        this.#ignoredByKind[kind]! += end - sample;
      }
      sample = end;
    }
    this.#settle(batch.sampleCount);
    if (this.#refusals.has('series_limit')) this.#expiry.makeRoom(Math.floor(this.#now / 1000));
    return [...this.#refusals.values()];
  }

  #take(slot: number, kind: number, batch: RawBatch, index: number): void {
    const timestamp = batch.timestamps[index]!;
    const received = batch.values[index]!;
    const lastAt = this.#sampleClock.lastAt[slot]!;
    if (timestamp > this.#now + FUTURE_MS || timestamp < this.#now - PAST_MS) {
      this.#refuseTime(timestamp);
      return;
    }
    if (timestamp <= lastAt) {
      if (timestamp === lastAt) this.#repeated++;
      else this.#outOfOrder++;
      return;
    }
    if (!Number.isFinite(received)) {
      this.#notANumber++;
      return;
    }
    const sample = this.#sample;
    sample.timestamp = timestamp;
    sample.value = Math.max(-MAX_VALUE, Math.min(MAX_VALUE, Math.abs(received) < MIN_VALUE ? 0 : received));
    this.#sampleClock.advance(slot, sample);
    this.#accepted++;
    if (this.#isCapacity[slot] !== 0) this.#forecasts.take(slot, timestamp, received);
    const known = kind === KIND.counter ? this.#rates.update(slot, sample) : RATE.known;
    if (known === RATE.unknown) return;
    if (sample.isGap && sample.elapsedSeconds > SILENCE_SECONDS) this.#baseline.reseat(slot, sample.value);
    this.#baseline.judge(slot, sample);
    if (known === RATE.known && (this.#baseline.score >= QUIET_SCORE || this.#isWatched(slot))) this.#publish(slot);
    this.#baseline.learn(slot, sample);
  }

  /** Takes the detector's verdict to the gates, to the anomaly that it may open, continue or end, and to the outputs. */
  #publish(slot: number): void {
    const { value, timestamp, stepSeconds } = this.#sample;
    if (!this.#baseline.isWarm(slot)) {
      this.#outputs.observe(slot, timestamp, undefined);
      return;
    }
    let { score, expected, edge } = this.#baseline;
    const wasAbove = score > 1;
    const isOpen = this.#anomalies.isOpen[slot] === 1;
    if (isOpen) {
      // What follows an anomaly's start is compared with the baseline from before it: back there, it is over.
      ({ level: expected, edge } = this.#anomalies.reference(slot));
      score = scoreOf(value - expected, edge);
    }
    this.#gates.apply(this.#table.policyNumbers[slot]!, value, score, expected, edge);
    if (isOpen || this.#gates.score > 1 || this.#anomalies.recent[slot] !== 0) {
      const transition = this.#anomalies.observe(slot, timestamp, value, this.#gates, edge, stepSeconds, this.#now);
      if (transition === 'recovered') this.#baseline.reseat(slot, expected);
      else if (transition === 'new_normal' && wasAbove) this.#baseline.reseat(slot, value);
    }
    this.#outputs.observe(slot, timestamp, this.#gates);
  }

  /** An anomaly is open or near, the series is put out, or its policy wants every sample to be looked at. */
  #isWatched(slot: number): boolean {
    return (
      (this.#anomalies.recent[slot]! |
        this.#anomalies.isOpen[slot]! |
        this.#outputs.isPublished[slot]! |
        this.#policies.isAttentive[this.#table.policyNumbers[slot]!]!) !==
      0
    );
  }

  /** A stale marker: the series has ended, for now. What it has learnt is kept in case it comes back. */
  #end(slot: number, timestamp: number): void {
    this.stats.staleTotal++;
    this.#anomalies.end(slot, timestamp);
    this.#outputs.end(slot);
    this.#forecasts.end(slot);
  }

  #refuseTime(timestamp: number): void {
    const time = Math.abs(timestamp) < 8.64e15 ? new Date(timestamp).toISOString() : `${timestamp} ms`;
    this.#refuse(
      'timestamp_out_of_bounds',
      `a timestamp (${time}) is more than 10 minutes in the future or a year in the past; check the clocks of sender and sidecar, and that timestamps are in milliseconds`,
      1,
    );
  }

  #refuse(reason: string, sentence: string, samples: number): void {
    const refusal = this.#refusals.get(reason);
    if (refusal === undefined) this.#refusals.set(reason, { reason, sentence, samples });
    else refusal.samples += samples;
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
    this.#outOfOrder = 0;
    this.#repeated = 0;
    this.#notANumber = 0;
    for (const [kind, reason] of IGNORED_REASONS) {
      count(stats.ignored, reason, this.#ignoredByKind[kind]!);
      this.#ignoredByKind[kind] = 0;
    }
    for (const { reason, samples } of this.#refusals.values()) count(stats.refused, reason, samples);
  }
}

function count(totals: Map<string, number>, reason: string, by: number): void {
  if (by > 0) totals.set(reason, (totals.get(reason) ?? 0) + by);
}
