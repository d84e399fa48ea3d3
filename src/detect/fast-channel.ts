import type { Columns } from '../series/columns.ts';
import { Gain } from './gain.ts';

/** The level follows in about 5 steps, the scale in about 1,000: one speed for both would hide every change in the scale. */
const LEVEL_GAIN = 0.2;
const SCALE_GAIN = 0.001;
/** Mean absolute deviation to standard deviation, for Gaussian noise: √(π/2). */
export const TO_SIGMA = 1.2533;
/** Influence is bounded at so many standard deviations (Huber, 1964), more loosely while nothing is known yet. */
const CLIP = 3;
const EARLY_CLIP = 30;
const EARLY_STEPS = 20;
/** No verdict before so many steps. */
const LEAST_STEPS = 10;

/** Is this a step away from where the series has just been? A level that follows fast, a scale that follows slowly. */
export class FastChannel {
  /** What is expected of the next step. */
  level = 0;
  /** Standard deviation around it. > 0. */
  scale = 1;
  z = 0;
  isReady = false;
  readonly levels: Float64Array;
  /** Mean absolute deviation from the level. */
  readonly #scales: Float32Array;
  readonly #levelGain = new Gain(LEVEL_GAIN);
  readonly #scaleGain = new Gain(SCALE_GAIN);

  constructor(columns: Columns) {
    this.levels = columns.f64('level');
    this.#scales = columns.f32('scale');
  }

  start(row: number, value: number): void {
    this.levels[row] = value;
  }

  /** Goes on at another level. @param sigma standard deviation around it */
  restart(row: number, level: number, sigma: number): void {
    this.levels[row] = level;
    this.#scales[row] = sigma / TO_SIGMA;
  }

  /** @param ride by how much the seasonal profile has moved since the step before */
  load(row: number, ride: number, floor: number, learned: number): void {
    this.level = this.levels[row]! + ride;
    this.scale = Math.max(TO_SIGMA * this.#scales[row]!, floor);
    this.isReady = learned > LEAST_STEPS;
  }

  evaluate(value: number): void {
    this.z = this.isReady ? (value - this.level) / this.scale : 0;
  }

  learn(row: number, value: number, elapsedSteps: number, learned: number): void {
    const clip = (learned < EARLY_STEPS ? EARLY_CLIP : CLIP) * this.scale;
    const deviation = value - this.level;
    const clipped = Math.max(-clip, Math.min(clip, deviation));
    this.levels[row] = this.level + this.#levelGain.over(elapsedSteps, learned) * clipped;
    this.#scales[row]! += this.#scaleGain.over(elapsedSteps, learned) * (Math.abs(clipped) - this.#scales[row]!);
  }

  /** Learns the level alone, however far away it is. @param count of steps since the series began, this one included */
  follow(row: number, value: number, count: number): void {
    this.levels[row] = this.level + Math.max(LEVEL_GAIN, 1 / count) * (value - this.level);
  }

  /** After a long silence less is known. */
  widen(row: number): void {
    this.#scales[row]! *= 2;
  }
}
