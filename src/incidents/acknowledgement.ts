import { formatEntity } from '../model/entity.ts';
import { type Incident, isOpen, rootCause, servicesAffected } from '../model/incident.ts';
import type { Action } from './action.ts';
import { compareSeverity } from './severity.ts';
import { event, type Step, step } from './step.ts';

/** Somebody looks after it: what it is now is what they have seen. */
export function acknowledge(incident: Incident, action: Extract<Action, { by: string }>): Step {
  const seen = { severity: incident.severity, root: rootKey(incident), impacted: servicesAffected(incident) };
  return step(
    { ...incident, acknowledgedAt: action.at, acknowledgedBy: action.by, acknowledgedAs: seen },
    event(incident, 'acknowledged', action),
  );
}

/** Nobody looks after it any more. */
export function takeBack(incident: Incident): Incident {
  return { ...incident, acknowledgedAt: undefined, acknowledgedBy: '', acknowledgedAs: undefined };
}

/** Ends the acknowledgement of what has become worse: graver, of another cause, or twice as large. */
export function worsen(made: Step, at: number): Step {
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

/** `formatEntity` of the most probable cause, empty without one. */
export function rootKey(incident: Incident): string {
  const root = rootCause(incident);
  return root === undefined ? '' : formatEntity(root.entity);
}
