/**
 * The gain of an exponentially weighted mean whose time constant is given, for the time that has passed: a step after a
 * gap weighs more. Most steps have the length of the one before, so the latest result is kept: an exponential costs more
 * than all the rest of a channel.
 */
export class Gain {
  readonly #steps: number;
  #elapsed = Number.NaN;
  #gain = 0;

  /** @param perStep gain of one step, 0..1; the time constant is -1 / ln(1 - perStep) steps */
  constructor(perStep: number) {
    this.#steps = -1 / Math.log1p(-perStep);
  }

  /**
   * @param elapsedSteps > 0
   * @param learned steps learnt so far, >= 1: the mean of the first few is a plain mean
   */
  over(elapsedSteps: number, learned: number): number {
    if (elapsedSteps !== this.#elapsed) {
      this.#elapsed = elapsedSteps;
      this.#gain = -Math.expm1(-elapsedSteps / this.#steps);
    }
    return Math.max(this.#gain, 1 / learned);
  }
}
