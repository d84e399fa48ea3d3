import type {
  CorrelatedFiring,
  CorrelationWindows,
  Correlator,
  Decision,
  ObservedOnset,
} from './correlate/correlator.ts';
import { AnomalyInbox } from './incidents/anomaly-inbox.ts';
import { unknownIncident } from './incidents/api.ts';
import { type Arrival, applyDecision } from './incidents/apply-decision.ts';
import { applyLinks } from './incidents/apply-links.ts';
import { countDelivery, createIncidentCounters } from './incidents/counters.ts';
import * as deeds from './incidents/deeds.ts';
import { Draft } from './incidents/draft.ts';
import { assumeEnded, expireFiring, loseSight, nextExpiry, postponeExpiry } from './incidents/firing.ts';
import { FiringHistory } from './incidents/firing-history.ts';
import { HandMadeLinks } from './incidents/hand-made-links.ts';
import { RECOVERY_MS } from './incidents/life-cycle.ts';
import { LiveIncidents } from './incidents/live-incidents.ts';
import { type LedgerEntry, receiveDelivery } from './incidents/receive-delivery.ts';
import { RuleOnsets } from './incidents/rule-onsets.ts';
import type { IncidentStore } from './incidents/store.ts';
import { type AlertDelivery, USUAL_REPLICA_LABELS } from './model/alert.ts';
import type { Anomaly } from './model/anomaly.ts';
import type { Cancel, Clock } from './model/clock.ts';
import { formatEntity } from './model/entity.ts';
import { messageOf, RequestError } from './model/errors.ts';
import { fingerprint } from './model/fingerprint.ts';
import {
  type AlertMember,
  type Firing,
  firingKey,
  type Incident,
  type IncidentEvent,
  incidentTitle,
  isOpen,
} from './model/incident.ts';
import { type Labels, withoutLabels } from './model/labels.ts';
import type { Logger } from './model/logger.ts';
import type { Subject } from './model/topology.ts';
import { resolveCluster } from './topology/label-aliases.ts';

/** What a reload may change. */
export interface IncidentOptions extends CorrelationWindows {
  /** How long resolved incidents are kept, milliseconds. */
  readonly retentionMs: number;
  readonly clusterLabel: string;
}

/** What correlation may ask while it works. */
interface CorrelationContext {
  readonly windows: () => CorrelationWindows;
}

export interface IncidentParts {
  readonly store: IncidentStore;
  /** Makes a correlator that knows nothing: at the start, and when what it knows could not be stored. */
  readonly createCorrelator: (context: CorrelationContext) => Correlator;
  /** What an alert or a series is about. */
  readonly subjectOf: (labels: Labels, at: number) => Subject;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: IncidentOptions;
  /** Told about every change after it was stored: lines of timelines, and the incidents as they are now. */
  readonly onEvents?: (events: readonly IncidentEvent[], changed: readonly Incident[]) => void;
}

const TICK_MS = 1000;
const PRUNE_EVERY_MS = 60_000;
/** After a start, alerts that expire unless they are sent again get the time to be: Prometheus repeats them every minute. */
const EXPIRY_GRACE_MS = 5 * 60_000;
/** Twice Alertmanager's default `repeat_interval`: what was not repeated for so long is unknown. */
const SILENCE_MS = 8 * 3_600_000;
/** An incident that is about the same thing as one that ended so shortly before is its recurrence. */
const RECURRENCE_MS = 5 * 86_400_000;
/** Between two ticks; more than this come only while nothing can be stored. */
const MAX_NEW_ONSETS = 200_000;
const MAX_PAST_FIRINGS = 20_000;
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

/** Lane B: the steps from an alert (or an anomaly) to an incident. State survives in the store; here is a copy of it. */
export class IncidentPipeline {
  readonly counters = createIncidentCounters();
  readonly live = new LiveIncidents();
  readonly anomalies = new AnomalyInbox();
  readonly onsets = new RuleOnsets();
  readonly #parts: IncidentParts;
  readonly #timers: readonly Cancel[];
  readonly #history = new FiringHistory();
  readonly #links: HandMadeLinks;
  #correlator: Correlator;
  #newOnsets: ObservedOnset[] = [];
  #options: IncidentOptions;
  #nextExpiryAt = Number.POSITIVE_INFINITY;
  #isStoreFailing = false;

  constructor(parts: IncidentParts) {
    const { store, clock } = parts;
    this.#parts = parts;
    this.#options = parts.options;
    this.#links = new HandMadeLinks(store.links());
    for (const past of store.pastFirings(MAX_PAST_FIRINGS)) this.#history.note(past);
    for (const incident of store.recentIncidents(this.#forgetBefore())) this.#load(incident);
    this.#correlator = this.#restoreCorrelator();
    this.#timers = [clock.every(TICK_MS, () => this.#tick()), clock.every(PRUNE_EVERY_MS, () => this.#prune())];
  }

  configure(options: IncidentOptions): void {
    this.#options = options;
  }

  /** Takes a delivery in. When it returns, what it changed is on the disk. @throws RequestError 503 when it can't be stored */
  deliver(delivery: AlertDelivery): void {
    const { receivedAt: at } = delivery;
    const receipt = receiveDelivery(delivery.alerts, (fingerprint) => this.lastAlert(fingerprint));
    const isNew = receipt.started.length + receipt.changed.length > 0;
    if (isNew) this.#beSureOfStore();
    const returned = receipt.changed.filter((member) => this.#ensureLive(member.incidentId));
    const arrivals = this.#arrivals(receipt.started, at);
    this.#correlator.take(
      [
        ...arrivals.map(({ correlated }) => correlated),
        ...receipt.changed.map((member) => this.#correlated(member, returned.includes(member))),
      ],
      at,
    );
    const draft = new Draft(this.live);
    const linked = isNew ? this.#apply(draft, this.#correlator.decide(at), arrivals, at) : new Map<string, string>();
    this.#change(draft, receipt.changed, at);
    if (draft.isEmpty) this.addToLedger(receipt.ledger, at);
    else this.#commit(draft, delivery, receipt.ledger);
    for (const { key, correlated } of arrivals) {
      const pinnedTo = linked.get(key);
      if (pinnedTo !== undefined) this.#correlator.take([{ ...correlated, pinnedTo }], at);
    }
    for (const member of receipt.refreshed)
      this.live.putMember({ ...this.live.alert(member.key)!, firing: member.firing });
    for (const { firing } of [...arrivals, ...receipt.changed, ...receipt.refreshed]) this.#watchExpiry(firing);
    for (const { fingerprint } of delivery.alerts) this.live.hear(this.live.lastAlert(fingerprint)?.incidentId, at);
    countDelivery(this.counters, delivery, receipt);
  }

  /** Notes what became of firings that change no incident. @throws RequestError 503 when that can't be stored */
  addToLedger(entries: readonly LedgerEntry[], at: number): void {
    if (entries.length > 0) this.#store(() => this.#parts.store.addToLedger(entries, at));
  }

  /** Ends what no Alertmanager knows any more; it may turn out to go on. @throws RequestError 503 when that can't be stored */
  assumeEnded(ends: readonly { readonly key: string; readonly replica: string; readonly endsAt: number }[]): void {
    const now = this.#parts.clock.now();
    const ended = new Map<string, AlertMember>();
    for (const { key, replica, endsAt } of ends) {
      const member = ended.get(key) ?? this.live.alert(key)!;
      ended.set(key, { ...member, firing: assumeEnded(member.firing, replica, endsAt) });
    }
    const members = [...ended.values()];
    this.#beSureOfStore();
    this.#correlator.take(
      members.map((member) => this.#correlated(member, false)),
      now,
    );
    const draft = new Draft(this.live);
    this.#apply(draft, this.#correlator.decide(now), [], now);
    this.#change(draft, members, now);
    this.#commit(draft);
  }

  /** Somebody who knows says that these fire on. */
  confirm(fingerprints: Iterable<string>): void {
    const now = this.#parts.clock.now();
    for (const fingerprint of fingerprints) this.live.hear(this.live.lastAlert(fingerprint)?.incidentId, now);
  }

  /** Takes an anomaly that opened, or closed. It joins the incident of its entity within a second; nothing waits for it. */
  receiveAnomaly(anomaly: Anomaly): void {
    const subject = this.#parts.subjectOf(anomaly.labels, anomaly.startsAt);
    if (subject.entity !== undefined) this.anomalies.put({ anomaly, entity: subject.entity, subject });
  }

  /** Takes since when the condition of a rule holds, from `ALERTS_FOR_STATE`; the alert itself comes later or never. */
  receiveOnset({ labels: all, activeAt, endedAt }: Pick<ObservedOnset, 'labels' | 'activeAt' | 'endedAt'>): void {
    const labels = withoutLabels(all, USUAL_REPLICA_LABELS);
    const subject = this.#parts.subjectOf(labels, activeAt);
    const onset = { cluster: resolveCluster(labels, this.#options), labels, subject, activeAt, endedAt };
    this.onsets.put(onset);
    if (this.#newOnsets.length < MAX_NEW_ONSETS) this.#newOnsets.push(onset);
  }

  /** @throws RequestError 404, 409, 503 */
  acknowledge(id: string, deed: deeds.Deed): Incident {
    return this.#act(id, deed, (draft, timed) => deeds.acknowledge(draft, id, timed));
  }

  /** Closes an incident although its alerts may fire on. @throws RequestError 404, 409, 503 */
  resolve(id: string, deed: deeds.Deed): Incident {
    return this.#act(id, deed, (draft, timed) => deeds.resolve(draft, id, timed));
  }

  /** Makes one incident of two. @returns the one that is left @throws RequestError 404, 409, 503 */
  merge(id: string, otherId: string, deed: deeds.Deed): Incident {
    this.#bring(otherId);
    return this.#act(id, deed, (draft, timed) => deeds.merge(draft, id, otherId, timed));
  }

  /** Takes firings out of an incident. @returns the new one @throws RequestError 404, 409, 503 */
  split(id: string, selection: deeds.Selection, deed: deeds.Deed): Incident {
    return this.#act(id, deed, (draft, timed) => deeds.split(draft, id, selection, timed));
  }

  /** Takes a deed back. @param eventId which one, the last one if undefined @throws RequestError 404, 409, 503 */
  undo(id: string, eventId: number | undefined, deed: deeds.Deed): Incident {
    const timeline = this.#parts.store.timeline(id);
    for (const { detail } of timeline)
      if (detail.incident !== undefined && detail.firings) this.#bring(detail.incident);
    return this.#act(id, deed, (draft, timed) => deeds.undo(draft, id, timeline, eventId, timed));
  }

  /** Records what a person thinks of the cause or the grouping. @throws RequestError 404, 503 */
  giveFeedback(id: string, feedback: deeds.Feedback, deed: deeds.Deed): Incident {
    return this.#act(id, deed, (draft, timed) => deeds.giveFeedback(draft, id, feedback, timed));
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#tick();
  }

  #act(
    id: string,
    deed: deeds.Deed,
    act: (
      draft: Draft,
      deed: deeds.Deed & { at: number },
    ) => { id?: string; moved: readonly AlertMember[] } | undefined,
  ): Incident {
    this.#bring(id);
    const draft = new Draft(this.live);
    const at = this.#parts.clock.now();
    const done = act(draft, { ...deed, at });
    this.#commit(draft);
    for (const link of draft.links) this.#links.add(link);
    if (done !== undefined && done.moved.length > 0) {
      this.#correlator.take(
        done.moved.map((member) => this.#correlated(member, false)),
        at,
      );
    }
    return draft.incident(done?.id ?? id)!;
  }

  /** What firings that nobody knew are for correlation, and for their incident. */
  #arrivals(started: readonly Firing[], at: number): (Arrival & { readonly correlated: CorrelatedFiring })[] {
    return started.map((firing) => {
      const { alert } = firing;
      const subject = this.#parts.subjectOf(alert.labels, alert.startsAt);
      const cluster = resolveCluster(alert.labels, this.#options);
      const key = firingKey(alert);
      const onset = this.onsets.onsetOf(alert);
      const heldUntil = alert.endsAt === undefined ? this.#history.heldUntil(alert, subject.entity, at) : 0;
      const correlated = { key, alert, cluster, onset, subject };
      return { key, firing, cluster, entity: subject.entity, onset, heldUntil, correlated };
    });
  }

  /** @param isForgotten whether correlation may have forgotten it: then it is told where it is */
  #correlated(member: AlertMember, isForgotten: boolean): CorrelatedFiring {
    const { alert } = member.firing;
    const subject = { ...this.#parts.subjectOf(alert.labels, alert.startsAt), entity: member.entity };
    const firing = {
      key: member.key,
      alert,
      cluster: resolveCluster(alert.labels, this.#options),
      onset: member.onset,
      subject,
    };
    return member.pinned || isForgotten ? { ...firing, pinnedTo: member.incidentId } : firing;
  }

  /** @returns where firings went because people had said so */
  #apply(draft: Draft, decided: Decision, all: readonly Arrival[], at: number): ReadonlyMap<string, string> {
    const arrivals = new Map(all.map((arrival) => [arrival.key, arrival]));
    const { decision, linked } =
      this.#links.size === 0
        ? { decision: decided, linked: new Map<string, string>() }
        : applyLinks(decided, {
            at,
            arrivals,
            incident: (id) => this.live.get(id),
            openIncidents: () => this.live.all(),
            ...this.#options,
            linkWeight: (name, other, now) => this.#links.weight(name, other, now),
          });
    // Somebody may come back to what was forgotten long ago: it goes on then, and is not begun anew.
    for (const id of new Set(decision.placements.map(({ incidentId }) => incidentId))) this.#recall(id);
    this.counters.surplusAnomalies += applyDecision(draft, decision, {
      at,
      arrivals,
      linked,
      anomaly: (key) => this.anomalies.get(key),
      takeMemberId: () => this.#parts.store.takeMemberId(),
      findEarlier: (key, until) => this.#parts.store.findEarlier(key, until - RECURRENCE_MS, until),
    });
    return linked;
  }

  /** Lets members end, go on after all, or become what their sender says now. */
  #change(draft: Draft, changed: readonly AlertMember[], at: number): void {
    const steps = changed.map(({ key, firing }) => ({
      member: { ...draft.alert(key)!, firing },
      before: draft.alert(key)!,
    }));
    for (const [incidentId, group] of Map.groupBy(steps, ({ member }) => member.incidentId)) {
      const ends = group.flatMap(({ member, before }) => {
        const { endsAt } = member.firing.alert;
        return endsAt !== undefined && before.firing.alert.endsAt === undefined ? [endsAt] : [];
      });
      const revived = group.filter(
        ({ member, before }) => member.firing.alert.endsAt === undefined && before.firing.alert.endsAt !== undefined,
      );
      const startsAt = Math.min(...group.map(({ member }) => member.firing.alert.startsAt));
      if (startsAt < draft.incident(incidentId)!.startsAt) draft.act(incidentId, { kind: 'start_earlier', startsAt });
      if (revived.length > 0) draft.act(incidentId, { kind: 'revive', at, count: revived.length });
      if (ends.length > 0) draft.act(incidentId, { kind: 'end', at, endsAt: ends });
      for (const { member } of group) draft.put(member);
    }
  }

  /** What time brings: expiries, what correlation found meanwhile, changes of state; old things are forgotten. */
  #tick(): void {
    const now = this.#parts.clock.now();
    const isExpiryDue = now >= this.#nextExpiryAt;
    const draft = new Draft(this.live);
    try {
      if (this.#isStoreFailing) this.#beSureOfStore();
      const expired = [...(isExpiryDue ? this.#expired(now) : []), ...this.#endedRules()];
      this.#correlator.take(
        expired.map((member) => this.#correlated(member, false)),
        now,
      );
      this.#correlator.takeOnsets(this.#newOnsets, now);
      for (const { anomaly, subject } of this.anomalies.pending()) this.#correlator.takeAnomaly(anomaly, subject, now);
      this.#apply(draft, this.#correlator.decide(now), [], now);
      this.#change(draft, expired, now);
      this.#updateAnomalies(draft);
      this.#wait(draft, now);
      this.#commit(draft);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      // It was counted and logged. Nothing is lost: whatever was due is due at the next tick too.
      return;
    }
    this.#newOnsets = [];
    this.anomalies.settle();
    if (isExpiryDue) {
      this.#nextExpiryAt = Number.POSITIVE_INFINITY;
      for (const { firing } of this.live.alerts()) this.#watchExpiry(firing);
    }
    this.live.forget(this.#forgetBefore());
    this.anomalies.forget(now - this.#options.joinWindowMs);
  }

  /** Members whose alerts were not sent again in time, as ended. */
  #expired(now: number): AlertMember[] {
    return [...this.live.alerts()].flatMap((member) => {
      const firing = expireFiring(member.firing, now);
      return firing === undefined ? [] : [{ ...member, firing }];
    });
  }

  /** Members of rules whose condition holds no more: their end is heard here before Alertmanager tells it. */
  #endedRules(): AlertMember[] {
    return this.#newOnsets.flatMap(({ labels, endedAt }) => {
      const member = endedAt === undefined ? undefined : this.live.lastAlert(fingerprint(labels));
      const isOver =
        member !== undefined && member.firing.alert.endsAt === undefined && member.firing.alert.startsAt <= endedAt!;
      return isOver ? [{ ...member, firing: loseSight(member.firing, endedAt!) }] : [];
    });
  }

  #watchExpiry(firing: Firing): void {
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, nextExpiry(firing));
  }

  /** Anomalies that are members already may have ended meanwhile. */
  #updateAnomalies(draft: Draft): void {
    for (const { key, anomaly } of this.anomalies.pending()) {
      const member = this.live.anomaly(key);
      if (member !== undefined && member.anomaly !== anomaly) draft.put({ ...member, anomaly });
    }
  }

  /** Ends holds and recoveries whose time has come, and gives up what nobody has spoken of for hours. */
  #wait(draft: Draft, now: number): void {
    for (const { id } of this.live.all()) {
      const incident = draft.incident(id)!;
      const { state, heldUntil = 0, lastEndAt = now } = incident;
      const isDue =
        (state === 'candidate' && heldUntil <= now) || (state === 'recovering' && lastEndAt + RECOVERY_MS <= now);
      if (isDue) draft.act(id, { kind: 'wait', at: now });
      const isSilent = isOpen(incident) && incident.firing > 0 && this.live.heardAt(id) < now - SILENCE_MS;
      if (!isSilent || this.#isConfirmed(draft.alertsOf(id))) continue;
      for (const member of draft.alertsOf(id)) {
        if (member.firing.alert.endsAt !== undefined) continue;
        draft.put({ ...member, firing: loseSight(member.firing, now) });
      }
      draft.act(id, { kind: 'lose_sight', at: now });
    }
  }

  /** Whether the rule of one of these alerts is known to hold still. */
  #isConfirmed(members: Iterable<AlertMember>): boolean {
    for (const { firing } of members) if (this.onsets.isActive(firing.alert.fingerprint)) return true;
    return false;
  }

  /** Stores a draft and only then believes it. */
  #commit(draft: Draft, delivery?: AlertDelivery, ledger: readonly LedgerEntry[] = []): void {
    if (draft.isEmpty) return;
    const { incidents, members, placed, links, events } = draft;
    this.#store(() =>
      this.#parts.store.commit({
        ...(delivery && { delivery, ledger }),
        incidents: incidents.values(),
        members: members.values(),
        placed: placed.values(),
        links,
        events,
      }),
    );
    this.#remember(draft);
    draft.apply();
    for (const { kind, incidentId, by } of events) {
      this.counters.events[kind]++;
      if (!LOGGED.has(kind)) continue;
      this.#parts.logger.info(`incident ${kind}`, {
        incident: incidentId,
        title: incidentTitle(draft.incident(incidentId)!),
        by: by || undefined,
      });
    }
    this.#parts.onEvents?.(events, [...incidents.values()]);
  }

  /** What was decided and could not be stored did not happen: correlation has to forget it too. */
  #store(write: () => void): void {
    const { logger } = this.#parts;
    try {
      write();
    } catch (error) {
      this.counters.storeFailures++;
      if (!this.#isStoreFailing) logger.error('incidents cannot be stored', { error: messageOf(error) });
      this.#isStoreFailing = true;
      throw new RequestError(503, 'unavailable', `incidents cannot be stored: ${messageOf(error)}`);
    }
    if (this.#isStoreFailing) logger.info('incidents can be stored again');
    this.#isStoreFailing = false;
  }

  /** After a failure: nothing is decided before it could be stored. */
  #beSureOfStore(): void {
    if (!this.#isStoreFailing) return;
    this.#store(() => this.#parts.store.probe());
    this.#correlator = this.#restoreCorrelator();
    this.anomalies.lookAgain();
  }

  /** Keeps how long firings lasted and whose pages waited in vain. */
  #remember({ members, events }: Draft): void {
    for (const member of members.values()) {
      if (member.kind === 'anomaly') continue;
      const { fingerprint, labels, startsAt, endsAt } = member.firing.alert;
      const before = this.live.alert(member.key)?.firing.alert;
      if (before !== undefined && before.endsAt === endsAt) continue;
      const alertname = labels.get('alertname') ?? '';
      const entity = member.entity === undefined ? '' : formatEntity(member.entity);
      this.#history.note({ fingerprint, alertname, entity, startsAt, endsAt });
    }
    for (const { kind, incidentId } of events) {
      if (kind !== 'promoted') continue;
      for (const { firing } of this.live.alertsOf(incidentId)) {
        this.#history.noteSurvivor(firing.alert.labels.get('alertname') ?? '');
      }
    }
  }

  #prune(): void {
    const { store, clock, logger } = this.#parts;
    this.onsets.forget(clock.now());
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

  /** An alert that speaks again brings its incident back into memory, however old it is. @returns whether it had to */
  #ensureLive(incidentId: string): boolean {
    if (this.live.get(incidentId) !== undefined) return false;
    this.#load(this.#parts.store.incident(incidentId)!);
    return true;
  }

  /** @throws RequestError 404 */
  #bring(id: string): void {
    if (!this.#recall(id)) throw unknownIncident(id);
  }

  /** Brings an incident back into memory. @returns whether there is one */
  #recall(id: string): boolean {
    if (this.live.get(id) !== undefined) return true;
    const incident = this.#parts.store.incident(id);
    if (incident === undefined) return false;
    this.#load(incident);
    return true;
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
      this.#watchExpiry(firing);
    }
  }

  #restoreCorrelator(): Correlator {
    const correlator = this.#parts.createCorrelator({ windows: () => this.#options });
    const firings = [...this.live.alerts()].map((member) => ({
      ...this.#correlated(member, false),
      incidentId: member.incidentId,
    }));
    const incidents = [...this.live.all()]
      .filter(({ state }) => state !== 'merged')
      .map(({ id, cluster, causes }) => ({ incidentId: id, cluster, causes }));
    correlator.restore(firings, incidents, this.#parts.clock.now());
    return correlator;
  }

  /** What ended before can neither come back nor be joined any more. */
  #forgetBefore(): number {
    const { joinWindowMs, reopenWithinMs } = this.#options;
    return this.#parts.clock.now() - Math.max(joinWindowMs, reopenWithinMs);
  }
}
