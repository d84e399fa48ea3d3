import type { Columns } from '../series/columns.ts';
import { type Detector, type Sample, scoreOf } from './detector.ts';
import { Gain } from './gain.ts';

/** Gains per step: the level follows in about 5 steps, the scale in about 1,000, the magnitude in about 2,000. */
const LEVEL_GAIN = 0.2;
const SCALE_GAIN = 0.001;
const MAGNITUDE_GAIN = 0.0005;

/** Mean absolute deviation to standard deviation, for Gaussian noise: √(π/2). */
const TO_SIGMA = 1.2533;
/** The scale is at least this share of the magnitude, so that tiny noise around a large value is not judged. */
const RELATIVE_FLOOR = 0.01;
/** The scale is at least so many quanta: a step of one or two on an integer series is no news. */
const QUANTUM_FLOOR = 2;
/** Factor by which the quantum grows per sample: a single small difference long ago loses its meaning. */
const QUANTUM_GROWTH = 1.0005;
const TINY = 1e-12;

/** Influence is bounded at so many standard deviations (Huber, 1964), more loosely while nothing is known yet. */
const CLIP = 3;
const EARLY_CLIP = 30;
const EARLY_SAMPLES = 20;

/** Standard deviations to the edge of normal: Gaussian noise at 15 s crosses it once in a year. */
const EDGE_SIGMAS = 5;

/** No verdict before so many values and so much time, in steps. */
const WARM_UP_SAMPLES = 30;
const WARM_UP_STEPS = 60;

/**
 * The first baseline: a level that follows fast, and a scale of the deviations from it that follows slowly, both
 * exponentially weighted in time. One speed for both would let every change hide itself in the scale.
 *
 * The first change of a series that never moved is not judged: nothing is known of its grain, and a replica count that
 * goes from 3 to 4 is not news. From the second change on the smallest one seen so far is its quantum.
 */
export class LevelBaseline implements Detector {
  score = 0;
  expected = 0;
  edge = TINY;

  readonly #level: Float64Array;
  /** The value before, for differences. */
  readonly #previous: Float64Array;
  /** Mean absolute deviation from the level. */
  readonly #scale: Float32Array;
  /** Mean absolute value. */
  readonly #magnitude: Float32Array;
  /** Smallest difference between two values that follow each other; 0 while there was none. */
  readonly #quantum: Float32Array;
  /** How many values were learnt. */
  readonly #learned: Uint32Array;
  /** How many steps learning has lasted. */
  readonly #steps: Float32Array;
  /** What the value was judged by that is learnt next. */
  #sigma = TINY;
  readonly #levelGain = new Gain(LEVEL_GAIN);
  readonly #scaleGain = new Gain(SCALE_GAIN);
  readonly #magnitudeGain = new Gain(MAGNITUDE_GAIN);

  constructor(columns: Columns) {
    this.#level = columns.f64('level');
    this.#previous = columns.f64('previous');
    this.#scale = columns.f32('scale');
    this.#magnitude = columns.f32('magnitude');
    this.#quantum = columns.f32('quantum');
    this.#learned = columns.u32('learned');
    this.#steps = columns.f32('learned_steps');
  }

  isWarm(slot: number): boolean {
    return this.#learned[slot]! >= WARM_UP_SAMPLES && this.#steps[slot]! >= WARM_UP_STEPS;
  }

  judge(slot: number, { value }: Sample): void {
    const level = this.#level[slot]!;
    this.#sigma = this.#sigmaFor(slot, value);
    this.expected = level;
    this.edge = EDGE_SIGMAS * this.#sigma;
    this.score = this.isWarm(slot) ? scoreOf(value - level, this.edge) : 0;
  }

  learn(slot: number, { value, elapsedSeconds, stepSeconds }: Sample): void {
    const learned = ++this.#learned[slot]!;
    const least = 1 / learned;
    const difference = Math.abs(value - this.#previous[slot]!);
    if (learned === 1) {
      this.#level[slot] = value;
      this.#magnitude[slot] = Math.abs(value);
    } else {
      const elapsedSteps = elapsedSeconds / stepSeconds;
      const clip = (learned <= EARLY_SAMPLES ? EARLY_CLIP : CLIP) * this.#sigma;
      const deviation = value - this.#level[slot]!;
      const clipped = Math.max(-clip, Math.min(clip, deviation));
      this.#level[slot]! += Math.max(this.#levelGain.over(elapsedSteps), least) * clipped;
      const scaleGain = Math.max(this.#scaleGain.over(elapsedSteps), least);
      this.#scale[slot]! += scaleGain * (Math.abs(clipped) - this.#scale[slot]!);
      const magnitudeGain = Math.max(this.#magnitudeGain.over(elapsedSteps), least);
      this.#magnitude[slot]! += magnitudeGain * (Math.abs(value) - this.#magnitude[slot]!);
      this.#steps[slot]! += elapsedSteps;
      const quantum = this.#quantum[slot]!;
      if (difference > 0)
        this.#quantum[slot] = quantum === 0 ? difference : Math.min(quantum * QUANTUM_GROWTH, difference);
    }
    this.#previous[slot] = value;
  }

  reseat(slot: number, value: number): void {
    this.#level[slot] = value;
    this.#previous[slot] = value;
  }

  /** Standard deviation that a value is judged and clipped by, never below the floors. */
  #sigmaFor(slot: number, value: number): number {
    const difference = Math.abs(value - this.#previous[slot]!);
    const known = this.#quantum[slot]!;
    const quantum = known === 0 || (difference > 0 && difference < known) ? difference : known;
    return Math.max(
      TO_SIGMA * this.#scale[slot]!,
      RELATIVE_FLOOR * this.#magnitude[slot]!,
      QUANTUM_FLOOR * quantum,
      TINY,
    );
  }
}
