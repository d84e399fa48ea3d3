import { type Incident, type IncidentEvent, isOpen, servicesAffected } from '../model/incident.ts';
import { acknowledge, rootKey, takeBack, worsen } from './acknowledgement.ts';
import type { Action, Admission } from './action.ts';
import { leadOf } from './lead.ts';
import { compareSeverity, graver } from './severity.ts';
import { event, type Step, step } from './step.ts';

/** How long it has to be quiet after the last end: several evaluations of any usual rule. */
export const RECOVERY_MS = 3 * 60_000;

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
      return acknowledge(incident, action);
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
      return { incident: takeBack(incident), events };
    case 'resolved':
      return settle({ ...incident, state: 'open', resolvedAt: undefined, resolvedBy: '' }, action.at, events);
    default:
      return { incident, events };
  }
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
