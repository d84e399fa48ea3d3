import { formatEntity } from '../model/entity.ts';
import { RequestError } from '../model/errors.ts';
import { type AlertMember, type EventDetail, type Incident, incidentId, isOpen, rootCause } from '../model/incident.ts';
import type { Draft } from './draft.ts';
import { linksBetween } from './hand-made-links.ts';
import type { StoredEvent } from './rows.ts';

/** Who did something to an incident, and why. */
export interface Deed {
  readonly by: string;
  readonly comment: string;
}

/** A deed and when it was done. */
type TimedDeed = Deed & { readonly at: number };

/** What is taken out of an incident: firings of these alerts, and those about these entities (`formatEntity`). */
export interface Selection {
  readonly fingerprints: readonly string[];
  readonly entities: readonly string[];
}

/** What a person says about an incident: whether its cause or its grouping is right, and what was the cause in truth. */
export interface Feedback {
  readonly about: 'cause' | 'grouping';
  readonly verdict: 'right' | 'wrong';
  /** `formatEntity` of the true cause. */
  readonly entity: string | undefined;
}

/** More keys than this are not kept for an undo: the rest stays where it is. */
const MAX_KEYS = 20_000;

/** @throws RequestError 409 unless the incident is open and nobody looks after it */
export function acknowledge(draft: Draft, id: string, deed: TimedDeed): undefined {
  const incident = draft.incident(id)!;
  if (!isOpen(incident)) throw conflict(`the incident is ${overAlready(incident)}`);
  if (incident.acknowledgedAs !== undefined) {
    throw conflict(`the incident is acknowledged already, by ${incident.acknowledgedBy}`);
  }
  draft.act(id, { kind: 'acknowledge', ...deed });
}

/** Closes an incident although its alerts may fire on. @throws RequestError 409 unless it is open */
export function resolve(draft: Draft, id: string, deed: TimedDeed): undefined {
  const incident = draft.incident(id)!;
  if (!isOpen(incident)) throw conflict(`the incident is ${overAlready(incident)}`);
  draft.act(id, { kind: 'resolve', ...deed });
}

/**
 * Makes one incident of two: the younger one becomes part of the older one.
 * @returns the id of the one that is left, and the firings that moved
 * @throws RequestError 409 when one of them is a tombstone, or both are the same
 */
export function merge(
  draft: Draft,
  id: string,
  otherId: string,
  deed: TimedDeed,
): { id: string; moved: AlertMember[] } {
  const both = [draft.incident(id)!, draft.incident(otherId)!];
  if (id === otherId) throw conflict('an incident cannot be merged with itself');
  const tombstone = both.find(({ state }) => state === 'merged');
  if (tombstone !== undefined) throw conflict(`incident ${tombstone.id} is ${overAlready(tombstone)}`);
  const [older, younger] = both.toSorted((a, b) => a.openedAt - b.openedAt || (a.id < b.id ? -1 : 1)) as [
    Incident,
    Incident,
  ];
  const members = [...draft.alertsOf(younger.id)];
  const links = linksBetween(alertnames(draft.alertsOf(older.id)), alertnames(members), true, deed.at);
  const moved = move(draft, members, older.id, `${deed.by} merged ${younger.id} into this incident`, deed.at);
  draft.absorb(younger.id, older.id, { ...deed, count: moved.length, firings: keysOf(moved) });
  draft.links.push(...links);
  return { id: older.id, moved };
}

/**
 * Takes firings out of an incident and opens one of their own.
 * @returns the id of the new incident, and the firings that moved
 * @throws RequestError 409 when nothing is selected, or everything
 */
export function split(
  draft: Draft,
  id: string,
  selection: Selection,
  deed: TimedDeed,
): { id: string; moved: AlertMember[] } {
  const fingerprints = new Set(selection.fingerprints);
  const entities = new Set(selection.entities);
  const { yes: members = [], no: rest = [] } = Object.groupBy(draft.alertsOf(id), ({ firing, entity }) => {
    const isSelected = fingerprints.has(firing.alert.fingerprint) || (entity && entities.has(formatEntity(entity)));
    return isSelected ? 'yes' : 'no';
  });
  if (members.length === 0) throw conflict('none of these fingerprints and entities is in the incident');
  if (rest.length === 0) throw conflict('that is all of the incident: leave something in it');
  const { cluster } = draft.incident(id)!;
  const first = members.toSorted((a, b) => a.firing.alert.startsAt - b.firing.alert.startsAt || a.id - b.id)[0]!;
  const { fingerprint, startsAt } = first.firing.alert;
  const newId = incidentId(cluster, { fingerprint: `${id} ${fingerprint}`, startsAt });
  const moved = move(draft, members, newId, `${deed.by} split it off from ${id}`, deed.at);
  draft.leave(id, new Map([[newId, moved.length]]), deed.at);
  const detail = { incident: newId, firings: keysOf(moved) };
  draft.act(id, { kind: 'split', ...deed, count: moved.length, detail });
  draft.links.push(...linksBetween(alertnames(rest), alertnames(members), false, deed.at));
  return { id: newId, moved };
}

/** Records what a person thinks of the cause or the grouping. */
export function giveFeedback(
  draft: Draft,
  id: string,
  { about, verdict, entity }: Feedback,
  deed: TimedDeed,
): undefined {
  const root = rootCause(draft.incident(id)!);
  const detail: EventDetail = {
    about,
    verdict,
    ...(root && { cause: formatEntity(root.entity) }),
    ...(entity !== undefined && { entity }),
  };
  draft.act(id, { kind: 'feedback', ...deed, detail });
  if (about === 'grouping' && verdict === 'right') {
    const [lead, ...others] = alertnames(draft.alertsOf(id));
    if (lead !== undefined) draft.links.push(...linksBetween(new Set([lead]), new Set(others), true, deed.at));
  }
}

/**
 * Takes back what a person did: the last deed that was not taken back yet, or a certain one. The past stays as it is; the
 * inverse is added to it.
 * @param timeline of the incident
 * @returns the firings that moved
 * @throws RequestError 409 when there is nothing to take back
 */
export function undo(
  draft: Draft,
  id: string,
  timeline: readonly StoredEvent[],
  eventId: number | undefined,
  deed: TimedDeed,
): { moved: AlertMember[] } {
  const event = undoable(timeline).findLast((each) => eventId === undefined || each.id === eventId);
  if (event === undefined) {
    const { mergedInto } = draft.incident(id)!;
    const hint = mergedInto === undefined ? '' : `: undo the merge at ${mergedInto}`;
    throw conflict(
      eventId === undefined ? `there is nothing to undo${hint}` : `event ${eventId} cannot be undone${hint}`,
    );
  }
  const { firings = [], incident: other = '' } = event.detail;
  let moved: AlertMember[] = [];
  if (event.kind === 'absorbed' || event.kind === 'split') {
    const [from, to] = event.kind === 'absorbed' ? [id, other] : [other, id];
    const members = firings.flatMap((key) => draft.alert(key) ?? []).filter((member) => member.incidentId === from);
    if (members.length === 0) throw conflict('the alerts that moved then are not there any more');
    // Whom they were parted from, or joined with.
    const others = [...draft.alertsOf(event.kind === 'split' ? to : from)].filter((each) => !members.includes(each));
    moved = move(draft, members, to, `${deed.by} took a ${event.kind === 'split' ? 'split' : 'merge'} back`, deed.at);
    draft.leave(from, new Map([[to, moved.length]]), deed.at);
    draft.links.push(...linksBetween(alertnames(others), alertnames(members), event.kind === 'split', deed.at));
  }
  const detail = { undoes: event.id, undoneKind: event.kind };
  draft.act(id, { kind: 'undo', ...deed, undone: event.kind, count: moved.length, detail });
  return { moved };
}

/** What people said and did not take back. */
export function feedbackOf(timeline: readonly StoredEvent[]): StoredEvent[] {
  return undoable(timeline).filter(({ kind }) => kind === 'feedback');
}

function undoable(timeline: readonly StoredEvent[]): StoredEvent[] {
  const undone = new Set(timeline.map(({ detail }) => detail.undoes));
  return timeline.filter(
    ({ id, kind, by, detail }) =>
      by !== '' &&
      !undone.has(id) &&
      (['acknowledged', 'resolved', 'feedback', 'split'].includes(kind) ||
        (kind === 'absorbed' && detail.firings !== undefined)),
  );
}

/** Puts firings where a person wants them; correlation leaves them there. */
function move(draft: Draft, members: readonly AlertMember[], to: string, text: string, at: number): AlertMember[] {
  const { cluster } = draft.incident(members[0]!.incidentId)!;
  const seen = new Set<string>();
  const admissions = members.map(({ firing: { alert }, entity }) => {
    const isAgain = seen.has(alert.fingerprint) || draft.hasAlert(to, alert.fingerprint);
    seen.add(alert.fingerprint);
    return { alert, entity, isAgain, heldUntil: 0 };
  });
  admissions.sort((a, b) => a.alert.startsAt - b.alert.startsAt);
  draft.open(to, cluster, admissions[0]!, at);
  draft.act(to, { kind: 'admit', at, admissions });
  const reasons = [{ kind: 'person', value: 1, text }] as const;
  return members.map((member) => {
    const moved = { ...member, incidentId: to, reasons, weak: false, alternatives: [], pinned: true };
    draft.place(moved);
    return moved;
  });
}

function keysOf(members: readonly AlertMember[]): string[] {
  return members.slice(0, MAX_KEYS).map(({ key }) => key);
}

function alertnames(members: Iterable<AlertMember>): Set<string> {
  const names = [...members].map(({ firing }) => firing.alert.labels.get('alertname') ?? '');
  return new Set(names.filter((name) => name !== ''));
}

function overAlready({ state, resolvedBy, mergedInto }: Incident): string {
  if (state === 'merged') return `part of ${mergedInto} already`;
  return `${state.replace('_', ' ')} already${resolvedBy === '' ? '' : `, by ${resolvedBy}`}`;
}

function conflict(message: string): RequestError {
  return new RequestError(409, 'conflict', message);
}
