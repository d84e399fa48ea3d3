import type { Alert } from '../model/alert.ts';
import type { Entity } from '../model/entity.ts';
import type { EventDetail, Incident, IncidentEvent, RankedCause } from '../model/incident.ts';

/** A firing that enters an incident, earliest onset first within an action. */
export interface Admission {
  readonly alert: Alert;
  readonly entity: Entity | undefined;
  /** Whether another firing of the same alert is a member already: it is not counted twice. */
  readonly isAgain: boolean;
  /** Until when it opens no page by itself: 0 for not at all, Infinity for an alert that flaps. */
  readonly heldUntil: number;
}

/** What an incident's alerts come to. */
export type Tally = Pick<
  Incident,
  'alerts' | 'firing' | 'severity' | 'lead' | 'startsAt' | 'lastOnsetAt' | 'lastEndAt'
>;

/** What a person did: who, why, and what belongs to it. */
interface PersonalAction {
  readonly at: number;
  readonly by: string;
  readonly comment: string;
  readonly count?: number;
  readonly detail?: EventDetail;
}

/** Everything that can happen to an incident; `at` is the time at which it became known here. */
export type Action =
  | { readonly kind: 'admit'; readonly at: number; readonly admissions: readonly Admission[] }
  /** Firings went to another incident; `rest` is what is left. */
  | { readonly kind: 'leave'; readonly at: number; readonly count: number; readonly to: string; readonly rest: Tally }
  | { readonly kind: 'end'; readonly at: number; readonly endsAt: readonly number[] }
  | { readonly kind: 'revive'; readonly at: number; readonly count: number }
  | { readonly kind: 'start_earlier'; readonly startsAt: number }
  | { readonly kind: 'attach_anomalies'; readonly at: number; readonly count: number }
  | {
      readonly kind: 'diagnose';
      readonly at: number;
      readonly causes: readonly RankedCause[];
      readonly impacted: readonly Entity[];
      readonly possible: readonly Entity[];
    }
  /** What only time brings: a candidate is held no longer, a recovery has lasted. */
  | { readonly kind: 'wait'; readonly at: number }
  | { readonly kind: 'lose_sight'; readonly at: number }
  | ({ readonly kind: 'acknowledge' | 'resolve' | 'absorb' | 'split' | 'feedback' } & PersonalAction)
  | ({ readonly kind: 'merge'; readonly into: string } & PersonalAction)
  | ({ readonly kind: 'undo'; readonly undone: IncidentEvent['kind'] } & PersonalAction);
