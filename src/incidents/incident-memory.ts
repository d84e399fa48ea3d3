import type { AlertDelivery } from '../model/alert.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf, RequestError } from '../model/errors.ts';
import { type AlertMember, type Incident, type IncidentEvent, incidentTitle } from '../model/incident.ts';
import type { Logger } from '../model/logger.ts';
import { unknownIncident } from './api.ts';
import type { IncidentCounters } from './counters.ts';
import type { Draft } from './draft.ts';
import type { Expiries } from './expiries.ts';
import { postponeExpiry } from './firing.ts';
import { FiringHistory } from './firing-history.ts';
import { HandMadeLinks } from './hand-made-links.ts';
import { LiveIncidents } from './live-incidents.ts';
import type { LedgerEntry } from './receive-delivery.ts';
import { rememberFirings } from './remember-firings.ts';
import type { IncidentStore } from './store.ts';

interface IncidentMemoryParts {
  readonly store: IncidentStore;
  readonly counters: IncidentCounters;
  readonly expiries: Expiries;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told about every change after it was stored: lines of timelines, and the incidents as they are now. */
  readonly onEvents?: (events: readonly IncidentEvent[], changed: readonly Incident[]) => void;
}

/** After a start, alerts that expire unless they are sent again get the time to be: Prometheus repeats them every minute. */
const EXPIRY_GRACE_MS = 5 * 60_000;
const MAX_PAST_FIRINGS = 20_000;
/** Lines for one delivery: a storm must not flood the log, and all of it is in the timelines. */
const MAX_LOGGED = 100;
/** Changes of state; the others would be a line per delivery. */
const LOGGED: ReadonlySet<IncidentEvent['kind']> = new Set([
  'opened',
  'promoted',
  'acknowledged',
  'resolved',
  'reopened',
  'closed_unknown',
  'merged',
  'split',
  'undone',
]);

/**
 * What lane B remembers: a copy of what is stored, as far as it can still matter. It changes after a commit only, so that
 * nothing is believed that is not on the disk. What was forgotten is read again when somebody comes back to it.
 */
export class IncidentMemory {
  readonly live = new LiveIncidents();
  readonly history = new FiringHistory();
  readonly links: HandMadeLinks;
  readonly #parts: IncidentMemoryParts;
  #isFailing = false;

  /** @param endedSince what ended before is not remembered */
  constructor(parts: IncidentMemoryParts, endedSince: number) {
    const { store } = parts;
    this.#parts = parts;
    this.links = new HandMadeLinks(store.links());
    for (const past of store.pastFirings(MAX_PAST_FIRINGS)) this.history.note(past);
    for (const incident of store.recentIncidents(endedSince)) this.#load(incident);
  }

  /**
   * Stores a draft and only then believes it.
   * @param source what a delivery brought, if it was one; `isFlushed` for what a person is answered at once
   * @throws RequestError 503 when it can't be stored
   */
  commit(
    draft: Draft,
    source: { delivery?: AlertDelivery; ledger?: readonly LedgerEntry[]; isFlushed?: boolean } = {},
  ): void {
    if (draft.isEmpty) return;
    const { incidents, members, placed, links, events } = draft;
    this.#store(() =>
      this.#parts.store.commit({
        ...source,
        incidents: incidents.values(),
        members: members.values(),
        placed: placed.values(),
        links,
        events,
      }),
    );
    rememberFirings(this.history, draft, this.live);
    draft.apply();
    for (const link of links) this.links.add(link);
    for (const { kind } of events) this.#parts.counters.events[kind]++;
    this.#log(events, draft);
    this.#parts.onEvents?.(events, [...incidents.values()]);
  }

  /** Notes what became of firings that change no incident. @throws RequestError 503 when that can't be stored */
  addToLedger(entries: readonly LedgerEntry[], at: number): void {
    if (entries.length > 0) this.#store(() => this.#parts.store.addToLedger(entries, at));
  }

  /**
   * After a failure: nothing is decided before it could be stored.
   * @returns whether it had failed before: then what was decided and not stored did not happen
   * @throws RequestError 503 when nothing can be stored still
   */
  recover(): boolean {
    if (!this.#isFailing) return false;
    this.#store(() => this.#parts.store.probe());
    return true;
  }

  /** The newest firing of an alert, in memory or stored. */
  lastAlert(fingerprint: string): AlertMember | undefined {
    return this.live.lastAlert(fingerprint) ?? this.#parts.store.lastAlert(fingerprint);
  }

  /** Brings an incident back into memory, however old it is. @returns whether it had to be brought */
  recall(id: string): boolean {
    if (this.live.get(id) !== undefined) return false;
    const incident = this.#parts.store.incident(id);
    if (incident !== undefined) this.#load(incident);
    return incident !== undefined;
  }

  /** The same for one that somebody names. @throws RequestError 404 */
  bring(id: string): void {
    this.recall(id);
    if (this.live.get(id) === undefined) throw unknownIncident(id);
  }

  #load(incident: Incident): void {
    const now = this.#parts.clock.now();
    this.live.putIncident(incident);
    this.live.hear(incident.id, now);
    for (const member of this.#parts.store.members(incident.id)) {
      if (member.kind === 'anomaly') {
        this.live.putMember(member);
        continue;
      }
      const firing = postponeExpiry(member.firing, now + EXPIRY_GRACE_MS);
      this.live.putMember({ ...member, firing });
      this.#parts.expiries.watch(firing);
    }
  }

  #log(events: readonly IncidentEvent[], draft: Draft): void {
    const { logger } = this.#parts;
    const worthIt = events.filter(({ kind }) => LOGGED.has(kind));
    for (const { kind, incidentId, by } of worthIt.slice(0, MAX_LOGGED)) {
      const title = incidentTitle(draft.incident(incidentId)!);
      logger.info(`incident ${kind}`, { incident: incidentId, title, by: by || undefined });
    }
    const left = worthIt.length - MAX_LOGGED;
    if (left > 0) logger.info('further incidents changed as well', { changes: left });
  }

  #store(write: () => void): void {
    const { logger, counters } = this.#parts;
    try {
      write();
    } catch (error) {
      counters.storeFailures++;
      if (!this.#isFailing) logger.error('incidents cannot be stored', { error: messageOf(error) });
      this.#isFailing = true;
      throw new RequestError(503, 'unavailable', `incidents cannot be stored: ${messageOf(error)}`);
    }
    if (this.#isFailing) logger.info('incidents can be stored again');
    this.#isFailing = false;
  }
}
