import type { OutputSample } from './write-request.ts';

/** A sample that waits, and since when (milliseconds since the epoch). */
export interface QueuedSample extends OutputSample {
  readonly queuedAt: number;
}

/** First in, first out, of bounded size: when it is full the oldest sample makes room. */
export class SampleQueue {
  readonly #ring: (QueuedSample | undefined)[];
  #first = 0;
  #length = 0;

  /** @param capacity samples, > 0 */
  constructor(capacity: number) {
    this.#ring = new Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** @returns whether the oldest sample was dropped for it */
  push(sample: QueuedSample): boolean {
    const isFull = this.#length === this.#ring.length;
    this.#ring[(this.#first + this.#length) % this.#ring.length] = sample;
    if (isFull) this.#first = (this.#first + 1) % this.#ring.length;
    else this.#length++;
    return isFull;
  }

  /** Takes out the oldest samples, at most `count` of them. */
  take(count: number): QueuedSample[] {
    const taken: QueuedSample[] = [];
    while (taken.length < count && this.#length > 0) {
      taken.push(this.#ring[this.#first]!);
      this.#ring[this.#first] = undefined;
      this.#first = (this.#first + 1) % this.#ring.length;
      this.#length--;
    }
    return taken;
  }
}
