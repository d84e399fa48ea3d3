import type { Columns, Pool } from '../series/columns.ts';
import type { Siblings } from '../series/workloads.ts';
import { Channels } from './channels.ts';
import type { CivilTime } from './civil-time.ts';
import type { Sample } from './detector.ts';
import { Judgement, type Reference } from './judgement.ts';
import { Maturity } from './maturity.ts';
import type { SampleClock } from './sample-clock.ts';

/** What `observe` found. */
export const VERDICT = {
  /** Nothing new: the sample waits for its step to be complete. */
  none: 0,
  /** A step is complete: it was judged and is to be learnt. */
  step: 1,
  /** A single sample that cannot wait: it was judged, and is not learnt. */
  early: 2,
} as const;

/** A replica whose level differs by so many standard deviations of weeks has one of its own. */
const OTHER_LEVEL_SIGMAS = 2;
/** The held score falls by this share per step. */
const HELD_SHARE = 0.98;
/** Verdicts on a younger series are not held: the first hours are judged leniently, by little experience. */
const HELD_FROM_STEPS = 200;

/** What `Engine.experience` tells. */
interface Experience {
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

/**
 * The baseline of every series, through its life. One that never changed owns a few bytes: all that its channels would
 * know follows from its value and age. With its first change it becomes live and gets a row in a pool, and with time it
 * may earn rows for season and habits.
 *
 * A step is judged by what was learnt before it, and learnt afterwards.
 */
export class Engine {
  /** What was found of the step that was judged last. */
  readonly judgement: Judgement;
  readonly #channels: Channels;
  readonly #maturity: Maturity;
  readonly #live: Pool;
  readonly #values: Float64Array;
  readonly #held: Float16Array;

  /**
   * @param live what the series have that have changed
   * @param values where the only value of a gauge that never changed is kept. The rate of a constant counter is 0
   */
  constructor(
    columns: Columns,
    live: Pool,
    values: Float64Array,
    civil: CivilTime,
    siblings: Siblings,
    clock: SampleClock,
  ) {
    this.#live = live;
    this.#values = values;
    this.#held = live.columns.f16('held');
    const maturity = new Maturity(columns);
    this.#maturity = maturity;
    this.#channels = new Channels(live, civil, siblings, (slot) => (maturity.isMature(slot) ? clock.lastAt(slot) : 0));
    this.judgement = new Judgement(this.#channels, maturity);
  }

  /** Least difference that matters for the series whose turn it is, by its rule; 0 when it says nothing. */
  set grain(difference: number) {
    this.#channels.grain = difference;
  }

  /** Whether enough was learnt for a verdict. */
  isWarm(slot: number): boolean {
    return this.#maturity.isWarm(slot);
  }

  /** Whether what is known of a series is its own, and enough for others to begin with. */
  isMature(slot: number): boolean {
    return this.#maturity.isMature(slot);
  }

  /** Lets a new series begin with all that is known of another one (youth.ts). @param timestamp of its first sample */
  inherit(slot: number, donor: number, timestamp: number): void {
    const { steps, youth } = this.#maturity;
    this.#values[slot] = this.#values[donor]!;
    steps[slot] = steps[donor]!;
    this.#live.copy(donor, slot);
    const row = this.#live.rows[slot]!;
    youth.begin(slot, timestamp, this.#channels.fast.levels[row]!);
    if (row === 0) return;
    this.#held[row] = 0;
    this.#channels.stepMeans.restart(row);
    this.#channels.interrupt(row, 0);
  }

  /** Forgets what was learnt: the series is a new one. */
  forget(slot: number): void {
    this.#live.release(slot);
    this.#maturity.youth.end(slot);
    this.#maturity.steps[slot] = 0;
  }

  /** The held score: falls slowly, for eyes. */
  held(slot: number): number {
    return this.#held[this.#live.rows[slot]!]!;
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
    const channels = this.#channels;
    this.judgement.former = former;
    let row = this.#live.rows[slot]!;
    if (row === 0) {
      if (this.#isConstant(slot, sample, weight, isWatched)) return VERDICT.none;
      row = this.#enliven(slot, sample.isRate ? 0 : this.#values[slot]!, sample.timestamp);
      if (row === 0) return VERDICT.none;
    }
    if (sample.isGap) channels.interrupt(row, sample.elapsedSeconds);
    const isEarly =
      weight > 0 && 2 * sample.intervalSeconds <= sample.stepSeconds && this.#isEarly(slot, row, sample, reference);
    const { stepMeans, step, logs, flatline } = channels;
    if (!stepMeans.add(row, sample, weight, isEarly)) return isEarly ? VERDICT.early : VERDICT.none;
    step.value = logs.of(row, stepMeans.value);
    step.elapsed = stepMeans.elapsedSteps;
    this.#load(slot, row, sample, reference, 1);
    const difference = Math.abs(step.value - channels.previous[row]!);
    const isFlat =
      !channels.floors.isUnmoved(row) &&
      flatline.isTooLong(row, difference, channels.fast.scale, this.#maturity.steps[slot]!);
    this.#judge(isFlat, isWatched || isFlat);
    return VERDICT.step;
  }

  /**
   * Judges the latest step again, by all that was learnt since: to tell, not to score.
   * @returns whether there is one: a constant has none
   */
  inspect(slot: number, sample: Sample, reference: Reference | undefined, former: Reference | undefined): boolean {
    const row = this.#live.rows[slot]!;
    if (row === 0) return false;
    const { step, previous, floors, flatline, fast } = this.#channels;
    this.judgement.former = former;
    step.value = previous[row]!;
    step.elapsed = 1;
    this.#load(slot, row, sample, reference, 1);
    this.#judge(!floors.isUnmoved(row) && flatline.isTooLong(row, 0, fast.scale, this.#maturity.steps[slot]!), true);
    return true;
  }

  /** How much is known of a series, for people. @param isRate whether it is a counter, judged by its rate */
  experience(slot: number, isRate: boolean): Experience {
    const { steps, youth } = this.#maturity;
    const row = this.#live.rows[slot]!;
    const constant = isRate ? 0 : this.#values[slot]!;
    return {
      steps: Math.floor(steps[slot]!),
      constant: row === 0 && steps[slot]! > 0 ? constant : undefined,
      isYoung: youth.isYoung(slot),
      isSettling: youth.isSettling(slot),
      hasHabits: this.#channels.recurrence.isKept(row),
      season: this.#channels.season.stage(row),
    };
  }

  /**
   * The anomaly of the step that was judged has ended. The level, whose way was bounded, need not go the rest of it: it is
   * back where it was before, or where the series is now. Otherwise the return itself would be an anomaly, and so would
   * be a new normal far away, a second time.
   */
  settle(): void {
    const { fast, flatline, previous, row, step } = this.#channels;
    const { hasReturned, referenceLevel } = this.judgement;
    fast.level = hasReturned ? referenceLevel : median(fast.level, previous[row]!, step.value);
    if (!hasReturned) flatline.accept(row);
  }

  /**
   * Learns the step that was judged.
   * @param score as it was published
   * @param isOpen whether an anomaly is open
   */
  learn(slot: number, score: number, isOpen: boolean): void {
    const { steps, youth } = this.#maturity;
    const channels = this.#channels;
    const { row } = channels;
    if (youth.isYoung(slot)) {
      this.#growUp(slot, row);
      return;
    }
    const learned = ++steps[slot]!;
    channels.learn(learned, this.judgement.plainScore, isOpen);
    if (channels.isSkewed(learned) && !isOpen && this.judgement.former === undefined) channels.takeLogs();
    if (learned > HELD_FROM_STEPS) this.#held[row] = Math.max(score, HELD_SHARE * this.#held[row]!);
  }

  #load(slot: number, row: number, sample: Sample, reference: Reference | undefined, amplification: number): void {
    this.#channels.load(slot, row, sample, this.#maturity.steps[slot]!);
    this.judgement.load(reference, amplification);
  }

  #judge(isFlatline: boolean, isExact: boolean): void {
    const { judgement } = this;
    judgement.isFlatline = isFlatline;
    judgement.probe = judgement.value;
    judgement.evaluate(isExact);
  }

  /** Whether all there is to do for the sample of a series without a row is to count it. */
  #isConstant(slot: number, sample: Sample, weight: number, isWatched: boolean): boolean {
    const { steps } = this.#maturity;
    const { value, isRate } = sample;
    if (weight > 0 && steps[slot] === 0) {
      steps[slot] = 1;
      if (!isRate) this.#values[slot] = value;
      // A counter that moves is no constant, even if it always moved at the same rate.
      else if (value !== 0) this.#enliven(slot, value, sample.timestamp);
      return true;
    }
    if (isWatched || (weight > 0 && value !== (isRate ? 0 : this.#values[slot]))) return false;
    steps[slot]! += Math.min(1, sample.elapsedSeconds / sample.stepSeconds);
    return true;
  }

  /** Gives a constant series, of which this is the value, a row. @returns 0 when all are taken */
  #enliven(slot: number, value: number, timestamp: number): number {
    const row = this.#live.acquire(slot);
    if (row === 0) return 0;
    const ages = this.#maturity.steps;
    const steps = Math.max(1, Math.floor(ages[slot]!));
    ages[slot] = steps;
    this.#maturity.youth.leaveConstant(slot, timestamp, value);
    this.#channels.start(row, value, steps, timestamp);
    return row;
  }

  /** Judges a sample whose step is not complete, if it lies further out than any did before. */
  #isEarly(slot: number, row: number, sample: Sample, reference: Reference | undefined): boolean {
    const { fast, floors, logs, step, stepMeans } = this.#channels;
    const learned = this.#maturity.steps[slot]!;
    const value = logs.of(row, sample.value);
    step.value = value;
    this.#channels.loadFloors(row, value);
    fast.load(row, 0, floors.floor, learned);
    if (!stepMeans.isRecord(row, value, fast.level, fast.scale, learned)) return false;
    if (!this.isWarm(slot)) return false;
    step.elapsed = 1;
    this.#load(slot, row, sample, reference, 1);
    // Scaled so that as many standard deviations of a sample are as many of a step.
    const deviation = stepMeans.sampleZ * fast.scale;
    this.judgement.load(reference, Math.abs((value - fast.level) / deviation));
    step.value = fast.level + deviation;
    this.#judge(false, true);
    return this.judgement.score > 1;
  }

  /** A young replica finds its level. What its workload has learnt of noise, rarity and season is not touched. */
  #growUp(slot: number, row: number): void {
    const { step, fast, long, range, season, previous } = this.#channels;
    const { youth } = this.#maturity;
    fast.follow(row, step.value, youth.steps(slot) + 1);
    if (youth.isSettling(slot)) range.learn(row, step.value);
    season.keepPlace();
    previous[row] = step.value;
    if (!youth.grow(slot)) return;
    const level = fast.levels[row]!;
    season.shift(level - season.expected);
    const offset = level - youth.level(slot);
    if (Math.abs(offset) > OTHER_LEVEL_SIGMAS * long.scale) long.shift(row, offset);
    youth.end(slot);
  }
}

/** So a single step far away is not where the series is. */
function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
