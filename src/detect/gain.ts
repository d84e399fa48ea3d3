/**
 * The gain of an exponentially weighted mean whose time constant is given, for the time that has passed: scrapes of 15 s
 * and of 60 s forget at the same speed. Most samples come at the same distance as the one before, so the latest result
 * is kept: an exponential costs more than all the rest of a detector.
 */
export class Gain {
  readonly #steps: number;
  #elapsed = Number.NaN;
  #gain = 0;

  /** @param perStep gain of one step, 0..1; the time constant is -1 / ln(1 - perStep) steps */
  constructor(perStep: number) {
    this.#steps = -1 / Math.log1p(-perStep);
  }

  /** @param elapsedSteps > 0 */
  over(elapsedSteps: number): number {
    if (elapsedSteps !== this.#elapsed) {
      this.#elapsed = elapsedSteps;
      this.#gain = -Math.expm1(-elapsedSteps / this.#steps);
    }
    return this.#gain;
  }
}
