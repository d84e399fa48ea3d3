import type { Entity } from '../model/entity.ts';
import type { MemberRole, Reason } from '../model/incident.ts';
import type { Explained } from './cone.ts';
import type { Group, GroupMember } from './group.ts';
import type { Hypothesis } from './hypothesis.ts';

/** A path that is harder to believe than that is marked. */
const WEAK_COST = 1.5;

/** Why a sign is in its incident. */
export interface Explanation {
  readonly role: MemberRole;
  readonly reasons: readonly Reason[];
  readonly weak: boolean;
}

export function explainMember({ claim, members }: Group, { sign, explained, because }: GroupMember): Explanation {
  if (because !== undefined) return { role: 'symptom', reasons: because, weak: because[0]?.kind !== 'person' };
  if (claim === undefined) return { role: 'symptom', reasons: alone(members, sign), weak: false };
  const { hypothesis } = claim.theory;
  if (explained === undefined) {
    const text = `names nothing, and the only incident of that time is the one about ${nameOf(hypothesis.root)}`;
    return {
      role: 'symptom',
      reasons: [{ kind: 'text', value: 0.3, text }, timeReason(hypothesis, sign.onset)],
      weak: true,
    };
  }
  const role = explained.reach.from === undefined ? 'root' : 'symptom';
  const reasons = [pathReason(hypothesis, explained), timeReason(hypothesis, sign.onset)];
  return { role, reasons, weak: explained.cost > WEAK_COST };
}

function alone(members: readonly GroupMember[], { entity }: GroupMember['sign']): Reason[] {
  if (members.length === 1) return [{ kind: 'first', value: 1, text: 'nothing else explains it' }];
  if (entity === undefined) return [{ kind: 'same_alert', value: 1, text: 'the same alert fired again' }];
  return [{ kind: 'entity', value: 1, text: `same ${entity.kind} ${nameOf(entity)}` }];
}

function pathReason({ root }: Hypothesis, { reach }: Explained): Reason {
  const { link, silent, entity, cost } = reach;
  if (link === undefined) return { kind: 'entity', value: 1, text: `about the probable cause, ${nameOf(root)}` };
  const value = Math.exp(-cost);
  const name = nameOf(entity);
  if (link.way === 'host') return { kind: 'host', value, text: `${name} ${link.source}` };
  if (link.way === 'breadth') return { kind: 'breadth', value, text: `${nameOf(root)}: ${link.source}` };
  const through = silent === undefined ? '' : ` through ${nameOf(silent)}, which shows nothing,`;
  const hops = reach.hops === 1 ? '' : ` in ${reach.hops} steps`;
  return { kind: 'graph', value, text: `${name} depends on ${nameOf(root)}${hops},${through} shown by ${link.source}` };
}

function timeReason({ from }: Hypothesis, onset: number): Reason {
  const seconds = Math.round((onset - from) / 1000);
  const text =
    seconds === 0
      ? 'began with the cause'
      : `began ${Math.abs(seconds)} s ${seconds < 0 ? 'before' : 'after'} the cause`;
  return { kind: 'time', value: Math.exp(-Math.abs(seconds) / 300), text };
}

/** A name for people: `shop/checkout`. */
export function nameOf({ namespace, name }: Entity): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}
