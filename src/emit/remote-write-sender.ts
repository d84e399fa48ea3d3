import type { Clock } from '../model/clock.ts';
import type { Labels } from '../model/labels.ts';
import type { Logger } from '../model/logger.ts';
import type { OutputSource } from '../model/output.ts';
import { OutputTracker } from './output-tracker.ts';
import { createRemoteWriteClient, type Outcome } from './remote-write-client.ts';
import { loggableUrl, type ReadSecret, type RemoteWriteTarget } from './remote-write-target.ts';
import { RetryDelay } from './retry-delay.ts';
import { type QueuedSample, SampleQueue } from './sample-queue.ts';
import { loadCompress } from './snappy-compress.ts';
import { encodeWriteRequest } from './write-request.ts';

/** Why a sample was not delivered. */
type DropReason = 'queue_full' | 'rejected' | 'too_old' | 'backlog' | 'invalid_name' | 'shutdown';

/** Counts of samples over the life of the sender; stale markers are samples. */
interface RemoteWriteStats {
  sent: number;
  /** Sent again after a failure, once for each time. */
  retried: number;
  /** Requests that the target did not take, for whatever reason. */
  failedRequests: number;
  readonly droppedByReason: Record<DropReason, number>;
  /** In the queue or on their way. */
  readonly pending: number;
  /** Milliseconds since the epoch; 0 before the first success. */
  lastSuccessAt: number;
}

export interface RemoteWriteSenderOptions {
  readonly target: RemoteWriteTarget;
  readonly sources: readonly OutputSource[];
  readonly externalLabels: Labels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fetch: typeof fetch;
  readonly readSecret: ReadSecret;
  /** Our own version, for the header `User-Agent`. */
  readonly version: string;
}

/** Starts to send; `stop` ends it. */
export function createRemoteWriteSender(options: RemoteWriteSenderOptions): RemoteWriteSender {
  return new RemoteWriteSender(options);
}
export type { RemoteWriteSender };

const STOP_DEADLINE_MS = 2_000;
const compress = await loadCompress();

/**
 * Sends output series to one target by remote write 1.0: at every flush what is new and what has ended, one request at
 * a time, so that the samples of a series stay in order.
 */
class RemoteWriteSender {
  readonly url: string;
  readonly stats: RemoteWriteStats;
  readonly #options: RemoteWriteSenderOptions;
  readonly #queue: SampleQueue;
  readonly #tracker: OutputTracker;
  readonly #client: ReturnType<typeof createRemoteWriteClient>;
  readonly #retryDelay: RetryDelay;
  readonly #stopped = new AbortController();
  readonly #cancelFlushes: () => void;
  #inFlight = 0;
  #lastProblem = '';
  #isStopping = false;
  #collecting: Promise<void> | undefined;
  #draining: Promise<void> | undefined;

  constructor(options: RemoteWriteSenderOptions) {
    const { target, clock } = options;
    this.#options = options;
    this.url = loggableUrl(target.url);
    this.stats = this.#createStats();
    this.#queue = new SampleQueue(target.queue.capacity);
    this.#tracker = new OutputTracker({
      ...options,
      enqueue: (sample) => {
        if (this.#queue.push({ ...sample, queuedAt: clock.now() })) this.#drop(1, 'queue_full');
      },
      skip: (reason) => this.#drop(1, reason),
    });
    this.#client = createRemoteWriteClient(options);
    this.#retryDelay = new RetryDelay(clock);
    this.#cancelFlushes = clock.every(target.queue.flushIntervalMs, () => void this.#flush());
  }

  /**
   * Tries once more to send what is there, for two seconds at most. Series that go on get no stale marker: the next
   * start continues them.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelFlushes();
    const cancelDeadline = this.#options.clock.after(STOP_DEADLINE_MS, () => this.#giveUp());
    this.#retryDelay.end();
    await this.#collecting;
    await this.#draining;
    await this.#flush();
    cancelDeadline();
    this.#drop(this.#queue.take(this.#queue.length).length, 'shutdown');
  }

  /** A flush does not wait for the deliveries of the one before it, but two walks never run at the same time. */
  async #flush(): Promise<void> {
    this.#collecting ??= this.#collect().finally(() => (this.#collecting = undefined));
    await this.#collecting;
    this.#draining ??= this.#drain().finally(() => (this.#draining = undefined));
    await this.#draining;
  }

  async #collect(): Promise<void> {
    try {
      await this.#tracker.collect(this.#options.sources);
    } catch (error) {
      this.#options.logger.error('output series could not be read', { url: this.url, error: error as Error });
    }
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 && !this.#stopped.signal.aborted) {
      const batch = this.#queue.take(this.#options.target.queue.maxSamplesPerSend);
      this.#inFlight = batch.length;
      await this.#deliver(batch);
      this.#inFlight = 0;
    }
  }

  /** Repeats a batch until it is taken, refused or too old. */
  async #deliver(batch: readonly QueuedSample[]): Promise<void> {
    const body = compress(encodeWriteRequest(batch));
    for (;;) {
      const outcome = await this.#client(body, this.#stopped.signal);
      this.#log(outcome);
      if (outcome.kind === 'sent') return this.#succeed(batch);
      this.stats.failedRequests++;
      if (outcome.kind === 'never') return this.#drop(batch.length, 'rejected');
      if (this.#isStopping) return this.#giveUp(batch);
      const isTooOld = this.#options.clock.now() - batch[0]!.queuedAt >= this.#options.target.queue.maxAgeMs;
      // A batch that is given up is followed by the next one, so the target gets its pause all the same.
      await this.#retryDelay.wait(Math.min(outcome.retryAfterMs ?? 0, this.#options.target.queue.maxAgeMs));
      if (isTooOld) return this.#drop(batch.length, 'too_old');
      this.stats.retried += batch.length;
    }
  }

  #succeed(batch: readonly QueuedSample[]): void {
    this.#retryDelay.reset();
    this.stats.sent += batch.length;
    this.stats.lastSuccessAt = this.#options.clock.now();
  }

  #giveUp(batch: readonly QueuedSample[] = []): void {
    this.#drop(batch.length, 'shutdown');
    this.#stopped.abort(new Error('stopped'));
  }

  #drop(count: number, reason: DropReason): void {
    this.stats.droppedByReason[reason] += count;
  }

  /** One line when the target's behaviour changes, not one per request. */
  #log(outcome: Outcome): void {
    const problem = outcome.kind === 'sent' ? '' : `${outcome.kind} ${outcome.status}`;
    if (problem === this.#lastProblem) return;
    this.#lastProblem = problem;
    const { logger } = this.#options;
    if (outcome.kind === 'sent') logger.info('remote write works again', { url: this.url });
    else {
      const { kind, status, answer } = outcome;
      const consequence = kind === 'later' ? 'will be retried' : 'samples are dropped';
      logger.warn(`remote write fails, ${consequence}`, { url: this.url, status, answer });
    }
  }

  #createStats(): RemoteWriteStats {
    const pending = () => this.#queue.length + this.#inFlight;
    return {
      sent: 0,
      retried: 0,
      failedRequests: 0,
      droppedByReason: { queue_full: 0, rejected: 0, too_old: 0, backlog: 0, invalid_name: 0, shutdown: 0 },
      get pending() {
        return pending();
      },
      lastSuccessAt: 0,
    };
  }
}
