import type { Alert } from '../model/alert.ts';
import type { Entity } from '../model/entity.ts';
import type { Incident, Reason } from '../model/incident.ts';

/** What correlation looks at in an alert. */
export interface CorrelatedAlert {
  readonly alert: Alert;
  readonly cluster: string;
  readonly entity: Entity | undefined;
  /** Labels that say which thing is meant, `name=value` in canonical spelling, and the group that Alertmanager made of it. */
  readonly identifying: readonly string[];
}

/** The part of an incident that decides whether it can take something in. */
export type IncidentSpan = Pick<Incident, 'id' | 'startsAt' | 'lastOnsetAt' | 'resolvedAt'>;

/** Incidents that are open or were resolved lately, found by the traits of their alerts. */
export interface RecentIncidents {
  withTrait(trait: string): Iterable<IncidentSpan>;
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

/** Where one firing goes, and why. */
export interface Placement {
  readonly newcomer: CorrelatedAlert;
  readonly incidentId: string;
  /** Whether it opens this incident. */
  readonly opens: boolean;
  readonly core: boolean;
  readonly reasons: readonly Reason[];
}

/** Decides what belongs together. It remembers nothing: the incidents it is shown are all it knows. */
export interface Correlator {
  /** Places new firings; the result does not depend on their order. */
  place(newcomers: readonly CorrelatedAlert[], recent: RecentIncidents, windows: CorrelationWindows): Placement[];
  /** The incident that an anomaly on this entity belongs to, undefined when there is none; never a new one. */
  attach(
    anomaly: { readonly startsAt: number; readonly endsAt: number | undefined; readonly entity: Entity },
    recent: RecentIncidents,
    windows: CorrelationWindows,
  ): { readonly incidentId: string; readonly reasons: readonly Reason[] } | undefined;
  /** Under which traits an alert in an incident has to be found. */
  traits(member: CorrelatedAlert, role: { readonly opens: boolean; readonly core: boolean }): string[];
}
