import type { Outcome } from '../emit/http-client.ts';
import { RetryDelay } from '../emit/retry-delay.ts';
import type { Cancel, Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Journal } from './journal.ts';
import { keyOf, type Notification } from './notification.ts';
import type { Receiver } from './receiver.ts';

interface DeliveryOptions {
  readonly receiver: Receiver;
  readonly journal: Pick<Journal, 'next' | 'remove' | 'pending'>;
  /** The last message about each incident that people believe to be open. */
  readonly open: () => readonly Notification[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a stop waits for the request that is under way. */
const STOP_DEADLINE_MS = 2_000;
/** Longer pauses are not granted, whatever a receiver wishes. */
const MAX_PAUSE_MS = 10 * 60_000;

/**
 * Brings messages to one receiver, in order and one request at a time, until each is taken or refused for good. What is left
 * at a stop or a crash waits in the journal; a message that was under way then comes twice, with the same key.
 */
export class Delivery {
  readonly stats = { sent: 0, failedRequests: 0, refused: 0 };
  readonly #options: DeliveryOptions;
  readonly #retryDelay: RetryDelay;
  readonly #stopped = new AbortController();
  readonly #cancelRefresh: Cancel;
  #isStopping = false;
  #isRefreshDue = false;
  #lastProblem = '';
  #isRunning = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: DeliveryOptions) {
    const { receiver, clock } = options;
    this.#options = options;
    this.#retryDelay = new RetryDelay(clock);
    const refresh = () => {
      this.#isRefreshDue = true;
      this.wake();
    };
    this.#cancelRefresh = receiver.refresh === undefined ? () => {} : clock.every(receiver.refresh.everyMs, refresh);
    // A receiver that forgets has had time to: nobody knows how long we were away.
    this.#isRefreshDue = receiver.refresh !== undefined;
    this.wake();
  }

  get name(): string {
    return this.#options.receiver.name;
  }

  get pending(): number {
    return this.#options.journal.pending(this.name);
  }

  /** Something may be there to send. */
  wake(): void {
    if (this.#isStopping || this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#run().catch((error) => {
      this.#isRunning = false;
      this.#options.logger.error('notifications cannot be read', { error: messageOf(error) });
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelRefresh();
    this.#retryDelay.end();
    const cancelDeadline = this.#options.clock.after(STOP_DEADLINE_MS, () => this.#stopped.abort(new Error('stopped')));
    await this.#running;
    cancelDeadline();
  }

  /** Refreshing comes after what waits: only then is what people believe also what this receiver was told. */
  async #run(): Promise<void> {
    const { receiver, journal, open } = this.#options;
    while (!this.#isStopping) {
      const next = journal.next(receiver.name);
      if (next !== undefined) await this.#deliver(next.id, next.notification);
      else if (this.#isRefreshDue) {
        const outcome = await this.#attempt(receiver.refresh!.send(open(), this.#stopped.signal));
        this.#isRefreshDue = outcome.kind === 'later';
        if (outcome.kind === 'later') await this.#pause(outcome.retryAfterMs);
        else this.#retryDelay.reset();
      } else {
        // Not after the return: whoever wakes us in between would be told that we are awake.
        this.#isRunning = false;
        return;
      }
    }
  }

  async #deliver(id: number, notification: Notification): Promise<void> {
    const { receiver, journal, logger } = this.#options;
    const outcome = await this.#attempt(receiver.send(notification, this.#stopped.signal));
    if (outcome.kind === 'later') return this.#pause(outcome.retryAfterMs);
    this.#retryDelay.reset();
    journal.remove(id);
    if (outcome.kind === 'sent') {
      this.stats.sent++;
      return;
    }
    this.stats.refused++;
    const { status, answer } = outcome;
    logger.error('a notification was refused', { receiver: receiver.name, key: keyOf(notification), status, answer });
  }

  #pause(retryAfterMs = 0): Promise<void> {
    return this.#retryDelay.wait(Math.min(retryAfterMs, MAX_PAUSE_MS));
  }

  /** One line when the receiver's behaviour changes, not one per request. */
  async #attempt(sending: Promise<Outcome>): Promise<Outcome> {
    const outcome = await sending;
    if (outcome.kind !== 'sent') this.stats.failedRequests++;
    const problem = outcome.kind === 'later' ? `${outcome.status} ${outcome.answer}` : '';
    if (problem === this.#lastProblem || this.#isStopping) return outcome;
    this.#lastProblem = problem;
    const { receiver, logger } = this.#options;
    if (outcome.kind !== 'later') logger.info('notifications arrive again', { receiver: receiver.name });
    else {
      const { status, answer } = outcome;
      logger.warn('notifications do not arrive, they will be sent again', { receiver: receiver.name, status, answer });
    }
    return outcome;
  }
}
