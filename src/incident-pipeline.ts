import type { CorrelatedAlert, CorrelationWindows, Correlator, Placement } from './correlate/direct-placement.ts';
import { RecentAnomalies } from './correlate/recent-anomalies.ts';
import { type Deed, unknownIncident } from './incidents/api.ts';
import { countDelivery, createIncidentCounters } from './incidents/counters.ts';
import { Draft } from './incidents/draft.ts';
import { assumeEnded, expireFiring, nextExpiry, postponeExpiry } from './incidents/firing.ts';
import { LiveIncidents } from './incidents/live-incidents.ts';
import { receiveDelivery } from './incidents/receive-delivery.ts';
import type { IncidentStore } from './incidents/store.ts';
import type { Alert, AlertDelivery } from './model/alert.ts';
import { type Anomaly, anomalyKey } from './model/anomaly.ts';
import type { Cancel, Clock } from './model/clock.ts';
import type { Entity } from './model/entity.ts';
import { messageOf, RequestError } from './model/errors.ts';
import { type AlertMember, type Firing, type Incident, type IncidentEvent, incidentTitle } from './model/incident.ts';
import type { Logger } from './model/logger.ts';
import { identifyingLabels } from './topology/identifying-labels.ts';
import { resolveCluster, resolveEntity } from './topology/resolve-entity.ts';

/** What a reload may change. */
export interface IncidentOptions extends CorrelationWindows {
  /** How long resolved incidents are kept, milliseconds. */
  readonly retentionMs: number;
  readonly clusterLabel: string;
}

interface IncidentParts {
  readonly store: IncidentStore;
  readonly correlator: Correlator;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: IncidentOptions;
  /** Told about every change after it was stored. */
  readonly onEvents?: (events: readonly IncidentEvent[]) => void;
}

const TICK_MS = 1000;
const PRUNE_EVERY_MS = 60_000;
/** After a start, alerts that expire unless they are sent again get the time to be: Prometheus repeats them every minute. */
const EXPIRY_GRACE_MS = 5 * 60_000;
const MAX_RECENT_ANOMALIES = 100_000;
/** More anomalies of its entities tell nobody more about an incident. */
const MAX_ANOMALIES_PER_INCIDENT = 200;
/** Changes of state; the others would be a line per delivery. */
const LOGGED: ReadonlySet<IncidentEvent['kind']> = new Set(['opened', 'acknowledged', 'resolved', 'reopened']);

/** Lane B: the steps from an alert (or an anomaly) to an incident. State survives in the store; here is a copy of it. */
export class IncidentPipeline {
  readonly counters = createIncidentCounters();
  readonly live = new LiveIncidents();
  readonly recentAnomalies = new RecentAnomalies(MAX_RECENT_ANOMALIES);
  readonly #parts: IncidentParts;
  readonly #timers: readonly Cancel[];
  #options: IncidentOptions;
  #nextExpiryAt = Number.POSITIVE_INFINITY;
  #isStoreFailing = false;

  constructor(parts: IncidentParts) {
    const { store, clock } = parts;
    this.#parts = parts;
    this.#options = parts.options;
    for (const incident of store.recentIncidents(this.#forgetBefore())) this.#load(incident);
    this.#timers = [clock.every(TICK_MS, () => this.#tick()), clock.every(PRUNE_EVERY_MS, () => this.#prune())];
  }

  configure(options: IncidentOptions): void {
    this.#options = options;
  }

  /** Takes a delivery in. When it returns, what it changed is on the disk. @throws RequestError 503 when it can't be stored */
  deliver(delivery: AlertDelivery): void {
    const receipt = receiveDelivery(delivery.alerts, (fingerprint) => this.lastAlert(fingerprint));
    const placements = this.#correlate(receipt.started);
    const draft = new Draft(this.live);
    this.#admit(draft, placements, receipt.started, delivery.receivedAt);
    this.#change(draft, receipt.changed, delivery.receivedAt);
    this.#commit(draft, delivery);
    for (const member of receipt.refreshed) this.live.putMember(member, []);
    for (const firing of receipt.started) this.#watchExpiry(firing);
    for (const { firing } of [...receipt.changed, ...receipt.refreshed]) this.#watchExpiry(firing);
    for (const { newcomer } of placements)
      if (newcomer.entity !== undefined) this.recentAnomalies.lookAgain(newcomer.entity);
    countDelivery(this.counters, delivery, receipt);
  }

  /** Ends firings that no Alertmanager knows any more. @throws RequestError 503 when that can't be stored */
  assumeEnded(ends: readonly { fingerprint: string; replica: string; endsAt: number }[]): void {
    const members = new Map<number, AlertMember>();
    for (const { fingerprint, replica, endsAt } of ends) {
      const last = this.lastAlert(fingerprint)!;
      const member = members.get(last.id) ?? last;
      members.set(member.id, { ...member, firing: assumeEnded(member.firing, replica, endsAt) });
    }
    const draft = new Draft(this.live);
    this.#change(draft, [...members.values()], this.#parts.clock.now());
    this.#commit(draft);
  }

  /** Takes an anomaly that opened, or closed. It joins the incident of its entity within a second; nothing waits for it. */
  receiveAnomaly(anomaly: Anomaly): void {
    const entity = resolveEntity(anomaly.labels, this.#options);
    if (entity === undefined) return;
    this.recentAnomalies.put({ anomaly, entity });
  }

  /** @throws RequestError 404, 409, 503 */
  acknowledge(id: string, deed: Deed): Incident {
    return this.#act(id, 'acknowledge', deed, ['open']);
  }

  /** Closes an incident although its alerts may fire on. @throws RequestError 404, 409, 503 */
  resolve(id: string, deed: Deed): Incident {
    return this.#act(id, 'resolve', deed, ['open', 'acknowledged']);
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#tick();
  }

  #correlate(started: readonly Firing[]): Placement[] {
    const newcomers = started.map(({ alert }) => this.#correlated(alert, resolveEntity(alert.labels, this.#options)));
    return this.#parts.correlator.place(newcomers, this.live, this.#options);
  }

  #correlated(alert: Alert, entity: Entity | undefined): CorrelatedAlert {
    const cluster = resolveCluster(alert.labels, this.#options);
    // Whoever grouped them in Alertmanager knows something that the labels alone do not say.
    const group = alert.group === '' ? [] : [`notification group ${alert.group}`];
    return { alert, cluster, entity, identifying: [...identifyingLabels(alert.labels), ...group] };
  }

  /** Brings new firings into their incidents, all of one incident at once. */
  #admit(draft: Draft, placements: readonly Placement[], started: readonly Firing[], at: number): void {
    const firings = new Map(started.map((firing) => [firing.alert, firing]));
    for (const [incidentId, group] of Map.groupBy(placements, (placement) => placement.incidentId)) {
      const seen = new Set<string>();
      const admissions = group.map(({ newcomer: { alert, entity } }) => {
        const isAgain =
          seen.has(alert.fingerprint) || this.live.lastAlert(alert.fingerprint)?.incidentId === incidentId;
        seen.add(alert.fingerprint);
        return { alert, entity, isAgain };
      });
      draft.open(incidentId, group[0]!.newcomer.cluster, admissions[0]!, at);
      draft.act(incidentId, { kind: 'admit', at, admissions });
      for (const placement of group) {
        const { newcomer, core, reasons } = placement;
        const { alert, entity } = newcomer;
        const membership = { id: this.#parts.store.takeMemberId(), incidentId, entity, admittedAt: at, reasons };
        const member = { ...membership, kind: 'alert', role: 'symptom', core, firing: firings.get(alert)! } as const;
        draft.put(member, this.#parts.correlator.traits(newcomer, placement));
      }
    }
  }

  /** Lets members end, go on after all, or become what their sender says now. */
  #change(draft: Draft, changed: readonly AlertMember[], at: number): void {
    for (const [incidentId, members] of Map.groupBy(changed, (member) => member.incidentId)) {
      this.#ensureLive(incidentId);
      const steps = members.map(({ firing: { alert } }) => ({
        alert,
        before: this.lastAlert(alert.fingerprint)!.firing.alert,
      }));
      const ends = steps.flatMap(({ alert, before }) =>
        alert.endsAt !== undefined && before.endsAt === undefined ? [alert.endsAt] : [],
      );
      const revived = steps.filter(({ alert, before }) => alert.endsAt === undefined && before.endsAt !== undefined);
      const startsAt = Math.min(...steps.map(({ alert }) => alert.startsAt));
      if (startsAt < draft.incident(incidentId)!.startsAt) draft.act(incidentId, { kind: 'start_earlier', startsAt });
      if (revived.length > 0) draft.act(incidentId, { kind: 'revive', at, count: revived.length });
      if (ends.length > 0) draft.act(incidentId, { kind: 'end', at, endsAt: ends });
      for (const member of members) draft.put(member, []);
    }
  }

  #act(
    id: string,
    kind: 'acknowledge' | 'resolve',
    { by, comment }: Deed,
    from: readonly Incident['state'][],
  ): Incident {
    const { store, clock } = this.#parts;
    const incident = this.live.get(id) ?? store.incident(id);
    if (incident === undefined) throw unknownIncident(id);
    if (!from.includes(incident.state)) {
      const whom = incident.state === 'acknowledged' ? incident.acknowledgedBy : incident.resolvedBy;
      throw new RequestError(
        409,
        'conflict',
        `the incident is ${incident.state} already${whom === '' ? '' : `, by ${whom}`}`,
      );
    }
    const draft = new Draft(this.live);
    draft.act(id, { kind, at: clock.now(), by, comment });
    this.#commit(draft);
    return draft.incident(id)!;
  }

  /** What time brings: alerts that were not sent again expire, anomalies find their incident, old things are forgotten. */
  #tick(): void {
    const now = this.#parts.clock.now();
    const isExpiryDue = now >= this.#nextExpiryAt;
    const draft = new Draft(this.live);
    if (isExpiryDue) this.#expire(draft, now);
    this.#attachAnomalies(draft, now);
    try {
      this.#commit(draft);
    } catch {
      // It was counted and logged. Nothing is lost: whatever was due is due at the next tick too.
      return;
    }
    this.recentAnomalies.settle();
    if (isExpiryDue) {
      this.#nextExpiryAt = Number.POSITIVE_INFINITY;
      for (const { firing } of this.live.alerts()) this.#watchExpiry(firing);
    }
    this.live.forget(this.#forgetBefore());
    this.recentAnomalies.forget(now - this.#options.joinWindowMs);
  }

  #expire(draft: Draft, now: number): void {
    const expired: AlertMember[] = [];
    for (const member of this.live.alerts()) {
      const firing = expireFiring(member.firing, now);
      if (firing !== undefined) expired.push({ ...member, firing });
    }
    this.#change(draft, expired, now);
  }

  #watchExpiry(firing: Firing): void {
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, nextExpiry(firing));
  }

  #attachAnomalies(draft: Draft, at: number): void {
    const { correlator, store } = this.#parts;
    for (const { anomaly, entity } of this.recentAnomalies.pending()) {
      const member = this.live.anomaly(anomalyKey(anomaly));
      if (member !== undefined) {
        if (member.anomaly !== anomaly) draft.put({ ...member, anomaly }, []);
        continue;
      }
      const { startsAt, endsAt } = anomaly;
      const found = correlator.attach({ startsAt, endsAt, entity }, this.live, this.#options);
      if (found === undefined) continue;
      const { incidentId, reasons } = found;
      if (draft.incident(incidentId)!.anomalies >= MAX_ANOMALIES_PER_INCIDENT) {
        this.counters.surplusAnomalies++;
        continue;
      }
      draft.act(incidentId, { kind: 'attach_anomalies', at, count: 1 });
      const membership = { id: store.takeMemberId(), incidentId, entity, admittedAt: at, reasons };
      draft.put({ ...membership, kind: 'anomaly', role: 'evidence', anomaly }, []);
    }
  }

  /** Stores a draft and only then believes it. */
  #commit(draft: Draft, delivery?: AlertDelivery): void {
    if (draft.isEmpty) return;
    const { store, logger, onEvents } = this.#parts;
    const { incidents, members, events } = draft;
    try {
      store.commit({ ...(delivery && { delivery }), incidents: incidents.values(), members: members.values(), events });
    } catch (error) {
      this.counters.storeFailures++;
      if (!this.#isStoreFailing) logger.error('incidents cannot be stored', { error: messageOf(error) });
      this.#isStoreFailing = true;
      throw new RequestError(503, 'unavailable', `incidents cannot be stored: ${messageOf(error)}`);
    }
    if (this.#isStoreFailing) logger.info('incidents can be stored again');
    this.#isStoreFailing = false;
    draft.apply();
    for (const { kind, incidentId, by } of events) {
      this.counters.events[kind]++;
      if (!LOGGED.has(kind)) continue;
      logger.info(`incident ${kind}`, {
        incident: incidentId,
        title: incidentTitle(draft.incident(incidentId)!),
        by: by || undefined,
      });
    }
    onEvents?.(events);
  }

  #prune(): void {
    const { store, clock, logger } = this.#parts;
    try {
      store.prune(clock.now() - this.#options.retentionMs);
    } catch (error) {
      logger.warn('old incidents cannot be deleted', { error: messageOf(error) });
    }
  }

  /** The newest firing of an alert, in memory or stored. */
  lastAlert(fingerprint: string): AlertMember | undefined {
    return this.live.lastAlert(fingerprint) ?? this.#parts.store.lastAlert(fingerprint);
  }

  /** An alert that speaks again brings its incident back into memory, however old it is. */
  #ensureLive(incidentId: string): void {
    if (this.live.get(incidentId) === undefined) this.#load(this.#parts.store.incident(incidentId)!);
  }

  #load(incident: Incident): void {
    const { store, correlator, clock } = this.#parts;
    const graceUntil = clock.now() + EXPIRY_GRACE_MS;
    this.live.putIncident(incident);
    for (const member of store.members(incident.id)) {
      if (member.kind === 'anomaly') {
        this.live.putMember(member, []);
        continue;
      }
      const firing = postponeExpiry(member.firing, graceUntil);
      const opens = member.reasons.some(({ kind }) => kind === 'first');
      const traits = correlator.traits(this.#correlated(firing.alert, member.entity), { opens, core: member.core });
      this.live.putMember({ ...member, firing }, traits);
      this.#watchExpiry(firing);
    }
  }

  /** What ended before can neither come back nor be joined any more. */
  #forgetBefore(): number {
    const { joinWindowMs, reopenWithinMs } = this.#options;
    return this.#parts.clock.now() - Math.max(joinWindowMs, reopenWithinMs);
  }
}
