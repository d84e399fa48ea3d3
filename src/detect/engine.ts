import type { AcceptedValues } from '../model/feedback.ts';
import type { Columns, Pool } from '../series/columns.ts';
import type { Siblings } from '../series/workloads.ts';
import type { CivilTime } from './civil-time.ts';
import { MAX_SCORE, type Sample, type Step } from './detector.ts';
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
import { Youth } from './youth.ts';

/** What `observe` found. */
export const VERDICT = {
  /** Nothing new: the sample waits for its step to be complete. */
  none: 0,
  /** A step is complete: it was judged and is to be learnt. */
  step: 1,
  /** A single sample that cannot wait: it was judged, and is not learnt. */
  early: 2,
} as const;

/** No verdict before so many steps, which last a minute or more. */
const WARM_UP_STEPS = 60;
/** Rarity and size at which a score is 1: one step in 4,000, fourteen standard deviations in all. */
const RARE = 3.6;
const LARGE = 14;
/** The same for logarithms, whose tails are short. */
const LARGE_LOG = 10;
/** A young series needs less rarity, because it cannot have more. */
const RARE_PER_DECADE = 0.8;
const SEASON_HANDICAP = 0.15;
const FAST_HANDICAP = 0.3;
const PEERS_HANDICAP = 0.3;
/** The season counts for at most so many standard deviations. */
const SEASON_LIMIT = 30;
/** A deviation of this share of the level is of plain size; larger ones count more, smaller ones less. */
const PLAIN_EFFECT = 0.3;
const LEAST_EFFECT = 0.02;
const MOST_EFFECT = 4;
/** … and no more than this for a series with a long tail, which has large deviations by nature. */
const MOST_LOG_EFFECT = 2;
/** Size at the edge of normal of what siblings do not do: one deviation, where the others are two or three. */
const LARGE_AMONG_PEERS = 6.5;
const MAGNITUDE_SHARE = 0.1;
const TINY = 1e-12;
const LEAST_OPINION = 1e-6;
const HABIT_FACTOR = 0.5;
const FLATLINE_SCORE = 1.2;
/** So close to the level from before an anomaly a value has returned to it. */
const RETURNED_SIGMAS = 3;
/** So close to the level from before a new normal a value is no anomaly. */
const FORMER_SIGMAS = 5;
/** A replica whose level differs by so many standard deviations of weeks has one of its own. */
const OTHER_LEVEL_SIGMAS = 2;
/** The held score falls by this share per step. */
const HELD_SHARE = 0.98;
/** Verdicts on a younger series are not held: the first hours are judged leniently, by little experience. */
const HELD_FROM_STEPS = 200;
/** A score below this is of no interest, unless it is asked for: then how rare it is need not be known. */
const QUIET_SCORE = 0.4;

/** After so long a gap less is known of the series; after the longer one it is a new one. In seconds. */
const LONG_GAP = 86_400;
const NEW_SERIES_GAP = 14 * 86_400;

/** What `Engine.experience` tells. */
export interface Experience {
  /** Steps learnt. */
  readonly steps: number;
  /** The only value that the series ever had, undefined when it had several. */
  readonly constant: number | undefined;
  /** Whether it began with what its workload knew, and for so short a time that it is still finding its level. */
  readonly isYoung: boolean;
  readonly isSettling: boolean;
  /** Whether times of excursions are remembered. */
  readonly hasHabits: boolean;
  readonly season: 'none' | 'on trial' | 'in use' | 'in use, weekends apart';
}

/** What a channel says of the value that was evaluated last. */
export interface Opinion {
  readonly channel: 'fast' | 'long' | 'range' | 'season' | 'peers';
  /** How far out the value lies, in standard deviations as the channel counts them. */
  readonly z: number;
  /** Minus the decimal logarithm of the share of steps that were as far out; 0 while too little is known. */
  readonly rarity: number;
  /** What is taken off the rarity when channels are compared. */
  readonly handicap: number;
}

/** What a series was compared with before an anomaly began. */
export interface Reference {
  readonly level: number;
  readonly scale: number;
  /** Value of the seasonal profile at that time, undefined if none was in use. */
  readonly profile: number | undefined;
}

/**
 * The baseline of every series: channels that each give an opinion about a step, how large its deviation is and how
 * rare that is for this series, and a score that is high only where a deviation is both (a soft AND).
 *
 * A series that never changed owns a few bytes: all that its channels would know follows from its value and age. With
 * its first change it becomes live and gets a row in a pool, and with time it may earn rows for season and habits.
 *
 * A step is judged by what was learnt before it, and learnt afterwards. What is found lies in fields, which the next
 * call overwrites: no object is made per sample, and no number boxed.
 */
export class Engine {
  /** 0 as expected, 1 at the edge of normal, at most MAX_SCORE. */
  score = 0;
  /** The step that was judged last. */
  readonly step: Step = { value: 0, timestamp: 0, lengthSeconds: 0, elapsed: 1, floor: 1 };
  /** Values that somebody has called normal, of the series that is judged: to be set before. */
  accepted: readonly AcceptedValues[] | undefined;
  /** Least difference that matters for the series whose turn it is, by its rule; 0 when it says nothing. */
  grain = 0;
  /** The value that `evaluate` judges. */
  probe = 0;
  isFlatline = false;
  readonly fast: FastChannel;
  readonly long: LongChannel;
  readonly range: RangeChannel;
  readonly season: SeasonalChannel;
  readonly peers: PeersChannel;
  readonly #youth: Youth;

  readonly #civil: CivilTime;
  readonly #live: Pool;
  readonly #pools: readonly Pool[];
  /** The only value of a constant series. */
  readonly #constants: Float64Array;
  /** Steps learnt; of a constant series, its age in steps. */
  readonly #steps: Float32Array;
  readonly #previous: Float64Array;
  readonly #held: Float32Array;
  readonly #floors: Floors;
  readonly #logs: LogDomain;
  readonly #stepMeans: StepMeans;
  readonly #flatline: Flatline;
  readonly #recurrence: Recurrence;
  readonly #fastRanks: RankHistogram;
  readonly #longRanks: RankHistogram;
  readonly #rangeRanks: RankHistogram;

  /** State of the step that is being judged. */
  #slot = 0;
  #row = 0;
  #rare = RARE;
  #large = LARGE;
  readonly #variations = { mean: 0, expected: 0, overall: 0, noise: 0, quantum: 0 };
  #reference: Reference | undefined;
  #former: Reference | undefined;
  #referenceLevel = 0;
  /** What the comparison with siblings adds to the score. */
  peersScore = 0;
  /** Score without regard to habits and references. */
  #plainScore = 0;
  #size = 0;
  /** How much larger the deviation is than `evaluate` was told: a single sample is judged as a smaller step. */
  #amplification = 1;
  #isInterrupted = false;

  /** @param lastAt timestamp of the latest sample of each slot */
  constructor(columns: Columns, civil: CivilTime, siblings: Siblings, lastAt: Float64Array) {
    const capacity = columns.capacity - 1;
    this.#civil = civil;
    this.#constants = columns.f64('constant');
    this.#steps = columns.f32('steps');
    this.#live = columns.pool('live', capacity);
    const live = this.#live.columns;
    this.#previous = live.f64('previous');
    this.#held = live.f32('held');
    this.#floors = new Floors(live);
    this.#logs = new LogDomain(live);
    this.#stepMeans = new StepMeans(live);
    this.fast = new FastChannel(live);
    this.long = new LongChannel(live);
    this.range = new RangeChannel(live);
    // Half of all series at most: infrastructure has few daily seasons, and these are the largest tiers.
    const half = Math.ceil(capacity / 2);
    this.season = new SeasonalChannel(live, columns.pool('season', half), columns.pool('weekend', half), civil);
    this.#flatline = new Flatline(live);
    this.#recurrence = new Recurrence(columns.pool('habits', capacity), civil);
    this.peers = new PeersChannel(columns.pool('peers', capacity), siblings, {
      lastAt: (slot) => (this.isMature(slot) ? lastAt[slot]! : 0),
      standing: (slot) => this.#standing(this.#live.rows[slot]!),
    });
    this.#youth = new Youth(columns.pool('youth', capacity));
    this.#fastRanks = new RankHistogram(live, 'fast', 1);
    this.#longRanks = new RankHistogram(live, 'long', 2);
    this.#rangeRanks = new RankHistogram(live, 'range', 3);
    this.#pools = columns.pools();
  }

  /** Whether enough was learnt for a verdict. */
  isWarm(slot: number): boolean {
    return this.#steps[slot]! >= WARM_UP_STEPS && !this.#youth.isSettling(slot);
  }

  /** Whether what is known of a series is its own, and enough for others to begin with. */
  isMature(slot: number): boolean {
    return this.#steps[slot]! >= WARM_UP_STEPS && !this.#youth.isYoung(slot);
  }

  /** Lets a new series begin with all that is known of another one (youth.ts). @param timestamp of its first sample */
  inherit(slot: number, donor: number, timestamp: number): void {
    this.#constants[slot] = this.#constants[donor]!;
    this.#steps[slot] = this.#steps[donor]!;
    for (const pool of this.#pools) pool.copy(donor, slot);
    const row = this.#live.rows[slot]!;
    this.#youth.begin(slot, timestamp, row === 0 ? this.#constants[slot]! : this.fast.levels[row]!);
    if (row === 0) return;
    this.#held[row] = 0;
    this.#stepMeans.restart(row);
    this.#interrupt(slot, row, 0);
  }

  /** The held score: falls slowly, for eyes. */
  held(slot: number): number {
    return this.#held[this.#live.rows[slot]!]!;
  }

  /** How large the baseline's values are: what a relative deviation is relative to. */
  get magnitude(): number {
    const level = this.#logs.valueOf(this.#row, this.#reference === undefined ? this.fast.level : this.#referenceLevel);
    if (this.#logs.isUsed(this.#row)) return (1 + MAGNITUDE_SHARE) * Math.abs(level);
    return Math.abs(level) + MAGNITUDE_SHARE * this.#floors.magnitude;
  }

  /**
   * Takes in a sample, and judges its step where it is complete, or the sample itself where it is extraordinary.
   * @param weight of the sample in its step, 0 when it has no value
   * @param isWatched whether a verdict is wanted however normal the step is
   * @param reference of the open anomaly, if one is open
   * @param former reference from before a new normal: what is normal by it is no anomaly
   */
  observe(
    slot: number,
    sample: Sample,
    weight: number,
    isWatched: boolean,
    reference: Reference | undefined,
    former: Reference | undefined,
  ): number {
    this.#former = former;
    if (sample.elapsedSeconds > NEW_SERIES_GAP) this.#forget(slot);
    let row = this.#live.rows[slot]!;
    if (row === 0) {
      if (weight > 0 && this.#steps[slot] === 0) {
        this.#constants[slot] = sample.value;
        this.#steps[slot] = 1;
        return VERDICT.none;
      }
      if ((weight === 0 || sample.value === this.#constants[slot]) && !isWatched) {
        this.#steps[slot]! += Math.min(1, sample.elapsedSeconds / sample.stepSeconds);
        return VERDICT.none;
      }
      row = this.#enliven(slot, sample.timestamp);
      if (row === 0) return VERDICT.none;
    }
    if (sample.isGap) this.#interrupt(slot, row, sample.elapsedSeconds);
    const isEarly =
      weight > 0 && 2 * sample.intervalSeconds <= sample.stepSeconds && this.#isEarly(slot, row, sample, reference);
    if (!this.#stepMeans.add(row, sample, weight, isEarly)) return isEarly ? VERDICT.early : VERDICT.none;
    this.step.value = this.#logs.of(row, this.#stepMeans.value);
    this.step.elapsed = this.#stepMeans.elapsedSteps;
    this.#load(slot, row, sample, reference);
    this.#amplification = 1;
    const difference = Math.abs(this.step.value - this.#previous[row]!);
    this.isFlatline = !this.#floors.isUnmoved(row) && this.#flatline.isTooLong(row, difference, this.fast.scale);
    this.probe = this.value;
    this.evaluate(isWatched || this.isFlatline);
    return VERDICT.step;
  }

  /**
   * Judges `probe` by what is known, as if it were the step's value: sets `score` and the findings of the channels.
   * @param isExact whether the score has to be known even if it is of no interest
   */
  evaluate(isExact: boolean): void {
    const { fast, long, range, season } = this;
    const row = this.#row;
    const value = this.#logs.of(row, this.probe);
    fast.evaluate(value);
    long.evaluate(row, value);
    range.evaluate(value);
    season.evaluate(value);
    const others = long.z + (season.isInUse ? Math.min(SEASON_LIMIT, Math.abs(season.z)) : 0);
    this.#measure(value - fast.level, fast.level, fast.z, others);
    let size = this.#size;
    const peersSize = this.#measurePeers(value);
    const reference = this.#reference;
    let referenceZ = 0;
    if (reference !== undefined) {
      const deviation = value - this.#referenceLevel;
      referenceZ = deviation / reference.scale;
      this.#measure(deviation, this.#referenceLevel, referenceZ, others);
    }
    const referenceSize = reference === undefined ? 0 : this.#size;
    this.#plainScore = 0;
    this.peersScore = 0;
    this.score = 0;
    const largest = Math.max(size / this.#large, referenceSize / this.#large, peersSize / LARGE_AMONG_PEERS);
    if (!isExact && Math.SQRT2 * largest < QUIET_SCORE) return;
    if (!this.isWarm(this.#slot)) return;
    size = Math.max(LEAST_OPINION, size);
    const rarity = Math.max(
      this.#longRanks.rarity(row, long.z),
      range.isReady ? this.#rangeRanks.rarity(row, range.z) : 0,
      season.isInUse ? season.ranks.rarity(season.row, season.smoothedZ) - SEASON_HANDICAP : 0,
    );
    const plainRarity = Math.max(rarity, this.#fastRanks.rarity(row, fast.z) - FAST_HANDICAP);
    this.#plainScore = softAnd(plainRarity / this.#rare, size / this.#large);
    const isHabit = this.#recurrence.isHabit(this.#slot, fast.z, this.step.lengthSeconds);
    let score = isHabit ? softAnd((HABIT_FACTOR * plainRarity) / this.#rare, size / this.#large) : this.#plainScore;
    if (reference !== undefined) {
      const own = Math.max(rarity, this.#fastRanks.rarity(row, referenceZ) - FAST_HANDICAP);
      const factor = this.#recurrence.isHabit(this.#slot, referenceZ, this.step.lengthSeconds) ? HABIT_FACTOR : 1;
      score = Math.max(
        score,
        softAnd((factor * own) / this.#rare, Math.max(LEAST_OPINION, referenceSize) / this.#large),
      );
    }
    if (peersSize > 0) {
      const unlikeOthers = this.peers.ranks.rarity(this.peers.row, this.peers.z) - PEERS_HANDICAP;
      this.peersScore = softAnd(unlikeOthers / this.#rare, peersSize / LARGE_AMONG_PEERS);
      score = Math.max(score, this.peersScore);
    }
    this.score = Math.min(MAX_SCORE, score);
    if (score > 1 && (this.#isFormerNormal(value) || this.#isBeginning() || this.#isAccepted(this.probe)))
      this.score = 1;
  }

  /**
   * Judges the latest step again, by all that was learnt since: to tell, not to score.
   * @returns whether there is one: a constant has none
   */
  inspect(slot: number, sample: Sample, reference: Reference | undefined, former: Reference | undefined): boolean {
    const row = this.#live.rows[slot]!;
    if (row === 0) return false;
    this.#former = former;
    this.step.value = this.#previous[row]!;
    this.step.elapsed = 1;
    this.#load(slot, row, sample, reference);
    this.#amplification = 1;
    this.isFlatline = !this.#floors.isUnmoved(row) && this.#flatline.isTooLong(row, 0, this.fast.scale);
    this.probe = this.value;
    this.evaluate(true);
    return true;
  }

  /** What the channels say of the value that was evaluated last; those that say nothing are left out. */
  opinions(): Opinion[] {
    const { fast, long, range, season } = this;
    const row = this.#row;
    const z =
      this.#reference === undefined
        ? fast.z
        : (this.#logs.of(row, this.probe) - this.#referenceLevel) / this.#reference.scale;
    const opinions: Opinion[] = [
      { channel: 'fast', z, rarity: this.#fastRanks.rarity(row, z), handicap: FAST_HANDICAP },
      { channel: 'long', z: long.z, rarity: this.#longRanks.rarity(row, long.z), handicap: 0 },
    ];
    if (range.isReady)
      opinions.push({ channel: 'range', z: range.z, rarity: this.#rangeRanks.rarity(row, range.z), handicap: 0 });
    if (season.isInUse) {
      const rarity = season.ranks.rarity(season.row, season.smoothedZ);
      opinions.push({ channel: 'season', z: season.z, rarity, handicap: SEASON_HANDICAP });
    }
    if (this.peers.isReady) {
      const { z, row: own } = this.peers;
      opinions.push({ channel: 'peers', z, rarity: this.peers.ranks.rarity(own, z), handicap: PEERS_HANDICAP });
    }
    return opinions;
  }

  /** How much is known of a series, for people. */
  experience(slot: number): Experience {
    const row = this.#live.rows[slot]!;
    return {
      steps: Math.floor(this.#steps[slot]!),
      constant: row === 0 && this.#steps[slot]! > 0 ? this.#constants[slot]! : undefined,
      isYoung: this.#youth.isYoung(slot),
      isSettling: this.#youth.isSettling(slot),
      hasHabits: this.#recurrence.isKept(slot),
      season: this.season.stage(slot),
    };
  }

  /**
   * What is expected: the value with the least deviation in all channels, which is a weighted median of their centres.
   * While an anomaly is open, what was expected before.
   */
  get expected(): number {
    return this.#logs.valueOf(this.#row, this.#expected);
  }

  /** The step's value, in the unit of the series. */
  get value(): number {
    return this.#logs.valueOf(this.#row, this.step.value);
  }

  /** Lowest and highest value seen. */
  get seen(): readonly [low: number, high: number] {
    return [this.#logs.valueOf(this.#row, this.range.low), this.#logs.valueOf(this.#row, this.range.high)];
  }

  get #expected(): number {
    const { fast, long, season } = this;
    if (this.#reference !== undefined) return this.#referenceLevel;
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

  /** Whether the value is back at what was expected before the open anomaly. */
  get hasReturned(): boolean {
    const reference = this.#reference;
    return (
      reference === undefined || Math.abs(this.step.value - this.#referenceLevel) < RETURNED_SIGMAS * reference.scale
    );
  }

  /** What an anomaly that begins now will be compared with. */
  reference(): Reference {
    const { fast, season } = this;
    return { level: fast.level, scale: fast.scale, profile: season.isInUse ? season.profile : undefined };
  }

  /**
   * Learns the step that was judged. What lies far out has bounded influence.
   * @param score as it was published
   * @param isOpen whether an anomaly is open
   */
  learn(slot: number, score: number, isOpen: boolean): void {
    const row = this.#row;
    const { step, fast, long, range, season } = this;
    const { value, elapsed: elapsedSteps } = step;
    if (this.#youth.isYoung(slot)) {
      this.#growUp(slot, row);
      return;
    }
    const learned = ++this.#steps[slot]!;
    const number = learned | 0;
    const difference = Math.abs(value - this.#previous[row]!);
    if (fast.isReady) this.#fastRanks.learn(row, binOf(fast.z), number);
    if (fast.isReady) this.#longRanks.learn(row, binOf(long.z), number);
    if (range.isReady) this.#rangeRanks.learn(row, binOf(range.z), number);
    if (season.isReady) season.ranks.learn(season.row, binOf(season.smoothedZ), number);
    if (this.peers.isReady) this.peers.learn(slot, binOf(this.peers.z), number);
    if (this.#plainScore > 0 || this.#recurrence.isKept(slot)) {
      this.#recurrence.learn(slot, step.timestamp, fast.z, this.#plainScore, this.step.lengthSeconds);
    }
    this.#flatline.learn(row, difference, fast.scale);
    this.#floors.learn(
      row,
      this.#logs.isUsed(row) ? 1 : value,
      this.#isInterrupted ? 0 : difference,
      elapsedSteps,
      learned,
    );
    if (season.row !== 0) season.learn(slot, row, step);
    else season.tryBegin(slot, row, step, long.mean, fast.scale);
    fast.learn(row, value, elapsedSteps, learned);
    long.learn(row, value, learned);
    range.learn(row, value);
    if (!isOpen) this.#stepMeans.keepRecord(row);
    this.#previous[row] = value;
    if (!this.#logs.isUsed(row)) {
      const isSkewed = this.#logs.learn(row, value, this.#variation(row), elapsedSteps, learned);
      if (isSkewed && !isOpen && this.#former === undefined) this.#takeLogs(slot, row);
    }
    if (learned > HELD_FROM_STEPS) this.#held[row] = Math.max(score, HELD_SHARE * this.#held[row]!);
  }

  /** The score of a step after the channels: a flat line is anomalous, however normal its value is. */
  get flatlineScore(): number {
    const isTold = this.isFlatline && this.isWarm(this.#slot) && !this.#isAccepted(this.value);
    return isTold ? FLATLINE_SCORE : 0;
  }

  #load(slot: number, row: number, sample: Sample, reference: Reference | undefined): void {
    const { fast, season, step } = this;
    const learned = this.#steps[slot]!;
    this.#slot = slot;
    this.#row = row;
    step.lengthSeconds = sample.stepSeconds;
    step.timestamp = sample.timestamp;
    this.#rare = Math.min(RARE, RARE_PER_DECADE * Math.log10(learned + 10));
    this.#isInterrupted = sample.isGap;
    this.#civil.moveTo(sample.timestamp);
    this.#loadFloors(row, this.step.value);
    const { floor } = this.#floors;
    step.floor = floor;
    season.load(slot, step);
    this.peers.load(slot, step);
    fast.load(row, season.ride, floor, learned);
    this.long.load(row, floor, step.elapsed, this.#logs.isUsed(row));
    this.#large = this.#logs.isUsed(row) ? LARGE_LOG : LARGE;
    this.range.load(row, learned);
    this.#reference = reference;
    if (reference !== undefined) {
      this.#referenceLevel = this.#levelOf(reference);
    }
  }

  /** The level of a reference moves with the seasonal profile. */
  #levelOf({ level, profile }: Reference): number {
    return profile !== undefined && this.season.isInUse ? level + this.season.profile - profile : level;
  }

  /** What lies between where a young replica began and what its workload is used to is a start, and no anomaly. */
  #isBeginning(): boolean {
    return this.range.z === 0 && this.#youth.isYoung(this.#slot);
  }

  /** A young replica finds its level. What its workload has learnt of noise, rarity and season is not touched. */
  #growUp(slot: number, row: number): void {
    const { step, fast, long, range, season } = this;
    const youth = this.#youth;
    fast.follow(row, step.value, youth.steps(slot) + 1);
    if (youth.isSettling(slot)) range.learn(row, step.value);
    season.keepPlace();
    this.#previous[row] = step.value;
    if (!youth.grow(slot)) return;
    const level = fast.levels[row]!;
    season.shift(level - season.expected);
    const offset = level - youth.level(slot);
    if (Math.abs(offset) > OTHER_LEVEL_SIGMAS * long.scale) long.shift(row, offset);
    youth.end(slot);
  }

  #isAccepted(value: number): boolean {
    return this.accepted?.some(({ low, high }) => value >= low && value <= high) ?? false;
  }

  #isFormerNormal(value: number): boolean {
    const former = this.#former;
    return former !== undefined && Math.abs(value - this.#levelOf(former)) < FORMER_SIGMAS * former.scale;
  }

  #loadFloors(row: number, value: number): void {
    const isState = this.#stepMeans.isBinary(row) && this.fast.levels[row]! > 0.5;
    const isLoss = value === 0 && (isState || this.#floors.isUnmoved(row));
    const grain = this.#logs.isUsed(row) ? 0 : this.grain;
    this.#floors.load(row, Math.abs(value - this.#previous[row]!), isLoss, grain);
  }

  /** Judges a sample whose step is not complete, if it lies further out than any did before. */
  #isEarly(slot: number, row: number, sample: Sample, reference: Reference | undefined): boolean {
    const { fast } = this;
    const value = this.#logs.of(row, sample.value);
    this.step.value = value;
    this.#loadFloors(row, value);
    fast.load(row, 0, this.#floors.floor, this.#steps[slot]!);
    if (!this.#stepMeans.isRecord(row, value, fast.level, fast.scale, this.#steps[slot]!)) return false;
    if (!this.isWarm(slot)) return false;
    this.step.elapsed = 1;
    this.#load(slot, row, sample, reference);
    // Scaled so that as many standard deviations of a sample are as many of a step.
    const deviation = this.#stepMeans.sampleZ * fast.scale;
    this.#amplification = Math.abs((value - fast.level) / deviation);
    this.step.value = fast.level + deviation;
    this.isFlatline = false;
    this.probe = this.value;
    this.evaluate(true);
    return this.score > 1;
  }

  /** Sets `#size` to the sum of deviations, weighted by the size of the effect. */
  #measure(deviation: number, level: number, z: number, others: number): void {
    const size = this.#amplification * Math.abs(deviation);
    const isLog = this.#logs.isUsed(this.#row);
    const share = isLog ? Math.expm1(size) : size / (Math.abs(level) + MAGNITUDE_SHARE * this.#floors.magnitude + TINY);
    const effect = Math.min(isLog ? MOST_LOG_EFFECT : MOST_EFFECT, share / PLAIN_EFFECT);
    this.#size = (Math.abs(z) + others) * Math.sqrt(Math.max(LEAST_EFFECT, effect));
  }

  /** How far a series' latest step lies from the mean of its weeks, in standard deviations; 0 for a constant. */
  #standing(row: number): number {
    return row === 0 ? 0 : this.long.standing(row, this.#previous[row]!, this.#floors.least(row));
  }

  /** The deviation from what siblings do, weighted by the size of the effect. */
  #measurePeers(value: number): number {
    const { peers, long } = this;
    if (!peers.isReady) return 0;
    peers.evaluate((value - long.mean) / long.scale, this.step.floor / long.scale);
    const level = long.mean + peers.expected * long.scale;
    this.#measure(value - level, level, peers.z, 0);
    return this.#size;
  }

  #variation(row: number): Variation {
    const { fast, long, season } = this;
    this.#variations.mean = long.mean;
    // The profile is robust, and the mean of a course that is high for some hours of the day has most of it below.
    this.#variations.expected = season.isInUse ? season.expected : long.mean;
    this.#variations.overall = long.scale;
    this.#variations.noise = fast.scale;
    this.#variations.quantum = this.#floors.quantum(row);
    return this.#variations;
  }

  /** Gives a constant series the state that it would have if all its channels had learnt it. */
  #enliven(slot: number, timestamp: number): number {
    const row = this.#live.acquire(slot);
    if (row === 0) return 0;
    const value = this.#constants[slot]!;
    const steps = Math.max(1, Math.floor(this.#steps[slot]!));
    this.#steps[slot] = steps;
    this.#youth.endIfOver(slot, timestamp);
    this.#previous[row] = value;
    this.#stepMeans.start(row, value);
    this.#floors.start(row, value);
    this.fast.start(row, value);
    this.long.start(row, value);
    this.range.start(row, value);
    this.season.start(row, timestamp);
    this.#flatline.start(row, steps);
    for (const ranks of [this.#fastRanks, this.#longRanks, this.#rangeRanks]) ranks.start(row, steps);
    return row;
  }

  /**
   * From now on a series is judged by logarithms. Levels and edges are known exactly, scales as those of a log-normal series
   * with the same mean and variance; ranks and season are learnt anew.
   */
  #takeLogs(slot: number, row: number): void {
    const { fast, long, range, season } = this;
    const sigma = Math.sqrt(Math.log1p((long.scale / long.mean) ** 2));
    this.#logs.use(row, long.mean);
    const judged = (value: number) => this.#logs.of(row, value);
    this.#previous[row] = judged(this.#previous[row]!);
    this.#floors.start(row, 1);
    this.#floors.restart(row);
    fast.restart(row, judged(fast.levels[row]!), sigma);
    long.restart(row, judged(long.mean) - sigma ** 2 / 2, sigma);
    range.restart(row, judged(range.low), judged(range.high));
    for (const ranks of [this.#fastRanks, this.#longRanks, this.#rangeRanks]) ranks.restart(row);
    this.#stepMeans.restartScale(row);
    this.#recurrence.forget(slot);
    season.restart(slot, row, this.step.timestamp);
  }

  #interrupt(slot: number, row: number, seconds: number): void {
    const isLong = seconds > LONG_GAP;
    this.long.forgetRecent(row);
    this.season.interrupt(slot, isLong);
    if (isLong) this.fast.widen(row);
  }

  #forget(slot: number): void {
    for (const pool of this.#pools) pool.release(slot);
    this.#steps[slot] = 0;
  }
}

/** High only when both are: the two opinions in units of the edge of normal. */
function softAnd(rarity: number, size: number): number {
  const r = Math.max(LEAST_OPINION, rarity);
  return Math.sqrt(2 / (1 / (r * r) + 1 / (size * size)));
}
