import type { Alert } from '../model/alert.ts';
import type { Labels } from '../model/labels.ts';

/** Beats nearer than that are one that came twice, by a pair of Alertmanagers. */
const SAME_BEAT_MS = 30_000;
/** How late a beat may be beyond all that is expected: a scrape, an evaluation, a group wait. */
const MARGIN_MS = 60_000;
/** Prometheus that was started again is heard within that time of its heartbeat's end. */
const RETURN_MS = 3 * 60_000;
/** What is expected shrinks by that much with each beat that comes sooner. */
const SHRINK = 0.95;
/** Two absences are as long as each other when they differ by less: then they are no absences, but the interval. */
const ALIKE = 1.25;

/** What is saved of one replica's beats. */
export interface SavedBeats {
  readonly replica: string;
  readonly intervalMs: number | undefined;
  readonly startsAt: number;
}

/**
 * What one replica of Prometheus (or the only one) sends of a heartbeat, and when it is due again. Time here is what was
 * listened, see `Heartbeats`: milliseconds that the sidecar ran, and not those of the clock.
 */
export class Beats {
  readonly replica: string;
  /** Between two messages of a webhook; undefined before the second one. */
  #intervalMs: number | undefined;
  /** How long a message lasts that says so itself: what Prometheus sends, and Alertmanager's list. */
  #lastsMs: number | undefined;
  #startsAt: number;
  #heardMs: number;
  /** Until when it holds, by the sender's clock; undefined when nobody says. */
  #endsAt: number | undefined;
  #hasEnded = false;
  #isHeardHere = false;
  #lastAbsenceMs = 0;

  constructor({ replica, intervalMs, startsAt }: SavedBeats, listenedMs: number) {
    this.replica = replica;
    this.#intervalMs = intervalMs;
    this.#startsAt = startsAt;
    this.#heardMs = listenedMs;
  }

  /** Until when it holds, epoch milliseconds; undefined when nobody has said. */
  get endsAt(): number | undefined {
    return this.#endsAt;
  }

  /** When it is late, in time listened; Infinity while nobody knows how often it comes. */
  get dueMs(): number {
    if (this.#hasEnded) return this.#heardMs + RETURN_MS;
    const byInterval = this.#intervalMs === undefined ? Number.POSITIVE_INFINITY : 2 * this.#intervalMs;
    // Twice: Alertmanager sends again at the first flush after `repeat_interval`, which may be nearly another one later.
    return this.#heardMs + Math.min(byInterval, this.#lastsMs ?? Number.POSITIVE_INFINITY) + MARGIN_MS;
  }

  /** Whether it has stopped, or begins anew with this alert. */
  isOut(listenedMs: number, alert: Alert): boolean {
    const hasRestarted = alert.replica === this.replica && alert.startsAt > this.#startsAt;
    return this.#hasEnded || hasRestarted || listenedMs > this.dueMs;
  }

  /** Whether it was heard in the life of this process, and is not late. */
  isAlive(listenedMs: number): boolean {
    return this.#isHeardHere && !this.#hasEnded && listenedMs <= this.dueMs;
  }

  /** Takes its end; one that was told before is no news. */
  end({ startsAt, endsAt }: Alert, listenedMs: number): void {
    if (startsAt < this.#startsAt || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#heardMs = listenedMs;
    this.#endsAt = endsAt;
  }

  /** @param isAlone whether the message was sent because of heartbeats only: otherwise its time says nothing */
  hear(alert: Alert, at: number, listenedMs: number, isAlone: boolean): void {
    const gapMs = listenedMs - this.#heardMs;
    const wasOvertaken = this.#hasEnded && alert.startsAt <= this.#startsAt && gapMs < RETURN_MS;
    if (wasOvertaken) return;
    const isLate = listenedMs > this.dueMs;
    this.#heardMs = listenedMs;
    this.#startsAt = Math.max(this.#startsAt, alert.startsAt);
    this.#endsAt = alert.expiresAt;
    if (alert.expiresAt !== undefined) this.#lastsMs = alert.expiresAt - at;
    else if (isLate) this.#lastsMs = undefined;
    const isComparable = this.#isHeardHere && !this.#hasEnded && alert.expiresAt === undefined;
    if (isComparable && isAlone && gapMs >= SAME_BEAT_MS) this.#learn(gapMs, isLate);
    this.#hasEnded = false;
    this.#isHeardHere = true;
  }

  saved(): SavedBeats {
    return { replica: this.replica, intervalMs: this.#intervalMs, startsAt: this.#startsAt };
  }

  /** An absence is no interval, unless the next one is as long: then somebody has changed `repeat_interval`. */
  #learn(gapMs: number, isLate: boolean): void {
    if (!isLate) this.#intervalMs = Math.max(gapMs, (this.#intervalMs ?? 0) * SHRINK);
    else if (gapMs < this.#lastAbsenceMs * ALIKE && gapMs > this.#lastAbsenceMs / ALIKE) this.#intervalMs = gapMs;
    if (isLate) this.#lastAbsenceMs = gapMs;
  }
}

/** An alert that always fires, by all replicas that send it. */
export class Heartbeat {
  readonly labels: Labels;
  readonly cluster: string;
  readonly byReplica = new Map<string, Beats>();
  /** Since when it is missing, epoch milliseconds; undefined while it is not. */
  missingSince: number | undefined;
  /** When its absence was told last, in time listened. */
  toldMs = Number.NEGATIVE_INFINITY;

  constructor(labels: Labels, cluster: string) {
    this.labels = labels;
    this.cluster = cluster;
  }

  /** When it is late by all of its replicas. */
  get dueMs(): number {
    return Math.max(...[...this.byReplica.values()].map(({ dueMs }) => dueMs));
  }

  /** When what the last of its replicas said was over, Infinity when that is not known. */
  get endsAt(): number {
    return Math.max(...[...this.byReplica.values()].map(({ endsAt }) => endsAt ?? Number.POSITIVE_INFINITY));
  }

  isAlive(listenedMs: number): boolean {
    return [...this.byReplica.values()].some((beats) => beats.isAlive(listenedMs));
  }

  isOut(listenedMs: number, alert: Alert): boolean {
    return [...this.byReplica.values()].every((beats) => beats.isOut(listenedMs, alert));
  }
}
