import type { Clock } from '../model/clock.ts';

const WIDTH = 30;
/** Redrawn at most so often. */
const REDRAW_MS = 100;
/** What takes less time than this needs no bar. */
const PATIENCE_MS = 500;

/** Told how much of a piece of work is done. */
export type Progress = (done: number, total: number) => void;

/** A bar on one line of a terminal, for work that takes long. */
export class ProgressBar {
  readonly #write: ((text: string) => void) | undefined;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #startedAt: number;
  #drawnAt = Number.NEGATIVE_INFINITY;

  /** @param write to the terminal; undefined where there is none, and then no bar */
  constructor(write: ((text: string) => void) | undefined, clock: Pick<Clock, 'now'>) {
    this.#write = write;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /** @param what is being done, a word or two */
  of(what: string): Progress {
    return (done, total) => {
      const now = this.#clock.now();
      if (this.#write === undefined || now - this.#startedAt < PATIENCE_MS || now - this.#drawnAt < REDRAW_MS) return;
      this.#drawnAt = now;
      const share = total > 0 ? Math.min(1, done / total) : 1;
      const filled = Math.round(share * WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
      this.#write(`\r${what.padEnd(10)} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %\x1b[K`);
    };
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#drawnAt > 0) this.#write?.('\r\x1b[K');
  }
}
