import type { Reason } from '../model/incident.ts';
import type { Group, GroupMember } from './group.ts';
import type { Sign } from './sign.ts';

/** Nothing joins an incident by what it looks like after its last onset plus that. */
const JOIN_WITHIN_MS = 15 * 60_000;
/** Evidence of time fades with this constant. */
const TIME_CONSTANT_MS = 5 * 60_000;

/**
 * Where no dependency is known: alerts of one name that share a label which says what is meant (or were grouped by name in
 * Alertmanager) are one incident when they begin near to each other. Two kinds of evidence, name and label, and never
 * a chain: what joins is compared with what opened the incident, not with what joined before.
 */
export function joinAlike(groups: readonly Group[]): Group[] {
  const openers = new Map<string, { members: GroupMember[]; lastOnset: number }>();
  const joined: Group[] = [];
  for (const group of groups.toSorted((a, b) => first(a).onset - first(b).onset)) {
    const sign = first(group);
    const traits = sign.identifying.map((label) => `${sign.kind} ${label}`);
    const home = traits.map((trait) => openers.get(trait)).find((each) => each !== undefined && isNear(each, sign));
    if (home !== undefined) {
      const because = reasonsOf(sign, home);
      home.members.push(...group.members.map((member) => ({ ...member, because })));
      home.lastOnset = Math.max(home.lastOnset, sign.onset);
      continue;
    }
    const members = [...group.members];
    joined.push({ ...group, members });
    for (const trait of traits) openers.set(trait, { members, lastOnset: sign.lastOnset });
  }
  return joined;
}

function isNear({ lastOnset }: { lastOnset: number }, { onset }: Sign): boolean {
  return onset - lastOnset <= JOIN_WITHIN_MS;
}

function reasonsOf(
  sign: Sign,
  { members, lastOnset }: { members: readonly GroupMember[]; lastOnset: number },
): Reason[] {
  const opener = members[0]!.sign;
  const shared = sign.identifying.filter((label) => opener.identifying.includes(label));
  const gapMs = Math.max(0, sign.onset - lastOnset);
  return [
    { kind: 'text', value: 1, text: `same alert name ${sign.kind}` },
    { kind: 'labels', value: shared.length / sign.identifying.length, text: `same ${shared.join(', ')}` },
    {
      kind: 'time',
      value: Math.exp(-gapMs / TIME_CONSTANT_MS),
      text: `began ${Math.round(gapMs / 1000)} s after its last alert`,
    },
  ];
}

function first({ members }: Group): Sign {
  return members[0]!.sign;
}
