import type { Columns } from '../series/columns.ts';
import type { Sample } from './detector.ts';
import { TO_SIGMA } from './fast-channel.ts';

const SCALE_GAIN = 0.0005;
/** The scale of the first few steps' samples is a plain mean, about: there are four samples to a step, or more. */
const EARLY_GAIN = 0.25;
/** Steps after which the scale of samples is known well enough for records. */
const SETTLED_STEPS = 30;
/** Samples count for the scale up to so many times of it, more loosely at first. */
const CLIP = 5;
/** A sample is news before its step is complete only when it lies this much further out than any before … */
const RECORD_RATIO = 1.3;
/** … which is forgotten at this share per step: in weeks. */
const FORGET = 2e-5;

/**
 * Joins the samples of a step to one value: the mean of a gauge, the mean rate of a counter. Learning at the speed of the
 * scrapes would make a burst of sparse errors look like noise. Single samples have a scale of their own, because a mean
 * of four is less noisy than each of them.
 */
export class StepMeans {
  /** Mean of the complete step. */
  value = 0;
  /** Duration of the complete step in steps: more than 1 after samples were missed. */
  elapsedSteps = 1;
  /** How far the latest sample lies from the level, in standard deviations of single samples. */
  sampleZ = 0;
  readonly #sums: Float64Array;
  readonly #weights: Float32Array;
  readonly #elapsed: Float32Array;
  readonly #sampleScales: Float32Array;
  readonly #records: Float32Array;
  /** 1 for series that ever had a value other than 0 and 1. */
  readonly #isNumeric: Uint8Array;
  /** Largest since the record was last kept. */
  readonly #largest: Float32Array;

  constructor(columns: Columns) {
    this.#sums = columns.f64('step_sum');
    this.#weights = columns.f32('step_weight');
    this.#elapsed = columns.f32('step_elapsed');
    this.#sampleScales = columns.f32('sample_scale');
    this.#records = columns.f32('sample_record');
    this.#largest = columns.f32('sample_largest');
    this.#isNumeric = columns.u8('is_numeric');
  }

  start(row: number, value: number): void {
    if (value !== 0 && value !== 1) this.#isNumeric[row] = 1;
  }

  /** Forgets the samples of the step that is not complete. */
  restart(row: number): void {
    this.#sums[row] = 0;
    this.#weights[row] = 0;
    this.#elapsed[row] = 0;
  }

  /** Whether the series is a state: it only ever was 0 or 1. A state is not averaged: its step has its last value. */
  isBinary(row: number): boolean {
    return this.#isNumeric[row] === 0;
  }

  /**
   * Adds a sample to its step.
   * @param weight in the mean; 0 for a sample without a value
   * @param isExtraordinary whether the sample was judged by itself: it belongs to what follows, and completes no step
   * @returns whether the step is complete with it; then `value` and `elapsedSteps` are set
   */
  add(row: number, sample: Sample, weight: number, isExtraordinary: boolean): boolean {
    if (sample.isGap) {
      this.#sums[row] = 0;
      this.#weights[row] = 0;
    }
    if (weight > 0) {
      this.#sums[row]! += sample.value * weight;
      if (sample.value !== 0 && sample.value !== 1) this.#isNumeric[row] = 1;
    }
    const total = this.#weights[row]! + weight;
    const elapsed = this.#elapsed[row]! + sample.elapsedSeconds;
    const tolerance = isExtraordinary ? -sample.intervalSeconds / 2 : sample.intervalSeconds / 2;
    if (elapsed < sample.stepSeconds - tolerance) {
      this.#weights[row] = total;
      this.#elapsed[row] = elapsed;
      return false;
    }
    this.value = weight > 0 && this.isBinary(row) ? sample.value : this.#sums[row]! / total;
    // Times jitter by some milliseconds; a gain that had to be computed anew for each would be expensive.
    this.elapsedSteps = Math.max(1, Math.round((elapsed / sample.stepSeconds) * 8)) / 8;
    this.#sums[row] = 0;
    this.#weights[row] = 0;
    this.#elapsed[row] = 0;
    return total > 0;
  }

  /**
   * Looks at a single sample, whose step is not complete, without judging it.
   * @param level that is expected
   * @param scale standard deviation of steps: no sample's is smaller
   * @param learned steps learnt so far, >= 1
   * @returns whether it lies so far out that it has to be judged
   */
  isRecord(row: number, value: number, level: number, scale: number, learned: number): boolean {
    const gain = Math.max(SCALE_GAIN, EARLY_GAIN / learned);
    const deviation = value - level;
    const own = Math.max(TO_SIGMA * this.#sampleScales[row]!, scale);
    const z = deviation / own;
    const size = Math.abs(z);
    this.sampleZ = z;
    this.#sampleScales[row]! += gain * (Math.min(Math.abs(deviation), CLIP * own) - this.#sampleScales[row]!);
    if (learned < SETTLED_STEPS) return false;
    if (size > this.#largest[row]!) this.#largest[row] = size;
    return size > CLIP && size > RECORD_RATIO * this.#records[row]!;
  }

  /** How much single samples differ is learnt anew. */
  restartScale(row: number): void {
    this.#sampleScales[row] = 0;
    this.#records[row] = 0;
    this.#largest[row] = 0;
  }

  /** From now on samples like the largest ones of late are no news. Not before an anomaly that began with them has ended. */
  keepRecord(row: number): void {
    this.#records[row] = Math.max(this.#records[row]! * (1 - FORGET), this.#largest[row]!);
    this.#largest[row] = 0;
  }
}
