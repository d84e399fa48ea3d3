import type { Alert } from '../model/alert.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { createLabels, type Labels } from '../model/labels.ts';
import { trimOldest } from '../model/trim-oldest.ts';
import { Beats, Heartbeat, type SavedBeats } from './heartbeat.ts';
import { absenceAlert, absenceLabels } from './heartbeat-alert.ts';

/** What is saved of a heartbeat. */
export interface SavedHeartbeat {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly beats: readonly SavedBeats[];
}

/**
 * A time without alerting: a restart of Prometheus, or a gap. What fires after it began who knows when.
 */
interface Outage {
  /** When alerts ended that only nobody sent any more; Infinity when they did not end. */
  readonly endedAt: number;
  /** When alerting was back, Infinity while it is not. */
  readonly until: number;
}

const MAX_HEARTBEATS = 1000;
const MAX_REPLICAS = 20;
/** Between two passes at most so much was listened: otherwise the clock jumped, or the machine slept. */
const MAX_PASS_MS = 10_000;
const TELL_AGAIN_MS = 60_000;
/** Rules are evaluated once in that time after a restart, and what ends by silence does so within it. */
const SETTLE_MS = 2 * 60_000;

/**
 * The alerts that always fire, and what it means when they don't: an alert about that, and firings whose start tells
 * nothing. All waiting is measured by what was listened, so that neither a sidecar that was down nor a clock that jumps
 * makes anything late.
 */
export class Heartbeats {
  readonly #byFingerprint = new Map<string, Heartbeat>();
  readonly #clusterOf: (labels: Labels) => string;
  /** By cluster, the last one. */
  readonly #outages = new Map<string, Outage>();
  #listenedMs = 0;
  #passedAt: number | undefined;
  #hasChanged = false;

  /** @param missingSince start of the firing alert with this fingerprint, if there is one */
  constructor(
    saved: readonly SavedHeartbeat[],
    clusterOf: (labels: Labels) => string,
    missingSince: (alertFingerprint: string) => number | undefined,
  ) {
    this.#clusterOf = clusterOf;
    for (const { labels: entries, beats } of saved) {
      const heartbeat = this.#of(createLabels(entries.map(([name, value]) => [name, value])));
      for (const each of beats) heartbeat.byReplica.set(each.replica, new Beats(each, 0));
      heartbeat.missingSince = missingSince(fingerprint(absenceLabels(heartbeat.labels)));
    }
  }

  /** How many are watched for their absence, are missing, or have not come often enough to be watched. */
  get counts(): Record<'watched' | 'missing' | 'unwatched', number> {
    const counts = { watched: 0, missing: 0, unwatched: 0 };
    for (const { missingSince, dueMs } of this.#byFingerprint.values()) {
      if (missingSince !== undefined) counts.missing++;
      else if (dueMs < Number.POSITIVE_INFINITY) counts.watched++;
      else counts.unwatched++;
    }
    return counts;
  }

  /**
   * Takes heartbeats that came, or whose end was told.
   * @param isAlone whether the message was sent because of them only, see `Beats.hear`
   */
  hear(alerts: readonly Alert[], at: number, isAlone: boolean): void {
    for (const alert of alerts) {
      const heartbeat = this.#of(alert.labels);
      this.#hasChanged = true;
      const { replica, startsAt } = alert;
      const known = heartbeat.byReplica.get(replica);
      const isBack = heartbeat.byReplica.size > 0 && heartbeat.isOut(this.#listenedMs, alert);
      if (isBack && alert.endsAt === undefined) {
        this.#note(heartbeat, startsAt);
      }
      const beats = known ?? new Beats({ replica, intervalMs: undefined, startsAt }, this.#listenedMs);
      heartbeat.byReplica.set(replica, beats);
      trimOldest(heartbeat.byReplica, MAX_REPLICAS);
      if (alert.endsAt === undefined) beats.hear(alert, at, this.#listenedMs, isAlone);
      else beats.end(alert, this.#listenedMs);
    }
  }

  /** Lets time pass, about every second. @returns alerts about those that are missing, or no more */
  pass(now: number): Alert[] {
    const passedMs = now - (this.#passedAt ?? now);
    this.#passedAt = now;
    this.#listenedMs += Math.max(0, Math.min(MAX_PASS_MS, passedMs));
    return [...this.#byFingerprint.values()].flatMap((heartbeat) => this.#look(heartbeat, now));
  }

  /** The outage that an alert's start tells nothing because of. */
  outageAt(cluster: string, startsAt: number): Outage | undefined {
    const outage = this.#outages.get(cluster);
    return outage !== undefined && startsAt <= outage.until + SETTLE_MS ? outage : undefined;
  }

  /** What is to be saved, undefined when nothing has changed since the last call. */
  changes(): SavedHeartbeat[] | undefined {
    if (!this.#hasChanged) return undefined;
    this.#hasChanged = false;
    return [...this.#byFingerprint.values()].map(({ labels, byReplica }) => ({
      labels: [...labels],
      beats: [...byReplica.values()].map((beats) => beats.saved()),
    }));
  }

  #look(heartbeat: Heartbeat, now: number): Alert[] {
    const { labels } = heartbeat;
    if (this.#listenedMs > heartbeat.dueMs) {
      heartbeat.missingSince ??= now;
      this.#note(heartbeat, Number.POSITIVE_INFINITY);
    }
    const since = heartbeat.missingSince;
    if (since === undefined) return [];
    if (heartbeat.isAlive(this.#listenedMs)) {
      heartbeat.missingSince = undefined;
      heartbeat.toldMs = Number.NEGATIVE_INFINITY;
      return [{ ...absenceAlert(labels, since, now), endsAt: now, expiresAt: undefined }];
    }
    if (this.#listenedMs - heartbeat.toldMs < TELL_AGAIN_MS) return [];
    heartbeat.toldMs = this.#listenedMs;
    return [absenceAlert(labels, since, now)];
  }

  #note({ cluster, endsAt }: Heartbeat, until: number): void {
    this.#outages.set(cluster, { endedAt: endsAt, until });
    trimOldest(this.#outages, MAX_HEARTBEATS);
  }

  #of(labels: Labels): Heartbeat {
    const key = fingerprint(labels);
    const known = this.#byFingerprint.get(key);
    if (known !== undefined) return known;
    const heartbeat = new Heartbeat(labels, this.#clusterOf(labels));
    this.#byFingerprint.set(key, heartbeat);
    trimOldest(this.#byFingerprint, MAX_HEARTBEATS);
    return heartbeat;
  }
}
