import type { Decision, FiringPlacement } from '../correlate/correlator.ts';
import { type Incident, incidentId, isOpen, type Reason } from '../model/incident.ts';
import type { Arrival } from './apply-decision.ts';

interface LinkContext {
  readonly at: number;
  readonly arrivals: ReadonlyMap<string, Arrival>;
  readonly incident: (id: string) => Incident | undefined;
  readonly openIncidents: () => Iterable<Incident>;
  readonly joinWindowMs: number;
  readonly freezeAfterMs: number;
  /** See `HandMadeLinks.weight`. */
  readonly linkWeight: (alertname: string, other: string, now: number) => number;
}

/** What people have said counts until it has faded to half. */
const MIN_WEIGHT = 0.5;

/**
 * What people's merges and splits say about new firings. One that would open an incident joins one near in time that was
 * opened by an alert which people said it belongs to; one that joins weakly an incident of which they said that it does
 * not belong there stands alone. Compared is what opened the incident, so that links make no chains.
 * @returns the decision, and where firings went because of that
 */
export function applyLinks(
  decision: Decision,
  context: LinkContext,
): { decision: Decision; linked: Map<string, string> } {
  const linked = new Map<string, string>();
  const placements = decision.placements.map((placement) => {
    const arrival = context.arrivals.get(placement.key);
    const changed = arrival && relocate(placement, arrival, context);
    if (changed === undefined) return placement;
    linked.set(changed.key, changed.incidentId);
    return changed;
  });
  return { decision: { ...decision, placements }, linked };
}

function relocate(placement: FiringPlacement, arrival: Arrival, context: LinkContext): FiringPlacement | undefined {
  const { alert } = arrival.firing;
  const name = alert.labels.get('alertname') ?? '';
  const known = context.incident(placement.incidentId);
  const weightTo = ({ lead }: Incident) => context.linkWeight(name, nameOf(lead), context.at);
  if (known !== undefined) {
    if (!placement.weak || weightTo(known) > -MIN_WEIGHT) return undefined;
    const reasons = because(`people said that it does not belong to ${nameOf(known.lead)}`, 1);
    return { ...placement, incidentId: incidentId(arrival.cluster, alert), reasons, weak: false };
  }
  const homes = [...context.openIncidents()].filter(
    (incident) =>
      isOpen(incident) &&
      incident.cluster === arrival.cluster &&
      Math.abs(arrival.onset.latest - incident.lastOnsetAt) <= context.joinWindowMs &&
      context.at - incident.openedAt <= context.freezeAfterMs &&
      weightTo(incident) >= MIN_WEIGHT,
  );
  const home = homes.toSorted((a, b) => weightTo(b) - weightTo(a) || a.openedAt - b.openedAt)[0];
  if (home === undefined) return undefined;
  const reasons = because(`people said that it belongs to ${nameOf(home.lead)}`, weightTo(home));
  return { ...placement, incidentId: home.id, reasons, weak: false };
}

function because(text: string, value: number): Reason[] {
  return [{ kind: 'person', value, text }];
}

/** The name of the alert that opened an incident. */
function nameOf(lead: string): string {
  return lead.split(' on ')[0]!;
}
