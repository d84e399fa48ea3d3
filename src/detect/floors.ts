import type { Columns } from '../series/columns.ts';
import { Gain } from './gain.ts';

const MAGNITUDE_GAIN = 0.0005;
/** No scale is smaller than this share of the magnitude … */
const RELATIVE_FLOOR = 0.01;
/** … or than so many quanta: a step of one or two on an integer series is no news. */
const QUANTUM_FLOOR = 2;
/** Factor by which the quantum grows per change: a single small difference long ago loses its meaning. */
const QUANTUM_GROWTH = 1.0005;
const TINY = 1e-12;

/** The least scale by which a series is judged. Without it quantised and nearly constant series swamp everything. */
export class Floors {
  /** Mean absolute value. */
  magnitude = 0;
  /** Least scale. > 0. */
  floor = TINY;
  readonly #magnitude: Float32Array;
  /** Smallest difference between two steps that follow each other; 0 while there was none. */
  readonly #quantum: Float32Array;
  readonly #gain = new Gain(MAGNITUDE_GAIN);

  constructor(columns: Columns) {
    this.#magnitude = columns.f32('magnitude');
    this.#quantum = columns.f32('quantum');
  }

  start(row: number, value: number): void {
    this.#magnitude[row] = Math.abs(value);
  }

  /** What the smallest difference is, is learnt anew. */
  restart(row: number): void {
    this.#quantum[row] = 0;
  }

  /**
   * @param difference of the value to be judged to the step before. The first change of a series is its own quantum:
   *   nothing is known of its grain, and a replica count that goes from 3 to 4 is not news
   * @param isLoss whether the value is 0 where it never was, or the state 0 of what is mostly 1: that is news
   * @param grain from which difference on its rule says that it matters, 0 when it says nothing: then more is news, also
   *   for a series that seldom changes and never by so little, such as errors that have never been
   */
  load(row: number, difference: number, isLoss: boolean, grain: number): void {
    this.magnitude = this.#magnitude[row]!;
    const quantum = this.#quantum[row]!;
    const floor = Math.max(RELATIVE_FLOOR * this.magnitude, TINY);
    const coarse = QUANTUM_FLOOR * (quantum === 0 ? difference : quantum);
    this.floor = isLoss ? floor : Math.max(floor, grain > 0 ? Math.min(coarse, grain) : coarse);
  }

  /** Least scale of any series, without regard to a value that is to be judged. */
  least(row: number): number {
    return Math.max(RELATIVE_FLOOR * this.#magnitude[row]!, QUANTUM_FLOOR * this.#quantum[row]!, TINY);
  }

  /** Smallest difference between two steps that follow each other. */
  quantum(row: number): number {
    return this.#quantum[row]!;
  }

  /** Whether the series never changed. */
  isUnmoved(row: number): boolean {
    return this.#quantum[row] === 0;
  }

  /** @param difference to the step before; 0 when there is none to compare with */
  learn(row: number, value: number, difference: number, elapsedSteps: number, learned: number): void {
    this.#magnitude[row]! += this.#gain.over(elapsedSteps, learned) * (Math.abs(value) - this.#magnitude[row]!);
    if (difference === 0) return;
    const quantum = this.#quantum[row]!;
    this.#quantum[row] = quantum === 0 ? difference : Math.min(quantum * QUANTUM_GROWTH, difference);
  }
}
