import type { Forecast } from '../../src/forecast/forecaster.ts';

/** An alert as Prometheus runs it: fires once its condition has held for so long, and ends only when it has held for
 * `keepSeconds` that it does not. */
export class Alarm {
  /** When it began to fire, each time. */
  readonly firedAt: number[] = [];
  readonly #forSeconds: number;
  readonly #keepSeconds: number;
  #since: number | undefined;
  #trueAt = 0;
  isFiring = false;

  constructor(forSeconds: number, keepSeconds = 0) {
    this.#forSeconds = forSeconds;
    this.#keepSeconds = keepSeconds;
  }

  evaluate(at: number, isTrue: boolean): void {
    if (isTrue) {
      this.#since ??= at;
      this.#trueAt = at;
      if (!this.isFiring && at - this.#since >= this.#forSeconds) {
        this.isFiring = true;
        this.firedAt.push(at);
      }
      return;
    }
    this.#since = undefined;
    if (this.isFiring && at - this.#trueAt >= this.#keepSeconds) this.isFiring = false;
  }
}

const isPage = ({ p10, p50, state }: Forecast) =>
  p10 < 4 * 3600 && p50 < 12 * 3600 && (state === 'filling' || state === 'sawtooth');
const isTicket = ({ p10, p50, state }: Forecast) => p50 < 4 * 86_400 && p10 < 2 * 86_400 && state !== 'resized';

/** The shipped rules, as far as they rest on forecasts: what fires goes on until there is twice as much time. */
export class ShippedAlarms {
  readonly page = new Alarm(600, 3600);
  readonly ticket = new Alarm(3600, 3600);

  evaluate(at: number, forecast: Forecast): void {
    const { p50 } = forecast;
    this.page.evaluate(at, isPage(forecast) || (this.page.isFiring && p50 < 24 * 3600));
    this.ticket.evaluate(at, isTicket(forecast) || (this.ticket.isFiring && p50 < 8 * 86_400));
  }
}
