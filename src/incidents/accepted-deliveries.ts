import type { AlertDelivery } from '../model/alert.ts';
import type { Cancel, Clock } from '../model/clock.ts';
import { messageOf, RequestError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { IncidentStore } from './store.ts';

/** A delivery of more alerts takes too long to be taken in before it is answered. */
export const LARGE_DELIVERY = 2000;
/** What was not taken in after its answer, because nothing could be stored then, is tried again. */
const RETRY_MS = 5000;

interface AcceptedDeliveryParts {
  readonly store: Pick<IncidentStore, 'keepDelivery' | 'keptDeliveries' | 'dropDelivery'>;
  readonly deliver: (delivery: AlertDelivery) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Large deliveries between their answer and their incidents: stored as they came, so that a sender need not wait for the
 * second or two that 20,000 alerts take, and nothing is lost when the process ends in between.
 */
export class AcceptedDeliveries {
  readonly #parts: AcceptedDeliveryParts;
  readonly #timer: Cancel;
  #waiting: { readonly id: number; readonly delivery: AlertDelivery; readonly since: number }[] = [];

  constructor(parts: AcceptedDeliveryParts) {
    this.#parts = parts;
    this.#timer = parts.clock.every(RETRY_MS, () => this.takeIn(parts.clock.now() - RETRY_MS));
  }

  /** Takes in what was accepted before the process ended. @param read what had read it then */
  resume(read: (body: Uint8Array, receivedAt: number) => AlertDelivery): void {
    const { store, clock, logger } = this.#parts;
    // What came since the start waits already.
    const isWaiting = new Set(this.#waiting.map(({ id }) => id));
    for (const { id, receivedAt, body } of store.keptDeliveries()) {
      if (isWaiting.has(id)) continue;
      try {
        this.#waiting.push({ id, delivery: read(body, receivedAt), since: clock.now() });
        logger.info('a delivery that was accepted before the restart is taken in', { bytes: body.length });
      } catch (error) {
        logger.error('an accepted delivery cannot be read any more', { bytes: body.length, error: messageOf(error) });
        this.#drop(id);
      }
    }
    this.takeIn();
  }

  /** When it returns, the delivery survives the end of the process. @throws Error when it can't be stored */
  accept(delivery: AlertDelivery, body: Uint8Array): void {
    const id = this.#parts.store.keepDelivery(delivery.receivedAt, body);
    this.#waiting.push({ id, delivery, since: this.#parts.clock.now() });
  }

  /** Takes in what waits since `until` or longer. What can't be stored now waits on. */
  takeIn(until = Number.POSITIVE_INFINITY): void {
    const due = this.#waiting.filter(({ since }) => since <= until);
    for (const accepted of due) {
      if (!this.#take(accepted)) return;
      this.#waiting = this.#waiting.filter((each) => each !== accepted);
    }
  }

  stop(): void {
    this.#timer();
  }

  /** @returns whether it is done with */
  #take({ id, delivery }: { readonly id: number; readonly delivery: AlertDelivery }): boolean {
    const { deliver, logger } = this.#parts;
    try {
      deliver(delivery);
    } catch (error) {
      if (error instanceof RequestError) return false;
      const alerts = delivery.alerts.length;
      logger.error('an accepted delivery cannot be taken in', { alerts, error: messageOf(error) });
    }
    return this.#drop(id);
  }

  /** What can't be deleted is taken in once more later: that makes no difference. */
  #drop(id: number): boolean {
    try {
      this.#parts.store.dropDelivery(id);
      return true;
    } catch (error) {
      this.#parts.logger.warn('an accepted delivery cannot be deleted', { error: messageOf(error) });
      return false;
    }
  }
}
