import { RetryDelay } from '../emit/retry-delay.ts';
import type { Pasts } from '../forecast/pasts.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import { type FamilyType, IGNORED, kindOf } from '../series/kinds.ts';
import type { BackfillOutcome } from './backfill.ts';
import { type HistoryClient, isForbidden, isOutage, ServerError, Unsupported } from './history-client.ts';
import type { HistorySource, TimeRange } from './history-source.ts';
import type { SeriesHistory } from './series-history.ts';
import type { Turns } from './turns.ts';

const PROGRESS_MS = 10_000;
/** A server that sends nothing for so long is asked again. Its own limit for a query is two minutes. */
const SILENCE_MS = 150_000;

/** How often a server that is there is asked for what it fails to give. */
const MAX_TRIES = 5;

/** `waiting`: the server does not answer. */
export const BOOTSTRAP_STATES = ['off', 'loading', 'waiting', 'done', 'failed'] as const;

/** How far it is, for metrics and the log. */
export interface BootstrapStats {
  state: (typeof BOOTSTRAP_STATES)[number];
  /** Metrics whose series are loaded, and all of them. */
  metricsDone: number;
  metrics: number;
  /** Metrics that the server could not give. */
  metricsRefused: number;
  samples: number;
  /** Resources whose forecasts know the past. */
  resources: number;
  readonly series: Map<BackfillOutcome, number>;
}

interface BootstrapOptions {
  readonly client: HistoryClient;
  /** Ways to get at history, the best first; a way that the server does not have is not tried again. */
  readonly sources: readonly HistorySource[];
  readonly lookbackMs: number;
  /** Takes the past of a series, see `Backfill.take`. */
  readonly take: (history: SeriesHistory, to: number) => BackfillOutcome;
  /** Learns a slice of it. */
  readonly advance: () => boolean;
  /** In which order metrics are loaded, and what has to be done when all are. */
  readonly pasts: Pick<Pasts, 'rank' | 'finish' | 'livedTotal' | 'refused'>;
  readonly setTypes: (types: readonly FamilyType[]) => void;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Loads history at the first start, metric by metric and series by series, one request at a time, while live samples are
 * taken in as always. It waits for a server that is down and goes on where it was. After a restart in the middle it begins
 * again, and what had been learnt and saved is passed over.
 */
export class Bootstrap {
  readonly stats: BootstrapStats = {
    state: 'loading',
    metricsDone: 0,
    metrics: 0,
    metricsRefused: 0,
    samples: 0,
    resources: 0,
    series: new Map(),
  };
  readonly #options: BootstrapOptions;
  readonly #retry: RetryDelay;
  readonly #stopped = new AbortController();
  #sources: readonly HistorySource[];

  constructor(options: BootstrapOptions) {
    this.#options = options;
    this.#retry = new RetryDelay(options.clock);
    this.#sources = options.sources;
  }

  /** Loads everything. Never rejects. @returns whether it is done, and not stopped before or refused */
  async run(): Promise<boolean> {
    const { clock, logger, lookbackMs } = this.#options;
    const startedAt = clock.now();
    const cancelProgress = clock.every(PROGRESS_MS, () => logger.info('loading history', this.#progress()));
    logger.info('loading history', { lookback_s: lookbackMs / 1000, from: this.#sources[0]!.name });
    try {
      // First of all: a series whose type came later would start anew, without its past.
      this.#options.setTypes(await this.#persist(() => this.#options.client.metadata(this.#stopped.signal)));
      const names = await this.#persist(() => this.#metricNames());
      this.stats.metrics = names.length;
      for (const name of names) {
        await this.#tryMetric(name);
      }
      await this.#finishPasts();
      this.stats.state = 'done';
      logger.info('history loaded', { ...this.#progress(), duration_s: (clock.now() - startedAt) / 1000 });
    } catch (error) {
      if (this.#stopped.signal.aborted) return false;
      this.stats.state = 'failed';
      logger.error('history cannot be loaded, series warm up without it', { reason: messageOf(error) });
    } finally {
      cancelProgress();
    }
    return this.stats.state === 'done';
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#stopped.abort(new Error('stopped'));
    this.#retry.end();
  }

  /** Metrics of the range that are learnt at all. */
  async #metricNames(): Promise<string[]> {
    const { from, to } = this.#range();
    const range = { start: String(from / 1000), end: String(to / 1000) };
    const names = await this.#options.client.metricNames(range, this.#stopped.signal);
    const learnt = names.filter((name) => kindOf(name, undefined) < IGNORED);
    const { pasts } = this.#options;
    return learnt.sort((a, b) => pasts.rank(a) - pasts.rank(b));
  }

  /** Resources of several series know their past when all of it is there. */
  async #finishPasts(): Promise<void> {
    const { pasts, turns, logger } = this.#options;
    for (const _ of pasts.finish()) await turns.share();
    this.stats.resources = pasts.livedTotal;
    if (pasts.refused > 0)
      logger.warn('some forecasts begin without a past, it is too large', { series: pasts.refused });
  }

  /** Loads a metric; one that the server cannot give is left out. */
  async #tryMetric(name: string): Promise<void> {
    try {
      await this.#persist(() => this.#loadMetric(name));
      this.stats.metricsDone++;
    } catch (error) {
      if (isForbidden(error) || error instanceof Unsupported || this.#stopped.signal.aborted) throw error;
      this.stats.metricsRefused++;
      this.#options.logger.warn('the history of a metric cannot be had', { metric: name, reason: messageOf(error) });
    }
  }

  async #loadMetric(name: string): Promise<void> {
    const { take, advance, pasts, turns, clock } = this.#options;
    const silence = new AbortController();
    const signal = AbortSignal.any([this.#stopped.signal, silence.signal]);
    const watch = () => clock.after(SILENCE_MS, () => silence.abort(new ServerError('it is silent', true)));
    let cancelWatch = watch();
    const range = this.#range();
    try {
      for await (const history of this.#sources[0]!.read(name, range, signal)) {
        cancelWatch();
        cancelWatch = watch();
        const outcome = take(history, range.to);
        // Not given up in the middle: half a past would be worse than none.
        while (advance()) await turns.share();
        const { series } = this.stats;
        series.set(outcome, (series.get(outcome) ?? 0) + 1);
        if (outcome === 'loaded') this.stats.samples += history.count;
        this.stats.resources = pasts.livedTotal;
        await turns.share();
      }
    } finally {
      cancelWatch();
    }
  }

  /** Tries until it succeeds: for ever while the server is not there, some times when it is. @throws what no patience helps against */
  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    const { logger } = this.#options;
    let triesLeft = MAX_TRIES;
    for (;;) {
      try {
        const result = await attempt();
        if (this.stats.state === 'waiting') logger.info('the server of the history answers again');
        this.stats.state = 'loading';
        this.#retry.reset();
        return result;
      } catch (error) {
        this.#stopped.signal.throwIfAborted();
        if (error instanceof Unsupported && this.#sources.length > 1) {
          this.#sources = this.#sources.slice(1);
          logger.info('another way to load history is used', { reason: error.message, from: this.#sources[0]!.name });
          continue;
        }
        if (!isOutage(error) && --triesLeft === 0) throw error;
        if (error instanceof ServerError && !error.isTransient) throw error;
        if (this.stats.state !== 'waiting') logger.warn('history waits for its server', { reason: messageOf(error) });
        this.stats.state = 'waiting';
        await this.#retry.wait(0);
      }
    }
  }

  #range(): TimeRange {
    const to = this.#options.clock.now();
    return { from: to - this.#options.lookbackMs, to };
  }

  #progress() {
    const { metricsDone, metrics, samples, resources, series } = this.stats;
    return { metrics: `${metricsDone}/${metrics}`, series: series.get('loaded') ?? 0, samples, resources };
  }
}
