import { type Entity, formatEntity } from '../model/entity.ts';
import { incidentId, type Reason } from '../model/incident.ts';
import { compareBytes } from '../model/labels.ts';
import type {
  CorrelatedAlert,
  CorrelationWindows,
  Correlator,
  IncidentSpan,
  Placement,
  RecentIncidents,
} from './direct-placement.ts';
import { PlacedAlerts } from './placed-alerts.ts';
import { alertname, identifyingEntity, onEntity, openedOn, sameAlert, sameKind, sharedLabel } from './traits.ts';

/** Evidence of time fades with this constant. */
const TIME_CONSTANT_MS = 5 * 60_000;

type Choice = { span: IncidentSpan; core: boolean; reasons: Reason[] } | undefined;

/**
 * The first correlation. A firing joins an incident that is near in time and
 * - is about the same entity, or
 * - has a core member with the same alert name and a shared identifying label: two kinds of evidence, because a name or a
 *   label alone glues strangers. Core members are those about what the incident was opened for, so that there are no chains.
 * The same alert, or the same alert name on the same entity, also brings a resolved incident back. What joins nothing opens
 * an incident of its own. A label that is absent is evidence of nothing.
 */
export const directEvidence: Correlator = {
  place(newcomers, recent, windows) {
    const placed = new PlacedAlerts(recent);
    return inOrder(newcomers, recent, windows).map((newcomer) => {
      const choice = chooseDirectly(newcomer, placed, windows) ?? chooseByLabels(newcomer, placed, windows);
      const placement = choice === undefined ? opening(newcomer) : joining(newcomer, choice);
      placed.add(placement, choice?.span, directEvidence.traits(newcomer, placement));
      return placement;
    });
  },

  attach({ startsAt, endsAt, entity }, recent, windows) {
    const spans = [...recent.withTrait(onEntity(entity))].filter(
      (span) =>
        span.resolvedAt === undefined &&
        !isFrozen(span, startsAt, windows) &&
        (endsAt === undefined || endsAt >= span.startsAt - windows.joinWindowMs),
    );
    const span = nearest(spans, startsAt);
    return span && { incidentId: span.id, reasons: [entityReason(entity), timeReason(span, startsAt)] };
  },

  traits(member, { opens, core }) {
    const entity = identifyingEntity(member);
    const traits = [sameAlert(member)];
    if (entity !== undefined) traits.push(onEntity(entity), sameKind(member, entity));
    if (entity !== undefined && opens) traits.push(openedOn(entity));
    if (core && alertname(member) !== undefined)
      traits.push(...member.identifying.map((pair) => sharedLabel(member, pair)));
    return traits;
  },
};

/**
 * First what belongs to a known incident for sure, so that the rest of its group finds it there; then by onset, which
 * decides who opens an incident. The fingerprint settles ties: the order of arrival must not.
 */
function inOrder(
  newcomers: readonly CorrelatedAlert[],
  recent: RecentIncidents,
  windows: CorrelationWindows,
): CorrelatedAlert[] {
  const sorted = newcomers.toSorted(
    (a, b) => a.alert.startsAt - b.alert.startsAt || compareBytes(a.alert.fingerprint, b.alert.fingerprint),
  );
  const { known = [], unknown = [] } = Object.groupBy(sorted, (newcomer) =>
    chooseDirectly(newcomer, recent, windows) === undefined ? 'unknown' : 'known',
  );
  return [...known, ...unknown];
}

function chooseDirectly(newcomer: CorrelatedAlert, recent: RecentIncidents, windows: CorrelationWindows): Choice {
  return chooseBySameAlert(newcomer, recent, windows) ?? chooseByEntity(newcomer, recent, windows);
}

function opening(newcomer: CorrelatedAlert): Placement {
  const reasons: Reason[] = [{ kind: 'first', value: 1, text: 'opened the incident' }];
  return { newcomer, incidentId: incidentId(newcomer.cluster, newcomer.alert), opens: true, core: true, reasons };
}

function joining(newcomer: CorrelatedAlert, { span, core, reasons }: NonNullable<Choice>): Placement {
  return { newcomer, incidentId: span.id, opens: false, core, reasons };
}

/** The same fingerprint goes back to an incident that lasts, or has ended lately, however old it is. */
function chooseBySameAlert(newcomer: CorrelatedAlert, recent: RecentIncidents, windows: CorrelationWindows): Choice {
  const onset = newcomer.alert.startsAt;
  const spans = [...recent.withTrait(sameAlert(newcomer))].filter(
    (span) => isOngoing(span, onset) || canReopen(span, onset, windows),
  );
  const span = nearest(spans, onset);
  const core = span !== undefined && isCore(newcomer, span, recent);
  return span && { span, core, reasons: [{ kind: 'same_alert', value: 1, text: 'the same alert fired again' }] };
}

function chooseByEntity(newcomer: CorrelatedAlert, recent: RecentIncidents, windows: CorrelationWindows): Choice {
  const entity = identifyingEntity(newcomer);
  if (entity === undefined) return undefined;
  const onset = newcomer.alert.startsAt;
  const near = [...recent.withTrait(onEntity(entity))].filter((span) => canJoin(span, onset, windows));
  const back = [...recent.withTrait(sameKind(newcomer, entity))].filter((span) => canReopen(span, onset, windows));
  const span = nearest(near, onset) ?? nearest(back, onset);
  return (
    span && { span, core: isCore(newcomer, span, recent), reasons: [entityReason(entity), timeReason(span, onset)] }
  );
}

function chooseByLabels(newcomer: CorrelatedAlert, recent: RecentIncidents, windows: CorrelationWindows): Choice {
  // What is only for information does not spread an incident beyond its own entity.
  if (alertname(newcomer) === undefined || newcomer.alert.labels.get('severity') === 'info') return undefined;
  const onset = newcomer.alert.startsAt;
  const shared = new Map<IncidentSpan, string[]>();
  for (const pair of newcomer.identifying) {
    for (const span of recent.withTrait(sharedLabel(newcomer, pair))) {
      if (canJoin(span, onset, windows)) shared.set(span, [...(shared.get(span) ?? []), pair]);
    }
  }
  const most = Math.max(0, ...[...shared.values()].map((pairs) => pairs.length));
  const span = nearest(
    [...shared.keys()].filter((each) => shared.get(each)!.length === most),
    onset,
  );
  if (span === undefined) return undefined;
  const pairs = shared.get(span)!;
  const reasons: Reason[] = [
    { kind: 'text', value: 1, text: `same alert name ${alertname(newcomer)}` },
    { kind: 'labels', value: pairs.length / newcomer.identifying.length, text: `same ${pairs.join(', ')}` },
    timeReason(span, onset),
  ];
  return { span, core: false, reasons };
}

function isCore(newcomer: CorrelatedAlert, span: IncidentSpan, recent: RecentIncidents): boolean {
  const entity = identifyingEntity(newcomer);
  return entity !== undefined && [...recent.withTrait(openedOn(entity))].some(({ id }) => id === span.id);
}

/** Whether the incident lasted at that time: what began before its end belongs to it even if we hear of it later. */
function isOngoing(span: IncidentSpan, onset: number): boolean {
  return span.resolvedAt === undefined || onset <= span.resolvedAt;
}

function isFrozen(span: IncidentSpan, onset: number, windows: CorrelationWindows): boolean {
  return onset > span.startsAt + windows.freezeAfterMs;
}

function canJoin(span: IncidentSpan, onset: number, windows: CorrelationWindows): boolean {
  return isOngoing(span, onset) && !isFrozen(span, onset, windows) && gap(span, onset) <= windows.joinWindowMs;
}

function canReopen(span: IncidentSpan, onset: number, windows: CorrelationWindows): boolean {
  return span.resolvedAt !== undefined && onset > span.resolvedAt && onset - span.resolvedAt <= windows.reopenWithinMs;
}

/** How far an onset lies outside of the onsets that the incident already has; 0 between them. */
function gap(span: IncidentSpan, onset: number): number {
  return Math.max(0, span.startsAt - onset, onset - span.lastOnsetAt);
}

/** The one with the smallest gap, of equals the oldest. */
function nearest(spans: readonly IncidentSpan[], onset: number): IncidentSpan | undefined {
  return spans.toSorted(
    (a, b) => gap(a, onset) - gap(b, onset) || a.startsAt - b.startsAt || compareBytes(a.id, b.id),
  )[0];
}

function entityReason(entity: Entity): Reason {
  return { kind: 'entity', value: 1, text: `same ${formatEntity(entity)}` };
}

function timeReason(span: IncidentSpan, onset: number): Reason {
  const gapMs = gap(span, onset);
  const text =
    gapMs === 0
      ? 'began while the incident grew'
      : `began ${Math.round(gapMs / 1000)} s ${onset < span.startsAt ? 'before its first' : 'after its last'} alert`;
  return { kind: 'time', value: Math.exp(-gapMs / TIME_CONSTANT_MS), text };
}
