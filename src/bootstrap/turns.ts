import { setImmediate as nextTurn } from 'node:timers/promises';

/** So long work goes on in one turn of the event loop, milliseconds: whatever comes meanwhile waits for its end. */
const TURN_MS = 3;

/** Divides long work into short turns of the event loop. */
export class Turns {
  readonly #turnMs: number;
  #endsAt = 0;

  constructor(turnMs = TURN_MS) {
    this.#turnMs = turnMs;
  }

  /** To be awaited often, at least every millisecond of work: lets others have a turn once this one has lasted long enough. */
  async share(): Promise<void> {
    if (performance.now() < this.#endsAt) return;
    await nextTurn();
    this.#endsAt = performance.now() + this.#turnMs;
  }
}
