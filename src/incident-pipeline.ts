import type { CorrelationWindows, Correlator, Decision, ObservedOnset } from './correlate/correlator.ts';
import type { PeoplesWord } from './correlate/peoples-word.ts';
import { AnomalyInbox } from './incidents/anomaly-inbox.ts';
import { type Arrival, applyDecision } from './incidents/apply-decision.ts';
import { changeMembers } from './incidents/change-members.ts';
import { countDelivery, createIncidentCounters } from './incidents/counters.ts';
import { Draft } from './incidents/draft.ts';
import { Expiries } from './incidents/expiries.ts';
import { assumeEnded, loseSight } from './incidents/firing.ts';
import { ForCorrelation } from './incidents/for-correlation.ts';
import { isHeartbeat } from './incidents/heartbeat-alert.ts';
import { Heartbeats } from './incidents/heartbeats.ts';
import { IncidentMemory } from './incidents/incident-memory.ts';
import { LearntState } from './incidents/learnt-state.ts';
import type { LiveIncidents } from './incidents/live-incidents.ts';
import { Maintenance, type MaintenanceCalendar } from './incidents/maintenance.ts';
import { endWaits, giveUpSilent } from './incidents/pass-time.ts';
import { People } from './incidents/people.ts';
import { type LedgerEntry, nonMember, receiveDelivery } from './incidents/receive-delivery.ts';
import { RuleOnsets } from './incidents/rule-onsets.ts';
import type { IncidentStore } from './incidents/store.ts';
import { type Alert, type AlertDelivery, USUAL_REPLICA_LABELS } from './model/alert.ts';
import type { Anomaly } from './model/anomaly.ts';
import type { Cancel, Clock } from './model/clock.ts';
import { messageOf, RequestError } from './model/errors.ts';
import { fingerprint } from './model/fingerprint.ts';
import type { AlertMember, Incident, IncidentEvent } from './model/incident.ts';
import { type Labels, withoutLabels } from './model/labels.ts';
import type { Logger } from './model/logger.ts';
import type { Subject } from './model/topology.ts';
import { resolveCluster } from './topology/label-aliases.ts';

/** What a reload may change. */
export interface IncidentOptions extends CorrelationWindows {
  /** How long resolved incidents are kept, milliseconds. */
  readonly retentionMs: number;
  readonly clusterLabel: string;
  /** Names of alerts that always fire, beside the usual ones. */
  readonly heartbeats: readonly string[];
}

/** What correlation may ask while it works. */
interface CorrelationContext {
  readonly windows: () => CorrelationWindows;
  /** What an earlier correlator had learnt, see `Correlator.learnt`; undefined when there was none. */
  readonly learnt: unknown;
  /** What people have said by merges and splits, now and later. */
  readonly word: PeoplesWord;
}

export interface IncidentParts {
  readonly store: IncidentStore;
  /** Makes a correlator that knows nothing: at the start, and when what it knows could not be stored. */
  readonly createCorrelator: (context: CorrelationContext) => Correlator;
  /** What an alert or a series is about. */
  readonly subjectOf: (labels: Labels, at: number) => Subject;
  /** Maintenance that keeps alerts from being incidents; without it there is none. */
  readonly calendar?: MaintenanceCalendar;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: IncidentOptions;
  /** Told about every change after it was stored: lines of timelines, and the incidents as they are now. */
  readonly onEvents?: (events: readonly IncidentEvent[], changed: readonly Incident[]) => void;
}

const TICK_MS = 1000;
/** What changes again and again meanwhile is copied once. */
const CHECKPOINT_EVERY_MS = 5000;
const PRUNE_EVERY_MS = 60_000;
const SAVE_EVERY_MS = 60_000;
/** All incidents are looked through for it. */
const SILENCE_CHECK_MS = 60_000;
/** An incident that is about the same thing as one that ended so shortly before is its recurrence. */
const RECURRENCE_MS = 5 * 86_400_000;

/** Lane B: the steps from an alert (or an anomaly) to an incident. State survives in the store; the memory is a copy of it. */
export class IncidentPipeline {
  readonly counters = createIncidentCounters();
  readonly anomalies = new AnomalyInbox();
  readonly onsets = new RuleOnsets();
  readonly heartbeats: Heartbeats;
  readonly people: People;
  readonly #parts: IncidentParts;
  readonly #timers: readonly Cancel[];
  readonly #expiries = new Expiries();
  readonly #memory: IncidentMemory;
  readonly #learnt: LearntState;
  readonly #maintenance: Maintenance;
  readonly #forCorrelation: ForCorrelation;
  #correlator: Correlator;
  #options: IncidentOptions;
  #silenceDueAt = 0;

  constructor(parts: IncidentParts) {
    const { store, clock, subjectOf } = parts;
    this.#parts = parts;
    this.#options = parts.options;
    this.#memory = new IncidentMemory(
      { ...parts, counters: this.counters, expiries: this.#expiries },
      this.#forgetBefore(),
    );
    this.#learnt = new LearntState(store, parts.logger);
    this.heartbeats = new Heartbeats(
      this.#learnt.read('heartbeats') ?? [],
      (labels) => resolveCluster(labels, this.#options),
      (alertFingerprint) => this.#firingSince(alertFingerprint),
    );
    this.#maintenance = new Maintenance(parts.calendar ?? NO_CALENDAR, this.#learnt.read('maintenance') ?? []);
    this.#forCorrelation = new ForCorrelation({
      subjectOf,
      options: () => this.#options,
      onsets: this.onsets,
      heartbeats: this.heartbeats,
      memory: this.#memory,
    });
    this.#correlator = this.#restoreCorrelator();
    this.people = new People({
      memory: this.#memory,
      store,
      clock,
      onMoved: (members, at) => this.#tell(members, at),
    });
    this.#timers = [
      clock.every(TICK_MS, () => this.#tick()),
      clock.every(CHECKPOINT_EVERY_MS, () => store.checkpoint()),
      clock.every(PRUNE_EVERY_MS, () => this.#prune()),
      clock.every(SAVE_EVERY_MS, () => this.#save()),
    ];
  }

  /** The incidents that can still change. */
  get live(): LiveIncidents {
    return this.#memory.live;
  }

  configure(options: IncidentOptions): void {
    this.#options = options;
  }

  /**
   * Takes a delivery in. When it returns, what it changed survives the end of the process, and a power cut once `flushed`
   * resolves.
   * @throws RequestError 503 when it can't be stored
   */
  deliver(delivery: AlertDelivery): void {
    const { receivedAt: at } = delivery;
    const lastAlert = (fingerprint: string) => this.lastAlert(fingerprint);
    const kept = this.#maintenance.divide(delivery.alerts, at, (alert) => this.#mayBegin(alert));
    const receipt = receiveDelivery(kept.others, lastAlert, this.#options.heartbeats);
    const ledger = kept.ledger.length === 0 ? receipt.ledger : [...receipt.ledger, ...kept.ledger];
    const isNew = receipt.started.length + receipt.changed.length > 0;
    if (isNew) this.#beSureOfStore();
    // First: what began because alerting is back is judged by that, wherever in the delivery its heartbeat stands.
    this.heartbeats.hear(receipt.heartbeats, at, receipt.heartbeats.length === delivery.alerts.length);
    const returned = receipt.changed.filter((member) => this.#memory.recall(member.incidentId));
    const arrivals = receipt.started.map((firing) => this.#forCorrelation.arrival(firing, at));
    this.#correlator.take(
      [
        ...arrivals.map(({ correlated }) => correlated),
        ...receipt.changed.map((member) => this.#forCorrelation.member(member, returned.includes(member))),
      ],
      at,
    );
    const draft = new Draft(this.live);
    if (isNew) this.#apply(draft, this.#correlator.decide(at), arrivals, at);
    changeMembers(draft, receipt.changed, at);
    if (draft.isEmpty) this.addToLedger(ledger, at);
    else this.#memory.commit(draft, { delivery, ledger });
    this.#maintenance.setAside(kept.aside);
    for (const member of receipt.refreshed)
      this.live.putMember({ ...this.live.alert(member.key)!, firing: member.firing });
    for (const { firing } of [...arrivals, ...receipt.changed, ...receipt.refreshed]) this.#expiries.watch(firing);
    this.#hear(
      delivery.alerts.map(({ fingerprint }) => fingerprint),
      at,
    );
    countDelivery(this.counters, delivery, receipt, kept.ledger.length);
  }

  /** Resolves when all deliveries so far survive a power cut. Rejects when the disk fails. */
  flushed(): Promise<void> {
    return this.#parts.store.flushed();
  }

  /** Notes what became of firings that change no incident. @throws RequestError 503 when that can't be stored */
  addToLedger(entries: readonly LedgerEntry[], at: number): void {
    this.#memory.addToLedger(entries, at);
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
    this.#tell(members, now);
    const draft = new Draft(this.live);
    this.#apply(draft, this.#correlator.decide(now), [], now);
    changeMembers(draft, members, now);
    this.#memory.commit(draft);
  }

  /** Somebody who knows says that these fire on, each until it expires. */
  confirm(alerts: readonly Alert[]): void {
    const now = this.#parts.clock.now();
    this.#hear(
      alerts.map(({ fingerprint }) => fingerprint),
      now,
    );
    const heartbeats = alerts.filter(({ labels }) => isHeartbeat(labels, this.#options.heartbeats));
    this.heartbeats.hear(heartbeats, now, false);
  }

  /** Whether an alert can be part of an incident at all. */
  mayBeMember(alert: Alert): boolean {
    return nonMember(alert, this.#options.heartbeats) === undefined && !this.#maintenance.isHolding(alert);
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
    const cluster = resolveCluster(labels, this.#options);
    this.onsets.put({ cluster, labels, fingerprint: fingerprint(labels), subject, activeAt, endedAt });
  }

  /** The newest firing of an alert, in memory or stored. */
  lastAlert(fingerprint: string): AlertMember | undefined {
    return this.#memory.lastAlert(fingerprint);
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#tick();
    this.#save();
  }

  #apply(draft: Draft, decision: Decision, all: readonly Arrival[], at: number): void {
    const arrivals = new Map(all.map((arrival) => [arrival.key, arrival]));
    // Somebody may come back to what was forgotten long ago: it goes on then, and is not begun anew.
    for (const id of new Set(decision.placements.map(({ incidentId }) => incidentId))) this.#memory.recall(id);
    this.counters.surplusAnomalies += applyDecision(draft, decision, {
      at,
      arrivals,
      anomaly: (key) => this.anomalies.get(key),
      takeMemberId: () => this.#parts.store.takeMemberId(),
      findEarlier: (key, until) => this.#parts.store.findEarlier(key, until - RECURRENCE_MS, until),
    });
  }

  /** What time brings: expiries, what correlation found meanwhile, changes of state; old things are forgotten. */
  #tick(): void {
    const now = this.#parts.clock.now();
    const isSilenceDue = now >= this.#silenceDueAt;
    const draft = new Draft(this.live);
    try {
      this.#beSureOfStore();
      this.#tellOwn(now);
      const ended = [...this.#expiries.due(this.live.alerts(), now), ...this.#endedRules()];
      this.#tell(ended, now);
      this.#correlator.takeOnsets(this.onsets.pending(), now);
      for (const { anomaly, subject } of this.anomalies.pending()) this.#correlator.takeAnomaly(anomaly, subject, now);
      this.#apply(draft, this.#correlator.decide(now), [], now);
      changeMembers(draft, ended, now);
      this.#updateAnomalies(draft);
      endWaits(draft, this.live, now);
      if (isSilenceDue) giveUpSilent(draft, this.live, (fingerprint) => this.onsets.isActive(fingerprint), now);
      this.#memory.commit(draft);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      // It was counted and logged. Nothing is lost: whatever was due is due at the next tick too.
      return;
    }
    if (isSilenceDue) this.#silenceDueAt = now + SILENCE_CHECK_MS;
    this.onsets.settle();
    this.anomalies.settle();
    this.#expiries.settle(this.live.alerts(), now);
    this.live.forget(this.#forgetBefore());
    this.anomalies.forget(now - this.#options.joinWindowMs);
  }

  /** What we know without being told: heartbeats that are missing, and alerts whose maintenance is over. */
  #tellOwn(now: number): void {
    const absences = this.heartbeats.pass(now);
    const released = this.#maintenance.over(now);
    const alerts = [...absences, ...released];
    if (alerts.length === 0) return;
    try {
      this.deliver({ ...OWN_DELIVERY, receivedAt: now, alerts });
    } catch (error) {
      this.#maintenance.setAside(released);
      throw error;
    }
  }

  /** Whether an alert can be part of an incident, and is of none in which it fires. */
  #mayBegin(alert: Alert): boolean {
    return (
      nonMember(alert, this.#options.heartbeats) === undefined && this.#firingSince(alert.fingerprint) === undefined
    );
  }

  /** Members of rules whose condition holds no more: their end is heard here before Alertmanager tells it. */
  #endedRules(): AlertMember[] {
    return this.onsets.pending().flatMap(({ fingerprint, endedAt }) => {
      const member = endedAt === undefined ? undefined : this.live.lastAlert(fingerprint);
      const isOver =
        member !== undefined && member.firing.alert.endsAt === undefined && member.firing.alert.startsAt <= endedAt!;
      return isOver ? [{ ...member, firing: loseSight(member.firing, endedAt!) }] : [];
    });
  }

  /** Anomalies that are members already may have ended meanwhile. */
  #updateAnomalies(draft: Draft): void {
    for (const { key, anomaly } of this.anomalies.pending()) {
      const member = this.live.anomaly(key);
      if (member !== undefined && member.anomaly !== anomaly) draft.put({ ...member, anomaly });
    }
  }

  /** Tells correlation what became of members. */
  #tell(members: readonly AlertMember[], at: number): void {
    this.#correlator.take(
      members.map((member) => this.#forCorrelation.member(member)),
      at,
    );
  }

  #hear(fingerprints: Iterable<string>, at: number): void {
    for (const fingerprint of fingerprints) this.live.hear(this.live.lastAlert(fingerprint)?.incidentId, at);
  }

  /** What was decided and could not be stored did not happen: correlation has to forget it too. */
  #beSureOfStore(): void {
    if (!this.#memory.recover()) return;
    this.#correlator = this.#restoreCorrelator();
    this.anomalies.lookAgain();
  }

  /** When an alert began that fires still. */
  #firingSince(alertFingerprint: string): number | undefined {
    const alert = this.live.lastAlert(alertFingerprint)?.firing.alert;
    return alert?.endsAt === undefined ? alert?.startsAt : undefined;
  }

  #save(): void {
    this.#learnt.save({
      heartbeats: this.heartbeats.changes(),
      correlation: this.#correlator.learnt(),
      maintenance: this.#maintenance.changes(),
    });
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

  #restoreCorrelator(): Correlator {
    const correlator = this.#parts.createCorrelator({
      windows: () => this.#options,
      learnt: this.#learnt.read('correlation'),
      word: this.#memory.links,
    });
    this.#forCorrelation.restore(correlator, this.#parts.clock.now());
    return correlator;
  }

  /** What ended before can neither come back nor be joined any more. */
  #forgetBefore(): number {
    const { joinWindowMs, reopenWithinMs } = this.#options;
    return this.#parts.clock.now() - Math.max(joinWindowMs, reopenWithinMs);
  }
}

const OWN_DELIVERY = { source: 'own', invalidAlerts: 0, truncatedAlerts: 0, envelope: {} } as const;
const NO_CALENDAR: MaintenanceCalendar = { maintenanceOf: () => undefined };
