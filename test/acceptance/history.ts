import { systemClock } from '../../src/model/clock.ts';
import type { TestSeries } from '../ingest/write-request-builder.ts';

const INTERVAL_MS = 15_000;
/** Two hours: twice of what a warm-up takes. */
const SAMPLES = 480;

/** Samples of a past that ends now, so that nothing has to wait for a warm-up. @param next called per sample, in order */
export function history(next: () => number): TestSeries['samples'] {
  const now = systemClock.now();
  return Array.from({ length: SAMPLES }, (_, i) => [now - (SAMPLES - 1 - i) * INTERVAL_MS, next()] as const);
}

/** A counter that grows by a noisy rate. */
export class NoisyCounter {
  readonly #perSecond: () => number;
  #lastAt: number | undefined;
  #total = 0;

  /** @param perSecond asked at each reading for the rate since the one before */
  constructor(perSecond: () => number) {
    this.#perSecond = perSecond;
  }

  /** Its past up to now, from which `read` goes on. */
  past(): TestSeries['samples'] {
    const samples = history(() => this.#add(INTERVAL_MS));
    this.#lastAt = systemClock.now();
    return samples;
  }

  read(): number {
    const now = systemClock.now();
    const total = this.#add(now - (this.#lastAt ?? now));
    this.#lastAt = now;
    return total;
  }

  /** Starts again from zero, as a restarted program's counters do. */
  restart(): void {
    this.#total = 0;
  }

  #add(elapsedMs: number): number {
    this.#total += (Math.max(0, this.#perSecond()) * elapsedMs) / 1000;
    return this.#total;
  }
}
