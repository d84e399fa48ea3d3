import type { Alert } from '../model/alert.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Entity } from '../model/entity.ts';
import type { MemberRole, RankedCause, Reason } from '../model/incident.ts';
import type { Labels } from '../model/labels.ts';
import type { Subject } from '../model/topology.ts';

/** When something began, epoch milliseconds: an interval, because rules are evaluated and targets scraped now and then. */
interface Onset {
  readonly earliest: number;
  readonly latest: number;
}

/** One firing of an alert as correlation sees it. */
export interface CorrelatedFiring {
  /** (fingerprint, startsAt) as text: what a placement refers to. It must stay when the firing changes or ends. */
  readonly key: string;
  readonly alert: Alert;
  readonly cluster: string;
  /** When its condition began, as far as the alert alone tells: `startsAt`, less the rule's `for` where that is known. */
  readonly onset: Onset;
  readonly subject: Subject;
  /** Where a person put it: it stays there. */
  readonly pinnedTo?: string;
  /** Where it is, when correlation may have forgotten it long ago: it stays there too. */
  readonly returnedTo?: string;
}

/** The state of a rule for one label set, from an `ALERTS_FOR_STATE` series: seen while it is pending already. */
export interface ObservedOnset {
  readonly cluster: string;
  /** The labels of the series without `__name__`: those of the rule, before `alert_relabel_configs`. */
  readonly labels: Labels;
  /** Of the labels. */
  readonly fingerprint: string;
  readonly subject: Subject;
  /** The value of the sample: since when the rule's condition holds, epoch milliseconds. */
  readonly activeAt: number;
  /** Time of the stale marker, undefined while the series goes on. */
  readonly endedAt: number | undefined;
}

/** Where a firing belongs, and why: given when it is first placed and whenever that changes. */
export interface FiringPlacement {
  readonly key: string;
  readonly incidentId: string;
  readonly role: MemberRole;
  readonly reasons: readonly Reason[];
  /** It is here because nothing better was found: no path and no entity speak for it. */
  readonly weak: boolean;
  /** It is here because people put its like here: it stays, as if they had put it here itself. */
  readonly pinned?: boolean;
  /** Other incidents that would explain it, the cheapest first; costs are those of docs/correlation.md. */
  readonly alternatives: readonly { readonly incidentId: string; readonly cost: number }[];
}

/** An anomaly that bears on an incident. */
export interface AnomalyPlacement {
  /** `anomalyKey` of the anomaly. */
  readonly key: string;
  readonly incidentId: string;
  readonly reasons: readonly Reason[];
}

/** What correlation makes of an incident as a whole. */
export interface IncidentView {
  readonly incidentId: string;
  readonly cluster: string;
  /** Probable causes, best first; never empty. */
  readonly causes: readonly RankedCause[];
  /** Affected: something on them alerts or is anomalous. */
  readonly impacted: readonly Entity[];
  /** Silent so far, but a cause that can reach them is at work. */
  readonly possible: readonly Entity[];
}

/** What changed since the last decision. Apply `placements` first, then `merged`. */
export interface Decision {
  readonly placements: readonly FiringPlacement[];
  readonly anomalies: readonly AnomalyPlacement[];
  /** Incidents whose causes or impact changed. */
  readonly incidents: readonly IncidentView[];
  /** Incidents all of whose members went to another one: a tombstone that points there. */
  readonly merged: readonly { readonly from: string; readonly into: string }[];
}

/** Milliseconds, all measured between onsets. */
export interface CorrelationWindows {
  /** How far from an incident's first and last onset another alert may begin and still join by what it has in common. */
  readonly joinWindowMs: number;
  /** How long after its first onset nothing joins any more but the same alert again. */
  readonly freezeAfterMs: number;
  /** How long after its end an incident comes back when one of its alerts does. */
  readonly reopenWithinMs: number;
}

/** What is restored of an incident after a restart. */
export interface RestoredIncident {
  readonly incidentId: string;
  readonly cluster: string;
  readonly causes: readonly RankedCause[];
}

/** A firing and where it was before the restart. */
export interface RestoredFiring extends CorrelatedFiring {
  readonly incidentId: string;
}

/**
 * Decides what belongs together and what is the cause of it: the partition of firings into incidents that explains them
 * best. It remembers what it was told and what it decided; the outcome depends neither on the order in which things of the
 * same time are told, nor on repetitions. All times are epoch milliseconds.
 */
export interface Correlator {
  /** Takes new firings, changed ones and ended ones (`alert.endsAt`). */
  take(firings: readonly CorrelatedFiring[], now: number): void;
  /** Takes the state of rules: earlier onsets for firings, and pending alerts as evidence for causes. */
  takeOnsets(onsets: readonly ObservedOnset[], now: number): void;
  /**
   * Takes an anomaly that opened or closed: evidence on its entity, which need not have any alert. A recurring one is no
   * evidence, it only joins the incident of its entity.
   */
  takeAnomaly(anomaly: Anomaly, subject: Subject, now: number): void;
  /** What changed since the last call. Cheap when nothing came; called after each delivery and once a second. */
  decide(now: number): Decision;
  /** Takes back what was decided before a restart: nothing moves by that. Called once, first. */
  restore(firings: readonly RestoredFiring[], incidents: readonly RestoredIncident[], now: number): void;
  /** What was learnt of things that are over, as JSON, to be given to the next one; undefined when nothing was since the last call. */
  learnt(): unknown;
}
