import type { CorrelationWindows } from '../../../src/correlate/correlator.ts';
import type { Alert } from '../../../src/model/alert.ts';
import type { Entity } from '../../../src/model/entity.ts';
import type { Incident, Reason } from '../../../src/model/incident.ts';

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
