import type { AcceptedValues } from '../model/feedback.ts';
import type { Channels } from './channels.ts';
import { MAX_SCORE, type Step } from './detector.ts';
import type { Maturity } from './maturity.ts';
import { FAST_HANDICAP, type Opinion, opinionsOf, PEERS_HANDICAP, SEASON_HANDICAP } from './opinions.ts';

/** Rarity and size at which a score is 1: one step in 3,000, thirteen standard deviations in all. */
const RARE = 3.5;
const LARGE = 13;
/** The same for logarithms, whose tails are short, and for those with a season, which adds its own deviation. */
const LARGE_LOG = 9.5;
const LARGE_SEASONAL_LOG = 16;
/** A young series needs less rarity, because it cannot have more. */
const RARE_PER_DECADE = 0.79;
/** For how many standard deviations the season and the range count at most. */
const SEASON_LIMIT = 30;
const RANGE_LIMIT = 3;
/** A deviation of this share of the level is of plain size; larger ones count more, smaller ones less. */
const PLAIN_EFFECT = 0.3;
const LEAST_EFFECT = 0.02;
const MOST_EFFECT = 4;
/** … and no more than this for a series with a long tail, which has large deviations by nature. */
const MOST_LOG_EFFECT = 2;
/** Of counts, whose deviations by chance are a large share of a small level, so many standard deviations are of plain size. */
const PLAIN_COUNT_SIGMAS = 4;
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
/** A score below this is of no interest, unless it is asked for: then how rare it is need not be known. */
const QUIET_SCORE = 0.4;

/** What a series was compared with before an anomaly began. */
export interface Reference {
  readonly level: number;
  readonly scale: number;
  /** Value of the seasonal profile at that time, undefined if none was in use. */
  readonly profile: number | undefined;
}

/**
 * The score of a value, out of what the channels say of it: high only where its deviation is both large and rare for
 * the series (a soft AND). Beside the channels it regards what was normal before an open anomaly and before the latest new
 * normal, habits, and what people have called normal.
 *
 * What is found lies in fields, which the next call overwrites: no object is made per sample, and no number boxed.
 */
export class Judgement {
  /** 0 as expected, 1 at the edge of normal, at most MAX_SCORE. */
  score = 0;
  /** What the comparison with siblings adds to the score. */
  peersScore = 0;
  /** Score without regard to habits and references. */
  plainScore = 0;
  /** The value that `evaluate` judges, in the unit of the series. */
  probe = 0;
  isFlatline = false;
  /** Values that somebody has called normal, of the series that is judged: to be set before. */
  accepted: readonly AcceptedValues[] | undefined;
  /** From before the latest new normal: what is normal by it is no anomaly. To be set before. */
  former: Reference | undefined;
  readonly #channels: Channels;
  readonly #maturity: Maturity;
  #reference: Reference | undefined;
  #referenceLevel = 0;
  #large = LARGE;
  #size = 0;
  /** How much larger the deviation is than `evaluate` is told: a single sample is judged as a smaller step. */
  #amplification = 1;

  constructor(channels: Channels, maturity: Maturity) {
    this.#channels = channels;
    this.#maturity = maturity;
  }

  /** Makes ready for the step that the channels have loaded. @param reference of the open anomaly, if one is open */
  load(reference: Reference | undefined, amplification: number): void {
    const { row, logs, season } = this.#channels;
    this.#large = logs.isUsed(row) ? (season.isInUse ? LARGE_SEASONAL_LOG : LARGE_LOG) : LARGE;
    this.#amplification = amplification;
    this.#reference = reference;
    if (reference !== undefined) this.#referenceLevel = this.#levelOf(reference);
  }

  /**
   * Judges `probe` by what is known, as if it were the step's value: sets `score` and the findings of the channels.
   * @param isExact whether the score has to be known even if it is of no interest
   */
  evaluate(isExact: boolean): void {
    const channels = this.#channels;
    const { row, slot, fast, long, range, season, peers, recurrence } = channels;
    const value = channels.logs.of(row, this.probe);
    channels.evaluate(value);
    // A season in use knows better than mean and range of weeks what is usual now.
    const others = season.isInUse
      ? season.smoothedZ + Math.min(SEASON_LIMIT, Math.abs(season.z))
      : long.z + Math.min(RANGE_LIMIT, channels.novelty * range.z);
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
    this.plainScore = 0;
    this.peersScore = 0;
    this.score = 0;
    const largest = Math.max(size / this.#large, referenceSize / this.#large, peersSize / LARGE_AMONG_PEERS);
    if (!isExact && Math.SQRT2 * largest < QUIET_SCORE) return;
    if (!this.#maturity.isWarm(slot)) return;
    const rare = Math.min(RARE, RARE_PER_DECADE * Math.log10(this.learned + 10));
    size = Math.max(LEAST_OPINION, size);
    const rarity = Math.max(
      channels.longRanks.rarity(row, long.z),
      range.z > 0 ? channels.novelty * channels.rangeRanks.rarity(row, range.z) : 0,
      season.isInUse ? season.ranks.rarity(season.row, season.smoothedZ) - SEASON_HANDICAP : 0,
    );
    const { lengthSeconds } = channels.step;
    const plainRarity = Math.max(rarity, channels.fastRanks.rarity(row, fast.z) - FAST_HANDICAP);
    this.plainScore = softAnd(plainRarity / rare, size / this.#large);
    const isHabit = recurrence.isHabit(row, fast.z, lengthSeconds);
    let score = isHabit ? softAnd((HABIT_FACTOR * plainRarity) / rare, size / this.#large) : this.plainScore;
    if (reference !== undefined) {
      const own = Math.max(rarity, channels.fastRanks.rarity(row, referenceZ) - FAST_HANDICAP);
      const factor = recurrence.isHabit(row, referenceZ, lengthSeconds) ? HABIT_FACTOR : 1;
      score = Math.max(score, softAnd((factor * own) / rare, Math.max(LEAST_OPINION, referenceSize) / this.#large));
    }
    if (peersSize > 0) {
      const unlikeOthers = peers.ranks.rarity(peers.row, peers.z) - PEERS_HANDICAP;
      this.peersScore = softAnd(unlikeOthers / rare, peersSize / LARGE_AMONG_PEERS);
      score = Math.max(score, this.peersScore);
    }
    this.score = Math.min(MAX_SCORE, score);
    if (score > 1 && (this.#isFormerNormal(value) || this.#isBeginning() || this.#isAccepted(this.probe)))
      this.score = 1;
  }

  /** The step that was judged last. */
  get step(): Readonly<Step> {
    return this.#channels.step;
  }

  /** Steps learnt before it. */
  get learned(): number {
    return this.#maturity.steps[this.#channels.slot]!;
  }

  /** Its value, in the unit of the series. */
  get value(): number {
    const { logs, row, step } = this.#channels;
    return logs.valueOf(row, step.value);
  }

  /** What is expected, in the unit of the series. While an anomaly is open, what was expected before. */
  get expected(): number {
    const { logs, row, expected } = this.#channels;
    return logs.valueOf(row, this.#reference === undefined ? expected : this.#referenceLevel);
  }

  /** How large the baseline's values are: what a relative deviation is relative to. */
  get magnitude(): number {
    const { logs, row, fast, floors } = this.#channels;
    const level = logs.valueOf(row, this.#reference === undefined ? fast.level : this.#referenceLevel);
    if (logs.isUsed(row)) return (1 + MAGNITUDE_SHARE) * Math.abs(level);
    return Math.abs(level) + MAGNITUDE_SHARE * floors.magnitude;
  }

  /** Standard deviation from step to step, as it is judged. > 0. */
  get scale(): number {
    return this.#channels.fast.scale;
  }

  /** Lowest and highest value seen. */
  get seen(): readonly [low: number, high: number] {
    const { logs, row, range } = this.#channels;
    return [logs.valueOf(row, range.low), logs.valueOf(row, range.high)];
  }

  /** The score of a step after the channels: a flat line is anomalous, however normal its value is. */
  get flatlineScore(): number {
    const isTold = this.isFlatline && this.#maturity.isWarm(this.#channels.slot) && !this.#isAccepted(this.value);
    return isTold ? FLATLINE_SCORE : 0;
  }

  /** Whether the value is back at what was expected before the open anomaly. */
  get hasReturned(): boolean {
    const reference = this.#reference;
    return (
      reference === undefined || Math.abs(this.step.value - this.#referenceLevel) < RETURNED_SIGMAS * reference.scale
    );
  }

  /** What was expected before the open anomaly, as it is judged: with the seasonal profile of now. */
  get referenceLevel(): number {
    return this.#referenceLevel;
  }

  /** What an anomaly that begins now will be compared with. */
  reference(): Reference {
    const { fast, season } = this.#channels;
    return { level: fast.level, scale: fast.scale, profile: season.isInUse ? season.profile : undefined };
  }

  /** What each channel says of `probe`. */
  opinions(): Opinion[] {
    const { logs, row, fast } = this.#channels;
    const reference = this.#reference;
    const z = reference === undefined ? fast.z : (logs.of(row, this.probe) - this.#referenceLevel) / reference.scale;
    return opinionsOf(this.#channels, z);
  }

  /** The level of a reference moves with the seasonal profile, also where a long fault has put that out of use. */
  #levelOf({ level, profile }: Reference): number {
    const { season } = this.#channels;
    return profile !== undefined && season.row !== 0 ? level + season.profile - profile : level;
  }

  /** What lies between where a young replica began and what its workload is used to is a start, and no anomaly. */
  #isBeginning(): boolean {
    const { range, slot } = this.#channels;
    return range.z === 0 && this.#maturity.youth.isYoung(slot);
  }

  #isAccepted(value: number): boolean {
    return this.accepted?.some(({ low, high }) => value >= low && value <= high) ?? false;
  }

  #isFormerNormal(value: number): boolean {
    const { former } = this;
    return former !== undefined && Math.abs(value - this.#levelOf(former)) < FORMER_SIGMAS * former.scale;
  }

  /** Sets `#size` to the sum of deviations, weighted by the size of the effect. */
  #measure(deviation: number, level: number, z: number, others: number): void {
    const { logs, row, floors, fast, isCount } = this.#channels;
    const size = this.#amplification * Math.abs(deviation);
    const isLog = logs.isUsed(row);
    const base = Math.abs(level) + MAGNITUDE_SHARE * floors.magnitude + TINY;
    const share = isLog ? Math.expm1(size) : size / base;
    const plain = isCount ? Math.max(PLAIN_EFFECT, (PLAIN_COUNT_SIGMAS * fast.scale) / base) : PLAIN_EFFECT;
    const effect = Math.min(isLog ? MOST_LOG_EFFECT : MOST_EFFECT, share / plain);
    this.#size = (Math.abs(z) + others) * Math.sqrt(Math.max(LEAST_EFFECT, effect));
  }

  /** The deviation from what siblings do, weighted by the size of the effect. */
  #measurePeers(value: number): number {
    const { peers, long, step } = this.#channels;
    if (!peers.isReady) return 0;
    peers.evaluate((value - long.mean) / long.scale, step.floor / long.scale);
    const level = long.mean + peers.expected * long.scale;
    this.#measure(value - level, level, peers.z, 0);
    return this.#size;
  }
}

/** High only when both are: the two opinions in units of the edge of normal. */
function softAnd(rarity: number, size: number): number {
  const r = Math.max(LEAST_OPINION, rarity);
  return Math.sqrt(2 / (1 / (r * r) + 1 / (size * size)));
}
