import { type Alert, OWN_ALERT_LABEL } from '../model/alert.ts';
import type { AlertMember, Firing } from '../model/incident.ts';
import { compareBytes } from '../model/labels.ts';
import { receiveAlert } from './firing.ts';
import { isHeartbeat } from './heartbeat-alert.ts';

/** kube-prometheus' alert that mutes others: it comes and goes, and says nothing by itself. */
const INHIBITOR = 'InfoInhibitor';

/**
 * What became of an alert that was received, exactly one for each: a new firing; a change of one (end, text, start);
 * a repetition; about a firing that has ended; Pronoia's own; a heartbeat (Watchdog) or InfoInhibitor;
 * kept back by maintenance; not valid.
 */
export type AlertOutcome =
  | 'started'
  | 'changed'
  | 'repeated'
  | 'late'
  | 'own'
  | 'heartbeat'
  | 'maintenance'
  | 'invalid';

/**
 * That a firing was reported by a replica, and what became of it: a member of an incident, whose account follows from that,
 * or one of the accounts of the ledger of noise.
 */
export interface LedgerEntry {
  readonly alert: Pick<Alert, 'fingerprint' | 'replica' | 'startsAt' | 'labels'>;
  readonly account: 'member' | 'duplicate' | 'late' | 'own' | 'silenced' | 'inhibited' | 'maintenance';
  /** What is known instead, or what mutes it; empty where the account says all. */
  readonly reason: string;
}

/** What a delivery says that was not known. */
export interface DeliveryReceipt {
  /** New firings, which need an incident. */
  readonly started: readonly Firing[];
  /** Members that ended, went on after all, or changed their content; the firing is the new one. */
  readonly changed: readonly AlertMember[];
  /** Members that are as before but expire later. */
  readonly refreshed: readonly AlertMember[];
  /** A mere repetition is not there: its firing is in the ledger already. */
  readonly ledger: readonly LedgerEntry[];
  /** Alerts that always fire, to say that alerting works. */
  readonly heartbeats: readonly Alert[];
  readonly outcomes: ReadonlyMap<AlertOutcome, number>;
}

/** The firings of one fingerprint while a delivery is read. */
interface Thread {
  readonly member: AlertMember | undefined;
  memberFiring: Firing | undefined;
  hasChanged: boolean;
  readonly started: Firing[];
}

/**
 * Fits the alerts of a delivery into what is known. Neither their order nor repetitions among them make a difference.
 * @param lastAlert the newest firing of a fingerprint
 * @param ownHeartbeats names of alerts that always fire, beside the usual ones
 */
export function receiveDelivery(
  alerts: readonly Alert[],
  lastAlert: (fingerprint: string) => AlertMember | undefined,
  ownHeartbeats: readonly string[],
): DeliveryReceipt {
  const threads = new Map<string, Thread>();
  const outcomes = new Map<AlertOutcome, number>();
  const ledger: LedgerEntry[] = [];
  const heartbeats: Alert[] = [];
  for (const alert of alerts.toSorted(byIdentity)) {
    const outcome =
      nonMember(alert, ownHeartbeats) ?? follow(threadOf(alert.fingerprint, threads, lastAlert), alert, ledger);
    if (outcome === 'own') ledger.push({ alert, account: 'own', reason: '' });
    if (outcome === 'heartbeat' && alert.labels.get('alertname') !== INHIBITOR) heartbeats.push(alert);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const all = [...threads.values()];
  const touched = all.flatMap(({ member, memberFiring, hasChanged }) =>
    member === undefined || memberFiring === member.firing
      ? []
      : [{ hasChanged, member: { ...member, firing: memberFiring! } }],
  );
  return {
    started: all.flatMap(({ started }) => started),
    changed: touched.filter(({ hasChanged }) => hasChanged).map(({ member }) => member),
    refreshed: touched.filter(({ hasChanged }) => !hasChanged).map(({ member }) => member),
    ledger,
    heartbeats,
    outcomes,
  };
}

/** Why an alert can't be part of any incident; undefined when it can. */
export function nonMember(
  { labels }: Pick<Alert, 'labels'>,
  ownHeartbeats: readonly string[],
): 'own' | 'heartbeat' | undefined {
  if (labels.has(OWN_ALERT_LABEL)) return 'own';
  return labels.get('alertname') === INHIBITOR || isHeartbeat(labels, ownHeartbeats) ? 'heartbeat' : undefined;
}

function threadOf(
  fingerprint: string,
  threads: Map<string, Thread>,
  lastAlert: (fingerprint: string) => AlertMember | undefined,
): Thread {
  let thread = threads.get(fingerprint);
  if (thread === undefined) {
    const member = lastAlert(fingerprint);
    thread = { member, memberFiring: member?.firing, hasChanged: false, started: [] };
    threads.set(fingerprint, thread);
  }
  return thread;
}

function follow(thread: Thread, alert: Alert, ledger: LedgerEntry[]): AlertOutcome {
  const last = thread.started.at(-1) ?? thread.memberFiring;
  const { outcome, firing, superseded, aside } = receiveAlert(last, alert);
  const account = outcome === 'started' ? 'member' : aside;
  const reason = aside === undefined ? '' : `firing since ${new Date(last!.alert.startsAt).toISOString()}`;
  if (account !== undefined) ledger.push({ alert, account, reason });
  if (superseded !== undefined) replaceLast(thread, superseded, true);
  if (outcome === 'started') thread.started.push(firing);
  else replaceLast(thread, firing, outcome === 'changed');
  return outcome;
}

function replaceLast(thread: Thread, firing: Firing, hasChanged: boolean): void {
  if (thread.started.length > 0) thread.started[thread.started.length - 1] = firing;
  else {
    thread.memberFiring = firing;
    thread.hasChanged ||= hasChanged;
  }
}

/** Of one firing the end comes last, because it is final. */
function byIdentity(a: Alert, b: Alert): number {
  return (
    compareDigits(a.fingerprint, b.fingerprint) ||
    a.startsAt - b.startsAt ||
    Number(a.endsAt !== undefined) - Number(b.endsAt !== undefined) ||
    compareBytes(a.replica, b.replica)
  );
}

function compareDigits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
