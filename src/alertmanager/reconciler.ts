import type { AlertReadingOptions } from '../ingest/alert-fields.ts';
import type { Alert, AlertDelivery } from '../model/alert.ts';
import type { Cancel, Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { AlertMember } from '../model/incident.ts';
import type { Logger } from '../model/logger.ts';
import type { Peer } from './peer.ts';
import { type PeerAlert, parsePeerAlerts } from './peer-alerts.ts';
import { compareWithPeers, listingKey, type PeerAnswer, type Unlisted } from './reconcile.ts';

interface ReconcilerParts {
  /** Asked each time: a reload may change them. */
  readonly peers: () => readonly Peer[];
  readonly readingOptions: () => AlertReadingOptions;
  /** The newest firing of every alert in memory. */
  readonly openAlerts: () => Iterable<AlertMember>;
  readonly lastAlert: (fingerprint: string) => AlertMember | undefined;
  /** Whether an alert can be part of an incident at all. */
  readonly mayBeMember: (alert: Alert) => boolean;
  readonly deliver: (delivery: AlertDelivery) => void;
  /** Takes alerts that fire without anybody being notified. */
  readonly takeMuted: (muted: readonly PeerAlert[], at: number) => void;
  /** Told which alerts are known to fire on, each until it is listed again or expires. */
  readonly confirm: (alerts: readonly Alert[]) => void;
  /** Ends firings although nobody has said that they ended. */
  readonly assumeEnded: (ends: readonly (Unlisted & { readonly endsAt: number })[]) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RECONCILE_EVERY_MS = 5 * 60_000;
/** What was listed once is believed to fire for so long: one question may fail. */
const LISTED_MS = 2 * RECONCILE_EVERY_MS;
/** Prometheus sends again what fires every minute; until then a peer that has just started knows of nothing. */
const SETTLING_MS = 5 * 60_000;

/**
 * Asks all Alertmanagers what fires, and mends what their webhooks have not told: a message that was lost, cut short
 * (`max_alerts`), or sent while we were away.
 */
export class Reconciler {
  readonly stats = { succeeded: 0, failed: 0, missed: 0, ended: 0 };
  readonly #parts: ReconcilerParts;
  readonly #cancel: Cancel;
  readonly #stopped = new AbortController();
  /** When each listed firing was last seen at a peer. */
  #lastSeenAt = new Map<string, number>();
  #running: Promise<void> | undefined;
  #isWanted = false;
  #problem = '';

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#cancel = parts.clock.every(RECONCILE_EVERY_MS, () => void this.reconcile());
  }

  /** Asks now; when it is asking already, once more after that. Never rejects. */
  reconcile(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#cancel();
    this.#stopped.abort(new Error('stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#stopped.signal.aborted) {
      this.#isWanted = false;
      const peers = this.#parts.peers();
      if (peers.length === 0) return;
      const askedAt = this.#parts.clock.now();
      const answers = await Promise.all(peers.map((peer) => this.#ask(peer)));
      if (this.#stopped.signal.aborted) return;
      try {
        this.#apply(answers, askedAt);
        if (answers.includes(undefined)) this.stats.failed++;
        else this.#succeed();
      } catch (error) {
        this.stats.failed++;
        this.#report(`its alerts cannot be taken: ${messageOf(error)}`);
      }
    }
  }

  async #ask(peer: Peer): Promise<PeerAnswer | undefined> {
    const { signal } = this.#stopped;
    const [alerts, status] = await Promise.all([
      peer.get('/api/v2/alerts', signal),
      peer.get('/api/v2/status', signal),
    ]);
    for (const answer of [alerts, status]) {
      if (answer.kind === 'sent') continue;
      this.#report(`${peer.url} does not answer: ${answer.status ?? ''} ${answer.answer}`);
      return undefined;
    }
    try {
      return {
        alerts: parsePeerAlerts(alerts.text, this.#parts.readingOptions()),
        receiver: peer.receiver,
        isSettled: this.#parts.clock.now() - readStart(status.text) >= SETTLING_MS,
      };
    } catch (error) {
      this.#report(`${peer.url} does not answer as an Alertmanager: ${messageOf(error)}`);
      return undefined;
    }
  }

  #apply(answers: readonly (PeerAnswer | undefined)[], askedAt: number): void {
    const { openAlerts, lastAlert, mayBeMember, deliver, takeMuted, assumeEnded, confirm, logger } = this.#parts;
    const { missed, muted, unlisted } = compareWithPeers(answers, openAlerts(), lastAlert, mayBeMember, askedAt);
    if (missed.length > 0) deliver({ ...EMPTY_DELIVERY, receivedAt: askedAt, alerts: missed });
    if (muted.length > 0) takeMuted(muted, askedAt);
    const ends = unlisted.map((each) => ({ ...each, endsAt: this.#lastSeen(each, lastAlert) }));
    if (ends.length > 0) assumeEnded(ends);
    this.stats.missed += missed.length;
    this.stats.ended += ends.length;
    if (missed.length + ends.length > 0) {
      logger.info('reconciled with Alertmanager', { missed: missed.length, ended: ends.length });
    }
    const expiresAt = askedAt + LISTED_MS;
    confirm(answers.flatMap((answer) => answer?.alerts ?? []).map(({ alert }) => ({ ...alert, expiresAt })));
    this.#remember(answers, askedAt);
  }

  /** Keeps what was seen before of alerts that are open: a peer that is away or has just started shows nothing. */
  #remember(answers: readonly (PeerAnswer | undefined)[], askedAt: number): void {
    const listed = new Set(answers.flatMap((answer) => answer?.alerts ?? []).map(({ alert }) => listingKey(alert)));
    const seen = new Map<string, number>();
    for (const { firing } of this.#parts.openAlerts()) {
      for (const replica of firing.replicas.keys()) {
        const key = listingKey({ fingerprint: firing.alert.fingerprint, replica });
        const at = listed.has(key) ? askedAt : this.#lastSeenAt.get(key);
        if (at !== undefined) seen.set(key, at);
      }
    }
    this.#lastSeenAt = seen;
  }

  /** When an alert was last known to fire: at a peer, or else when it was taken in. */
  #lastSeen(unlisted: Unlisted, lastAlert: ReconcilerParts['lastAlert']): number {
    const { admittedAt, firing } = lastAlert(unlisted.fingerprint)!;
    return Math.max(this.#lastSeenAt.get(listingKey(unlisted)) ?? admittedAt, firing.alert.startsAt);
  }

  #succeed(): void {
    this.stats.succeeded++;
    if (this.#problem !== '') this.#parts.logger.info('Alertmanager answers again');
    this.#problem = '';
  }

  /** One line when the trouble changes, not one every five minutes. */
  #report(problem: string): void {
    if (problem !== this.#problem) this.#parts.logger.warn('alerts cannot be reconciled', { error: problem });
    this.#problem = problem;
  }
}

const EMPTY_DELIVERY = { source: 'reconcile', alerts: [], invalidAlerts: 0, truncatedAlerts: 0, envelope: {} } as const;

/** When a peer was started. @throws Error when it does not say so */
function readStart(text: string): number {
  const startedAt = Date.parse((JSON.parse(text) as { uptime?: string }).uptime ?? '');
  if (Number.isNaN(startedAt)) throw new Error('it does not say since when it runs');
  return startedAt;
}
