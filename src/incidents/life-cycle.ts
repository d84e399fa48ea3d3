import type { Alert } from '../model/alert.ts';
import { type Entity, formatEntity } from '../model/entity.ts';
import {
  type EventDetail,
  type Incident,
  type IncidentEvent,
  isOpen,
  placeOf,
  type RankedCause,
  rootCause,
  servicesAffected,
} from '../model/incident.ts';
import { compareSeverity, graver } from './severity.ts';

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

/** The incident after an action, and what the timeline has to say about it. */
interface Step {
  readonly incident: Incident;
  readonly events: readonly IncidentEvent[];
}

/** How long it has to be quiet after the last end: several evaluations of any usual rule. */
export const RECOVERY_MS = 3 * 60_000;
const MAX_LEAD_LENGTH = 200;

/** An incident before its first admission. */
export function createIncident(id: string, cluster: string, first: Admission, openedAt: number): Incident {
  const { startsAt } = first.alert;
  const lead = leadOf(first.alert, first.entity);
  return {
    id,
    cluster,
    state: 'candidate',
    lead,
    severity: '',
    startsAt,
    lastOnsetAt: startsAt,
    openedAt,
    lastJoinedAt: openedAt,
    promotedAt: undefined,
    heldUntil: Number.POSITIVE_INFINITY,
    lastEndAt: undefined,
    resolvedAt: undefined,
    resolvedBy: '',
    acknowledgedAt: undefined,
    acknowledgedBy: '',
    acknowledgedAs: undefined,
    reopened: 0,
    alerts: 0,
    firing: 0,
    anomalies: 0,
    causes: [],
    impacted: [],
    possible: [],
    mergedInto: undefined,
    key: lead,
    recurrenceOf: undefined,
  };
}

/**
 * The only place where an incident changes. The states are those of `IncidentState`; nothing holds an end back: it counts
 * at once, and a quiet that has lasted long enough when it is heard of resolves the incident in the same step. What a
 * person has closed comes back for a new firing only. An acknowledgement ends when the incident becomes worse than what
 * was acknowledged.
 */
export function reduce(incident: Incident, action: Action): Step {
  return worsen(change(incident, action), 'at' in action ? action.at : incident.lastJoinedAt);
}

function change(incident: Incident, action: Action): Step {
  switch (action.kind) {
    case 'admit':
      return admit(incident, action.at, action.admissions);
    case 'leave': {
      const { at, count, to, rest } = action;
      return settle({ ...incident, ...rest }, at, [event(incident, 'left', { at, count, detail: { incident: to } })]);
    }
    case 'end':
      return end(incident, action.at, action.endsAt);
    case 'revive':
      return revive(incident, action.at, action.count);
    case 'start_earlier':
      return step({ ...incident, startsAt: Math.min(incident.startsAt, action.startsAt) });
    case 'attach_anomalies':
      return step({ ...incident, anomalies: incident.anomalies + action.count }, event(incident, 'evidence', action));
    case 'diagnose':
      return diagnose(incident, action);
    case 'wait':
      return settle(incident, action.at, []);
    case 'lose_sight':
      return step(
        { ...incident, state: 'closed_unknown', resolvedAt: action.at, firing: 0 },
        event(incident, 'closed_unknown', action),
      );
    case 'acknowledge':
      return step(
        {
          ...incident,
          acknowledgedAt: action.at,
          acknowledgedBy: action.by,
          acknowledgedAs: {
            severity: incident.severity,
            root: rootKey(incident),
            impacted: servicesAffected(incident),
          },
        },
        event(incident, 'acknowledged', action),
      );
    case 'resolve':
      return step(
        { ...incident, state: 'resolved', resolvedAt: action.at, resolvedBy: action.by },
        event(incident, 'resolved', action),
      );
    case 'merge':
      return step(
        {
          ...incident,
          state: 'merged',
          mergedInto: action.into,
          resolvedAt: action.at,
          alerts: 0,
          firing: 0,
          anomalies: 0,
        },
        event(incident, 'merged', { ...action, detail: { incident: action.into } }),
      );
    case 'absorb':
      return step(incident, event(incident, 'absorbed', action));
    case 'split':
    case 'feedback':
      return step(incident, event(incident, action.kind, action));
    case 'undo':
      return undo(incident, action);
  }
}

function admit(before: Incident, at: number, admissions: readonly Admission[]): Step {
  const incident = admissions.reduce(addOne, { ...before, lastJoinedAt: at });
  const joined = event(before, before.alerts === 0 ? 'opened' : 'joined', { at, count: admissions.length });
  // All of them may have ended before we heard of them: an incident that is over stays over.
  const isBack = incident.firing > before.firing && !isOpen(before);
  const heldUntil = Math.min(...admissions.map((admission) => admission.heldUntil));
  return isBack ? reopen(incident, at, [joined], heldUntil) : settle(incident, at, [joined]);
}

function addOne(incident: Incident, admission: Admission): Incident {
  const { startsAt, endsAt, labels } = admission.alert;
  const severity = labels.get('severity') ?? '';
  // A second alert that does not only flap is evidence that the first one was no transient.
  const isCorroborated = incident.alerts > 0 && !admission.isAgain && admission.heldUntil < Number.POSITIVE_INFINITY;
  const heldUntil = isCorroborated ? 0 : admission.heldUntil;
  return {
    ...incident,
    lead: startsAt < incident.startsAt ? leadOf(admission.alert, admission.entity) : incident.lead,
    severity: graver(incident.severity, severity),
    startsAt: Math.min(incident.startsAt, startsAt),
    lastOnsetAt: Math.max(incident.lastOnsetAt, startsAt),
    lastEndAt: latest(incident.lastEndAt, endsAt),
    heldUntil: incident.promotedAt === undefined ? Math.min(incident.heldUntil ?? 0, heldUntil) : undefined,
    alerts: incident.alerts + (admission.isAgain ? 0 : 1),
    firing: incident.firing + (endsAt === undefined ? 1 : 0),
  };
}

function end(incident: Incident, at: number, endsAt: readonly number[]): Step {
  const lastEndAt = endsAt.reduce(latest, incident.lastEndAt);
  const quieter = { ...incident, firing: incident.firing - endsAt.length, lastEndAt };
  return settle(quieter, at, [event(incident, 'ended', { at, count: endsAt.length })]);
}

/** Alerts that had expired were sent again: they had not ended. What a person has closed stays closed. */
function revive(incident: Incident, at: number, count: number): Step {
  const livelier = { ...incident, firing: incident.firing + count };
  const isBack = !isOpen(incident) && incident.resolvedBy === '' && incident.state !== 'merged';
  return isBack ? reopen(livelier, at, [], 0) : settle(livelier, at, []);
}

/** Brings the state in line with what fires. What is over does not come back by itself. */
function settle(incident: Incident, at: number, events: readonly IncidentEvent[]): Step {
  const { state, firing, lastEndAt = at } = incident;
  if (!isOpen(incident)) {
    const isQuiet = state === 'resolved' && firing === 0 && incident.resolvedBy === '';
    return { incident: isQuiet ? { ...incident, resolvedAt: lastEndAt } : incident, events };
  }
  if (firing > 0) return { incident, events, ...goOn(incident, at, events) };
  // Nobody was told of a candidate: there is no recovery to be confirmed to anybody.
  const isOver = state === 'candidate' || at >= lastEndAt + RECOVERY_MS;
  if (isOver) {
    const resolved = { ...incident, state: 'resolved', resolvedAt: lastEndAt } as const;
    return { incident: resolved, events: [...events, event(incident, 'resolved', { at })] };
  }
  if (state === 'recovering') return { incident, events };
  return {
    incident: { ...incident, state: 'recovering' },
    events: [...events, event(incident, 'recovering', { at })],
  };
}

function goOn(incident: Incident, at: number, events: readonly IncidentEvent[]): Partial<Step> {
  if (incident.state === 'recovering') {
    return { incident: { ...incident, state: 'open' }, events: [...events, event(incident, 'relapsed', { at })] };
  }
  const isHeld = compareSeverity(incident.severity, 'critical') < 0 && (incident.heldUntil ?? 0) > at;
  if (incident.state === 'open' || isHeld) return {};
  const promoted = { ...incident, state: 'open', promotedAt: at, heldUntil: undefined } as const;
  // An incident that was never held was opened at once: its timeline need not say so twice.
  const wasHeld = !events.some(({ kind }) => kind === 'opened' || kind === 'reopened');
  return wasHeld
    ? { incident: promoted, events: [...events, event(incident, 'promoted', { at })] }
    : { incident: promoted };
}

function reopen(incident: Incident, at: number, events: readonly IncidentEvent[], heldUntil: number): Step {
  const reopened = {
    ...incident,
    state: 'candidate',
    promotedAt: undefined,
    heldUntil,
    resolvedAt: undefined,
    resolvedBy: '',
    mergedInto: undefined,
    acknowledgedAs: undefined,
    reopened: incident.reopened + 1,
  } as const;
  return settle(reopened, at, [...events, event(incident, 'reopened', { at })]);
}

function diagnose(incident: Incident, { at, causes, impacted, possible }: Extract<Action, { kind: 'diagnose' }>): Step {
  const diagnosed = { ...incident, causes, impacted, possible };
  const root = rootKey(diagnosed);
  // What is known of it from the beginning is no change.
  const isFirst = rootKey(incident) === '' && at === incident.openedAt;
  const events =
    root === rootKey(incident) || isFirst
      ? []
      : [event(incident, 'cause', { at, detail: root === '' ? {} : { cause: root } })];
  const hasImpact = servicesAffected(diagnosed) > 1;
  const key = root === '' ? incident.key : root;
  const heldUntil = hasImpact && incident.heldUntil !== undefined ? 0 : incident.heldUntil;
  return isOpen(incident) ? settle({ ...diagnosed, key, heldUntil }, at, events) : { incident: diagnosed, events };
}

/** The inverse of an acknowledgement or of a resolve by hand; of anything else the members move, which is not done here. */
function undo(incident: Incident, action: Extract<Action, { kind: 'undo' }>): Step {
  const events = [event(incident, 'undone', action)];
  switch (action.undone) {
    case 'acknowledged':
      return {
        incident: { ...incident, acknowledgedAt: undefined, acknowledgedBy: '', acknowledgedAs: undefined },
        events,
      };
    case 'resolved':
      return settle({ ...incident, state: 'open', resolvedAt: undefined, resolvedBy: '' }, action.at, events);
    default:
      return { incident, events };
  }
}

/** Ends the acknowledgement of what has become worse: graver, of another cause, or twice as large. */
function worsen(made: Step, at: number): Step {
  const { incident, events } = made;
  const as = incident.acknowledgedAs;
  if (as === undefined || !isOpen(incident)) return made;
  const root = rootKey(incident);
  const because =
    compareSeverity(incident.severity, as.severity) > 0
      ? 'severity'
      : as.root !== '' && root !== '' && root !== as.root
        ? 'cause'
        : servicesAffected(incident) >= 2 * Math.max(1, as.impacted)
          ? 'impact'
          : undefined;
  if (because === undefined) return made;
  return {
    incident: { ...incident, acknowledgedAs: undefined },
    events: [...events, event(incident, 'unacknowledged', { at, detail: { because } })],
  };
}

function rootKey(incident: Incident): string {
  const root = rootCause(incident);
  return root === undefined ? '' : formatEntity(root.entity);
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function step(incident: Incident, ...events: IncidentEvent[]): Step {
  return { incident, events };
}

function event(
  { id }: Incident,
  kind: IncidentEvent['kind'],
  {
    at,
    by = '',
    comment = '',
    count = 0,
    detail = {},
  }: { at: number; by?: string; comment?: string; count?: number; detail?: EventDetail },
): IncidentEvent {
  return { incidentId: id, at, kind, by, comment, count, detail };
}

/** What an alert says about itself: its name and what it is about. */
export function leadOf({ labels }: Pick<Alert, 'labels'>, entity: Entity | undefined): string {
  const alertname = labels.get('alertname') ?? 'Alert without a name';
  const place = entity === undefined ? '' : ` on ${placeOf(entity)}`;
  return `${alertname}${place}`.slice(0, MAX_LEAD_LENGTH).toWellFormed();
}
