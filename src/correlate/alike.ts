import type { Reason } from '../model/incident.ts';
import type { CorrelationWindows } from './correlator.ts';
import type { Group, GroupMember } from './group.ts';
import { isOpenTo, type Span, spanOfSigns, timeReason } from './joining.ts';
import type { Sign } from './sign.ts';

/**
 * Where no dependency is known: alerts of one name that share a label which says what is meant (or were grouped by name in
 * Alertmanager) are one incident when they begin near to each other. Two kinds of evidence, name and label, and never
 * a chain: what joins is compared with what opened the incident, not with what joined before.
 */
export function joinAlike(groups: readonly Group[], windows: CorrelationWindows): Group[] {
  const openers = new Map<string, { members: GroupMember[]; span: Span }>();
  const joined: Group[] = [];
  for (const group of groups.toSorted((a, b) => first(a).onset - first(b).onset)) {
    const sign = first(group);
    const traits = sign.identifying.map((label) => `${sign.kind} ${label}`);
    const home = traits
      .map((trait) => openers.get(trait))
      .find((each) => each !== undefined && isOpenTo(sign, each.span, windows));
    if (home !== undefined) {
      const because = reasonsOf(sign, home.members[0]!.sign, home.span);
      home.members.push(...group.members.map((member) => ({ ...member, because })));
      home.span.lastOnset = Math.max(home.span.lastOnset, sign.onset);
      continue;
    }
    const members = [...group.members];
    joined.push({ ...group, members });
    const opener = { members, span: spanOfSigns([sign]) };
    for (const trait of traits) openers.set(trait, opener);
  }
  return joined;
}

function reasonsOf(sign: Sign, opener: Sign, span: Span): Reason[] {
  const shared = sign.identifying.filter((label) => opener.identifying.includes(label));
  return [
    { kind: 'text', value: 1, text: `same alert name ${sign.kind}` },
    { kind: 'labels', value: shared.length / sign.identifying.length, text: `same ${shared.join(', ')}` },
    timeReason(sign, span),
  ];
}

function first({ members }: Group): Sign {
  return members[0]!.sign;
}
