import { type IncidentHead, type IncidentSummary, singleNamespace } from '../incidents/summary.ts';
import type { Cancel, Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import { decide, type NotifyTiming } from './decide.ts';
import { Delivery } from './delivery.ts';
import type { Journal } from './journal.ts';
import { isLast, type Notification, type NotificationEvent } from './notification.ts';
import type { Receiver } from './receiver.ts';

/** What a reload may change. */
export interface NotifierOptions extends NotifyTiming {
  /** How long messages about incidents that are over are kept, milliseconds. */
  readonly retentionMs: number;
}

interface NotifierParts {
  readonly journal: Journal;
  /** An incident as it is now; undefined when there is none (any more). */
  readonly headOf: (incidentId: string) => IncidentHead | undefined;
  /** The same with what its alerts say; it is there. */
  readonly summaryOf: (incidentId: string) => IncidentSummary;
  /** Ids of the incidents that may have changed while nobody looked: those that live at the start. */
  readonly liveIds: Iterable<string>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: NotifierOptions;
}

const TICK_MS = 1000;
/** Looking at one takes a few microseconds, telling of it up to a millisecond for each 1,000 alerts. */
const MAX_LOOKS_PER_TICK = 1000;
const PRUNE_EVERY_MS = 3_600_000;

/**
 * Decides when people are told about an incident, writes that down, and lets it be delivered. With no receivers it decides
 * and writes all the same: that is shadow mode, in which one sees what one would have been told.
 */
export class Notifier {
  readonly told: Record<NotificationEvent, number> = {
    new: 0,
    grew: 0,
    severity_changed: 0,
    cause_changed: 0,
    reopened: 0,
    resolved: 0,
    merged: 0,
    reminder: 0,
  };
  /** Messages that gave way to newer ones because too many waited. */
  overflow = 0;
  deliveries: readonly Delivery[] = [];
  readonly #parts: NotifierParts;
  readonly #timers: readonly Cancel[];
  /** When to look at an incident again. */
  readonly #lookAt = new Map<string, number>();
  /** The last message about each incident that people believe to be open. */
  readonly #open: Map<string, Notification>;
  #options: NotifierOptions;
  #isFailing = false;

  constructor(parts: NotifierParts) {
    const { journal, clock, liveIds, options } = parts;
    this.#parts = parts;
    this.#options = options;
    this.#open = new Map(journal.open().map((notification) => [notification.incident.id, notification]));
    this.changed([...liveIds, ...this.#open.keys()]);
    const prune = () => this.#safely(() => journal.prune(clock.now() - this.#options.retentionMs));
    this.#timers = [clock.every(TICK_MS, () => this.#tick()), clock.every(PRUNE_EVERY_MS, prune)];
  }

  configure(options: NotifierOptions): void {
    this.#options = options;
    this.changed([...this.#lookAt.keys()]);
  }

  /** Takes other receivers. What waits for one that stays, by its name, goes on waiting. */
  async use(receivers: readonly Receiver[]): Promise<void> {
    const { journal, clock, logger } = this.#parts;
    await Promise.all(this.deliveries.map((delivery) => delivery.stop()));
    journal.keepReceivers(receivers.map(({ name }) => name));
    const open = () => [...this.#open.values()];
    this.deliveries = receivers.map((receiver) => new Delivery({ receiver, journal, open, clock, logger }));
  }

  /** Something happened to these incidents. */
  changed(ids: Iterable<string>): void {
    for (const id of ids) this.#lookAt.set(id, 0);
  }

  async stop(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    await Promise.all(this.deliveries.map((delivery) => delivery.stop()));
  }

  /** All messages of a tick are stored in one go: when a hundred incidents open at once the disk is waited for once. */
  #tick(): void {
    const now = this.#parts.clock.now();
    this.#safely(() => {
      const due = [...this.#lookAt].filter(([, at]) => at <= now).slice(0, MAX_LOOKS_PER_TICK);
      const notifications = due.flatMap(([id]) => this.#look(id, now) ?? []);
      if (notifications.length > 0) this.#tell(notifications);
    });
  }

  /** Whatever was due and could not be stored is due at the next tick too. */
  #safely(work: () => void): void {
    const { logger } = this.#parts;
    try {
      work();
      if (this.#isFailing) logger.info('notifications can be stored again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) logger.error('notifications cannot be stored', { error: messageOf(error) });
      this.#isFailing = true;
    }
  }

  /** @returns what has to be told; then the incident is looked at again once that is stored */
  #look(id: string, now: number): Notification | undefined {
    const head = this.#parts.headOf(id);
    if (head === undefined) {
      this.#lookAt.delete(id);
      return undefined;
    }
    const told = this.#open.get(id) ?? this.#parts.journal.last(id);
    const summary = () => this.#parts.summaryOf(id);
    const hasNewKind = () => told !== undefined && hasOtherKinds(summary(), told.incident);
    const { event, notBefore } = decide(head, told, hasNewKind, now, this.#options);
    if (event !== undefined) return notificationOf(event, summary(), told, now);
    if (notBefore === Number.POSITIVE_INFINITY) this.#lookAt.delete(id);
    else this.#lookAt.set(id, notBefore);
    return undefined;
  }

  #tell(notifications: readonly Notification[]): void {
    const names = this.deliveries.map(({ name }) => name);
    this.overflow += this.#parts.journal.add(notifications, names);
    for (const notification of notifications) {
      const { event, incident } = notification;
      this.told[event]++;
      if (isLast(notification)) this.#open.delete(incident.id);
      else this.#open.set(incident.id, notification);
    }
    for (const delivery of this.deliveries) delivery.wake();
  }
}

function notificationOf(
  event: NotificationEvent,
  incident: IncidentSummary,
  told: Notification | undefined,
  at: number,
): Notification {
  return {
    sequence: (told?.sequence ?? 0) + 1,
    event,
    at,
    namespace: told?.namespace ?? singleNamespace(incident),
    severityBefore: told?.incident.severity ?? null,
    incident,
  };
}

function hasOtherKinds(incident: IncidentSummary, told: IncidentSummary): boolean {
  const known = new Set(told.kinds.map(({ alertname }) => alertname));
  return incident.kinds.some(({ alertname }) => !known.has(alertname));
}
