import type { Clock } from '../model/clock.ts';

const FIRST_DELAY_MS = 30;
const LONGEST_DELAY_MS = 5_000;
const JITTER = 0.2;

/** The pauses between attempts: 30 ms, doubling up to 5 s, each up to a fifth longer or shorter. */
export class RetryDelay {
  readonly #clock: Clock;
  #delayMs = FIRST_DELAY_MS;
  #hasEnded = false;
  #wake = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for the next pause, or for `atLeastMs` if that is longer. */
  async wait(atLeastMs: number): Promise<void> {
    if (this.#hasEnded) return;
    const jittered = this.#delayMs * (1 - JITTER + 2 * JITTER * Math.random());
    this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(Math.max(atLeastMs, Math.round(jittered)), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** After a success: the next pause is a short one again. */
  reset(): void {
    this.#delayMs = FIRST_DELAY_MS;
  }

  /** Ends the pause of this moment and all later ones. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }
}
