import type { Pool } from '../series/columns.ts';
import type { Siblings } from '../series/workloads.ts';
import type { CivilTime } from './civil-time.ts';
import { countNoise, isCount } from './count-noise.ts';
import { Declustering } from './declustering.ts';
import type { Sample, Step } from './detector.ts';
import { FastChannel } from './fast-channel.ts';
import { Flatline } from './flatline.ts';
import { Floors } from './floors.ts';
import { LogDomain, type Variation } from './log-domain.ts';
import { LongChannel } from './long-channel.ts';
import { PeersChannel } from './peers-channel.ts';
import { RangeChannel } from './range-channel.ts';
import { binOf, RankHistogram } from './rank-histogram.ts';
import { Recurrence } from './recurrence.ts';
import { SeasonalChannel } from './seasonal-channel.ts';
import { StepMeans } from './step-means.ts';

/** What is new counts in full from this share of a deviation on. */
const NOVEL_SHARE = 0.25;
/** After so long a gap less is known of the series, in seconds. */
const LONG_GAP = 86_400;

/**
 * The channels of the live series, and what they share: how values are judged, floors, ranks, habits. They are loaded for
 * a step, evaluated for its value or for others, and learn the step afterwards. All state is in columns; the fields speak
 * of the step that was loaded last.
 */
export class Channels {
  readonly step: Step = { value: 0, timestamp: 0, lengthSeconds: 0, elapsed: 1, floor: 1 };
  slot = 0;
  row = 0;
  /** How much of what the range channel says counts, 0..1: a jump of the usual size that lands a little off is nothing new. */
  novelty = 0;
  /** Whether the series counts events that happen by chance. */
  isCount = false;
  readonly fast: FastChannel;
  readonly long: LongChannel;
  readonly range: RangeChannel;
  readonly season: SeasonalChannel;
  readonly peers: PeersChannel;
  readonly fastRanks: RankHistogram;
  readonly longRanks: RankHistogram;
  readonly rangeRanks: RankHistogram;
  readonly floors: Floors;
  readonly logs: LogDomain;
  readonly stepMeans: StepMeans;
  readonly flatline: Flatline;
  readonly recurrence: Recurrence;
  /** Value of the step before, as it is judged. */
  readonly previous: Float64Array;
  /** Least difference that matters, by the series' rule; 0 when it says nothing. */
  grain = 0;
  readonly #civil: CivilTime;
  readonly #declustering: Declustering;
  readonly #variation = { mean: 0, expected: 0, overall: 0, noise: 0, quantum: 0 };
  #isInterrupted = false;

  /** @param lastAt of a slot that siblings may be compared with: timestamp of its latest sample; 0 of others */
  constructor(pool: Pool, civil: CivilTime, siblings: Siblings, lastAt: (slot: number) => number) {
    const live = pool.columns;
    const capacity = live.capacity - 1;
    this.#civil = civil;
    this.previous = live.f64('previous');
    this.floors = new Floors(live);
    this.logs = new LogDomain(live);
    this.stepMeans = new StepMeans(live);
    this.fast = new FastChannel(live);
    this.long = new LongChannel(live);
    this.range = new RangeChannel(live);
    // Half of all series at most: infrastructure has few daily seasons, and these are the largest tiers.
    this.season = new SeasonalChannel(live, Math.ceil(capacity / 2), civil);
    this.flatline = new Flatline(live);
    this.recurrence = new Recurrence(live.pool('habits', capacity), civil);
    this.peers = new PeersChannel(live.pool('peers', capacity), siblings, {
      lastAt,
      standing: (slot) => this.#standing(pool.rows[slot]!),
    });
    this.fastRanks = new RankHistogram(live, 'fast', 1);
    this.longRanks = new RankHistogram(live, 'long', 2);
    this.rangeRanks = new RankHistogram(live, 'range', 3);
    this.#declustering = new Declustering(live);
  }

  /** Gives a series, constant until now, the state that it would have if all its channels had learnt it. */
  start(row: number, value: number, steps: number, timestamp: number): void {
    this.previous[row] = value;
    this.stepMeans.start(row, value);
    this.floors.start(row, value);
    this.fast.start(row, value);
    this.long.start(row, value);
    this.range.start(row, value);
    this.season.start(row, timestamp);
    this.flatline.start(row, steps);
    for (const ranks of [this.fastRanks, this.longRanks, this.rangeRanks]) ranks.start(row, steps);
  }

  /** Makes ready for the step, of which value and duration are set. @param learned steps of the series so far */
  load(slot: number, row: number, sample: Sample, learned: number): void {
    const { fast, season, step } = this;
    this.slot = slot;
    this.row = row;
    step.lengthSeconds = sample.stepSeconds;
    step.timestamp = sample.timestamp;
    this.#isInterrupted = sample.isGap;
    this.#civil.moveTo(sample.timestamp);
    this.loadFloors(row, step.value);
    const { floor } = this.floors;
    step.floor = floor;
    season.load(row, step);
    this.peers.load(slot, row, step);
    fast.load(row, season.ride, floor, learned);
    const isLog = this.logs.isUsed(row);
    this.long.load(row, floor, step.elapsed, isLog);
    const { mean } = this.long;
    this.isCount = !isLog && isCount(fast.scale, mean, this.floors.quantum(row));
    if (this.isCount) fast.scale *= countNoise(season.isInUse ? season.expected : fast.level, mean);
    this.range.load(row, floor, learned);
  }

  loadFloors(row: number, value: number): void {
    const isState = this.stepMeans.isBinary(row) && this.fast.levels[row]! > 0.5;
    const isLoss = value === 0 && (isState || this.floors.isUnmoved(row));
    const grain = this.logs.isUsed(row) ? 0 : this.grain;
    this.floors.load(row, Math.abs(value - this.previous[row]!), isLoss, grain);
  }

  /** Lets all channels but peers say how far out a value lies, which is as they are to judge it. */
  evaluate(value: number): void {
    this.fast.evaluate(value);
    this.long.evaluate(this.row, value);
    this.range.evaluate(value);
    this.season.evaluate(value);
    const { outside } = this.range;
    this.novelty = outside === 0 ? 0 : Math.min(1, outside / (NOVEL_SHARE * Math.abs(value - this.fast.level)));
  }

  /**
   * Learns the step that was evaluated. What lies far out has bounded influence.
   * @param learned steps, this one included. @param plainScore without regard to habits
   * @param isOpen whether an anomaly is open
   */
  learn(learned: number, plainScore: number, isOpen: boolean): void {
    const { row, step, fast, long, range, season, logs } = this;
    const { value, elapsed: elapsedSteps } = step;
    const number = learned | 0;
    const difference = Math.abs(value - this.previous[row]!);
    if (fast.isReady) this.fastRanks.learn(row, this.#declustering.countedBin(row, binOf(fast.z)), number);
    if (fast.isReady) this.longRanks.learn(row, binOf(long.z), number);
    if (range.isReady) this.rangeRanks.learn(row, binOf(range.z), number);
    if (season.isReady) season.ranks.learn(season.row, binOf(season.smoothedZ), number);
    if (this.peers.isReady) this.peers.learn(row, binOf(this.peers.z), number);
    if (plainScore > 0 || this.recurrence.isKept(row)) {
      this.recurrence.learn(row, step.timestamp, fast.z, plainScore, step.lengthSeconds);
    }
    this.flatline.learn(row, difference, fast.scale);
    this.floors.learn(row, logs.isUsed(row) ? 1 : value, this.#isInterrupted ? 0 : difference, elapsedSteps, learned);
    if (season.row !== 0) season.learn(row, step);
    else season.tryBegin(row, step, long.mean, fast.scale);
    fast.learn(row, value, elapsedSteps, learned);
    long.learn(row, value, learned);
    range.learn(row, value);
    if (!isOpen) this.stepMeans.keepRecord(row);
    this.previous[row] = value;
  }

  /** Asks whether a series that is judged by its values has proved to be skewed with this step. @param learned with it */
  isSkewed(learned: number): boolean {
    const { row, step } = this;
    if (this.logs.isUsed(row)) return false;
    return this.logs.learn(row, step.value, this.#variationOf(row), step.elapsed, learned);
  }

  /**
   * From now on the series is judged by logarithms. Levels and edges are known exactly, scales as those of a log-normal
   * series with the same mean and variance; ranks and season are learnt anew.
   */
  takeLogs(): void {
    const { row, fast, long, range, season } = this;
    const sigma = Math.sqrt(Math.log1p((long.scale / long.mean) ** 2));
    this.logs.use(row, long.mean);
    const judged = (value: number) => this.logs.of(row, value);
    this.previous[row] = judged(this.previous[row]!);
    this.floors.start(row, 1);
    this.floors.restart(row);
    fast.restart(row, judged(fast.levels[row]!), sigma);
    long.restart(row, judged(long.mean) - sigma ** 2 / 2, sigma);
    range.restart(row, judged(range.low), judged(range.high));
    for (const ranks of [this.fastRanks, this.longRanks, this.rangeRanks]) ranks.restart(row);
    this.stepMeans.restartScale(row);
    this.recurrence.forget(row);
    season.restart(row, this.step.timestamp);
  }

  /** After a silence differences mean little; after a long one less is known. */
  interrupt(row: number, seconds: number): void {
    const isLong = seconds > LONG_GAP;
    this.long.forgetRecent(row);
    this.season.interrupt(row, isLong);
    if (isLong) this.fast.widen(row);
  }

  /** The value with the least deviation in all channels, as it is judged: a weighted median of their centres. */
  get expected(): number {
    const { fast, long, season } = this;
    const fastWeight = 1 / fast.scale;
    const longWeight = 0.745 / long.scale;
    const seasonWeight = season.isInUse ? 1 / season.scale : 0;
    const half = (fastWeight + longWeight + seasonWeight) / 2;
    if (fastWeight >= half) return fast.level;
    if (longWeight >= half) return long.mean;
    if (seasonWeight >= half) return season.expected;
    const low = Math.min(fast.level, long.mean, season.expected);
    const high = Math.max(fast.level, long.mean, season.expected);
    return fast.level + long.mean + season.expected - low - high;
  }

  /** How far a series' latest step lies from the mean of its weeks, in standard deviations; 0 for a constant. */
  #standing(row: number): number {
    return row === 0 ? 0 : this.long.standing(row, this.previous[row]!, this.floors.least(row));
  }

  #variationOf(row: number): Variation {
    const { fast, long, season } = this;
    const variation = this.#variation;
    variation.mean = long.mean;
    // The profile is robust, and the mean of a course that is high for some hours of the day has most of it below.
    variation.expected = season.isInUse ? season.expected : long.mean;
    variation.overall = long.scale;
    variation.noise = fast.scale;
    variation.quantum = this.floors.quantum(row);
    return variation;
  }
}
