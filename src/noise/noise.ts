import type { Cancel, Clock } from '../model/clock.ts';
import { messageOf, RequestError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { PlainGrouping } from './plain-alertmanager.ts';
import type { NoiseReport } from './report.ts';
import { makeReport } from './report-thread.ts';

interface NoiseParts {
  readonly incidentsPath: string;
  readonly notificationsPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DAY_MS = 86_400_000;
/** What the metrics speak of. */
export const METRICS_WINDOW_MS = 30 * DAY_MS;
const MAX_WAITING = 4;
/** A start has better things to do. */
const FIRST_AFTER_MS = 5_000;
const REFRESH_EVERY_MS = 5 * 60_000;
/** As kube-prometheus groups, which makes far fewer notifications than Alertmanager's own example: the harder comparison. */
const GROUPING = { groupBy: ['namespace'], groupWaitMs: 30_000, groupIntervalMs: 5 * 60_000 };

/** The measures of noise: the latest ones for the metrics, and others on request. One report is made at a time. */
export class Noise {
  /** Over the last 30 days; undefined before the first one is ready. */
  latest: NoiseReport | undefined;
  readonly #parts: NoiseParts;
  readonly #timers: readonly Cancel[];
  readonly #stopped = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(parts: NoiseParts) {
    this.#parts = parts;
    const refresh = () => void this.#refresh();
    this.#timers = [parts.clock.after(FIRST_AFTER_MS, refresh), parts.clock.every(REFRESH_EVERY_MS, refresh)];
  }

  /**
   * @param groupBy labels by which a plain Alertmanager would group
   * Rejects when what is stored can't be read, and with a RequestError 503 when others wait already.
   */
  async report(windowMs: number, groupBy?: readonly string[]): Promise<NoiseReport> {
    if (this.#waiting >= MAX_WAITING) {
      throw new RequestError(503, 'unavailable', 'other reports are being made: ask again in a few seconds');
    }
    this.#waiting++;
    const report = this.#turn.then(() => this.#make(windowMs, groupBy)).finally(() => this.#waiting--);
    this.#turn = report.catch(() => {});
    return report;
  }

  /** Makes the measures that `latest` has. Never rejects. */
  async #refresh(): Promise<void> {
    try {
      await this.report(METRICS_WINDOW_MS);
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#parts.logger.warn('noise cannot be measured', { error: messageOf(error) });
    }
  }

  async #make(windowMs: number, groupBy?: readonly string[]): Promise<NoiseReport> {
    const { incidentsPath, notificationsPath, clock } = this.#parts;
    const to = clock.now();
    const grouping: PlainGrouping = { ...GROUPING, groupBy: groupBy ?? GROUPING.groupBy };
    const order = { incidentsPath, notificationsPath, from: to - windowMs, to, grouping };
    const report = await makeReport(order, this.#stopped.signal);
    if (windowMs === METRICS_WINDOW_MS && groupBy === undefined) this.latest = report;
    return report;
  }

  async stop(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    this.#stopped.abort(new Error('stopped'));
    await this.#turn;
  }
}
