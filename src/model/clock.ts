/** Ends a timer; calling it again does nothing. */
export type Cancel = () => void;

/**
 * The only source of time in the program. Production code takes a clock and never calls `Date.now` or `setTimeout`, so
 * that tests, replay and backtest run it at their own pace.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump in either direction: the machine's clock can be corrected. */
  now(): number;
  /** Runs `callback` once, `delayMs` from now (>= 0). */
  after(delayMs: number, callback: () => void): Cancel;
  /** Runs `callback` every `intervalMs` (> 0), first after one interval. */
  every(intervalMs: number, callback: () => void): Cancel;
}

/** The machine's clock. Its timers do not keep the process alive: the server's sockets do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
  every(intervalMs, callback) {
    const timer = setInterval(callback, intervalMs).unref();
    return () => clearInterval(timer);
  },
};

interface ManualTimer {
  dueAt: number;
  readonly order: number;
  readonly intervalMs: number | undefined;
  readonly callback: () => void;
}

/** A clock that moves only when told to: for tests, replay and backtest. */
export class ManualClock implements Clock {
  #nowMs: number;
  #timers: ManualTimer[] = [];
  #order = 0;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Cancel {
    return this.#add({ dueAt: this.#nowMs + delayMs, order: this.#order++, intervalMs: undefined, callback });
  }

  every(intervalMs: number, callback: () => void): Cancel {
    return this.#add({ dueAt: this.#nowMs + intervalMs, order: this.#order++, intervalMs, callback });
  }

  /** Moves on by `durationMs`, running each timer at the time at which it is due, in order. */
  advance(durationMs: number): void {
    this.advanceTo(this.#nowMs + durationMs);
  }

  /** Moves on to `targetMs`, running each timer at the time at which it is due, in order. */
  advanceTo(targetMs: number): void {
    for (;;) {
      const timer = this.#timers.toSorted((a, b) => a.dueAt - b.dueAt || a.order - b.order)[0];
      if (timer === undefined || timer.dueAt > targetMs) break;
      this.#nowMs = timer.dueAt;
      if (timer.intervalMs === undefined) this.#remove(timer);
      else timer.dueAt += timer.intervalMs;
      timer.callback();
    }
    this.#nowMs = targetMs;
  }

  /** Sets the time without running any timer, as a correction of the machine's clock does. */
  jumpTo(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  #add(timer: ManualTimer): Cancel {
    this.#timers.push(timer);
    return () => this.#remove(timer);
  }

  #remove(timer: ManualTimer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}
