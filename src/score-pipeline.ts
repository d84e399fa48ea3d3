import type { GroupRates } from './detect/group-rates.ts';
import { type Scorer, TAKEN } from './detect/scorer.ts';
import type { AnomalySeries } from './emit/anomaly-series.ts';
import type { Forecasts } from './forecast/forecasts.ts';
import { type RawBatch, STALE } from './ingest/write-request.ts';
import type { Clock } from './model/clock.ts';
import type { Expiry } from './series/expiry.ts';
import { IGNORED, IGNORED_REASONS, KIND } from './series/kinds.ts';
import type { RuleStates } from './series/rule-states.ts';
import type { SeriesTable } from './series/series-table.ts';
import type { SeriesTap } from './topology/series-tap.ts';

/** Samples further in the future would make all later ones look old; further in the past they are a mistake. */
const FUTURE_MS = 10 * 60_000;
const PAST_MS = 366 * 86_400_000;
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

export interface ScoreParts {
  readonly table: SeriesTable;
  readonly expiry: Expiry;
  readonly scorer: Scorer;
  readonly outputs: AnomalySeries;
  readonly groups: GroupRates;
  readonly forecasts: Forecasts;
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
  readonly #outputs: AnomalySeries;
  readonly #groups: GroupRates;
  readonly #forecasts: Forecasts;
  readonly #ruleStates: RuleStates;
  readonly #isCapacity: Uint8Array;
  readonly #topologyTap: SeriesTap;
  readonly #isTopology: Uint8Array;
  readonly #clock: Clock;
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
    this.#expiry = parts.expiry;
    this.#scorer = parts.scorer;
    this.#outputs = parts.outputs;
    this.#groups = parts.groups;
    this.#forecasts = parts.forecasts;
    this.#ruleStates = parts.ruleStates;
    this.#isCapacity = parts.forecasts.resources.isMember;
    this.#topologyTap = parts.topologyTap;
    this.#isTopology = parts.topologyTap.isMember;
    this.#clock = parts.clock;
    parts.table.onRefusal = (index, fault) => {
      const from = index === 0 ? 0 : this.#batch!.samplesEnd[index - 1]!;
      this.#refuse(fault.reason, fault.sentence, this.#batch!.samplesEnd[index]! - from);
    };
    parts.table.onRelease = (slot) => {
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
        for (; sample < end; sample++) {
          if (batch.flags[sample] === STALE) this.#end(slot, batch.timestamps[sample]!);
          else this.#take(slot, kind, batch, sample);
        }
      } else if (slot !== 0) {
        this.#ignoredByKind[kind]! += end - sample;
        if (kind === KIND.ignoredAlerts) this.#takeRuleState(slot, batch, sample, end);
      }
      sample = end;
    }
    this.#settle(batch.sampleCount);
    if (this.#refusals.has('series_limit')) this.#expiry.makeRoom(Math.floor(this.#now / 1000));
    return [...this.#refusals.values()];
  }

  #take(slot: number, kind: number, batch: RawBatch, index: number): void {
    const timestamp = batch.timestamps[index]!;
    if (timestamp > this.#now + FUTURE_MS || timestamp < this.#now - PAST_MS) {
      this.#refuseTime(timestamp);
      return;
    }
    const scorer = this.#scorer;
    const policyNumber = this.#table.policyNumbers[slot]!;
    const isPublished = this.#outputs.isPublished[slot] === 1;
    scorer.sample.timestamp = timestamp;
    scorer.sample.value = batch.values[index]!;
    const accepted = this.#accepted;
    switch (scorer.take(slot, kind, policyNumber, isPublished)) {
      case TAKEN.quiet:
        this.#accepted++;
        if (isPublished) this.#outputs.repeat(slot, timestamp);
        this.#groups.observe(slot, timestamp, scorer.anomalies.isOpen[slot] === 1 ? undefined : false);
        break;
      case TAKEN.judged:
        this.#accepted++;
        this.#outputs.observe(slot, timestamp, scorer.verdict);
        this.#groups.observe(slot, timestamp, scorer.verdict.score > 1);
        break;
      case TAKEN.warming:
      case TAKEN.paused:
        this.#accepted++;
        this.#outputs.observe(slot, timestamp, undefined);
        this.#groups.observe(slot, timestamp, false);
        break;
      case TAKEN.repeated:
        this.#repeated++;
        break;
      case TAKEN.outOfOrder:
        this.#outOfOrder++;
        break;
      case TAKEN.notANumber:
        this.#notANumber++;
    }
    if (this.#isCapacity[slot] !== 0 && this.#accepted > accepted) {
      this.#forecasts.take(slot, timestamp, batch.values[index]!);
    }
    if (this.#isTopology[slot] !== 0 && this.#accepted > accepted) {
      this.#topologyTap.take(slot, timestamp, batch.values[index]!);
    }
  }

  #takeRuleState(slot: number, batch: RawBatch, from: number, to: number): void {
    for (let sample = from; sample < to; sample++) {
      if (batch.flags[sample] === STALE) this.#ruleStates.end(slot, batch.timestamps[sample]!);
      else this.#ruleStates.take(slot, batch.values[sample]!);
    }
  }

  /** A stale marker: the series has ended, for now. What it has learnt is kept in case it comes back. */
  #end(slot: number, timestamp: number): void {
    this.stats.staleTotal++;
    this.#scorer.end(slot, timestamp);
    this.#outputs.end(slot);
    this.#groups.end(slot);
    this.#forecasts.end(slot);
    this.#topologyTap.end(slot, timestamp);
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
