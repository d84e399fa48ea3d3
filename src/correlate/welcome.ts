import type { CorrelationWindows } from './correlator.ts';
import { type Group, type GroupMember, openerOf } from './group.ts';
import { isOpenTo, type Span, spanOfSigns } from './joining.ts';
import { isWelcome, type PeoplesWord, saidBy } from './peoples-word.ts';
import { byOnset, type Sign } from './sign.ts';

interface Opened {
  readonly opener: Sign;
  readonly span: Span;
  group: Group;
}

/**
 * Joins what people said belongs together, where it begins near to each other. Compared is what opened the incidents, so
 * that what was said of pairs makes no chains.
 */
export function joinWelcome(groups: readonly Group[], windows: CorrelationWindows, word: PeoplesWord): Group[] {
  if (word.size === 0) return [...groups];
  const latest = new Map<string, Opened>();
  const all: Opened[] = [];
  const opened = groups.map((group) => ({ group, opener: openerOf(group) }));
  for (const { group, opener } of opened.sort((a, b) => byOnset(a.opener, b.opener))) {
    const span = spanOfSigns(group.members.map(({ sign }) => sign));
    const homes = [...word.partners(opener.kind)].flatMap((kind) => latest.get(kind) ?? []);
    const home = homes.find((each) => isWelcome(word, opener, each.opener) && isOpenTo(opener, each.span, windows));
    if (home === undefined) {
      const own = { opener, span, group };
      all.push(own);
      latest.set(opener.kind, own);
    } else {
      home.group = union(home, group, word.weight(opener.kind, home.opener.kind, opener.onset));
      home.span.lastOnset = Math.max(home.span.lastOnset, span.lastOnset);
    }
  }
  return all.map(({ group }) => group);
}

/** What was explained stays so, if it is by the cause that is left. */
function union({ group, opener }: Opened, other: Group, weight: number): Group {
  const { claim, rivals } = group.claim === undefined ? other : group;
  const because = saidBy(opener, weight);
  const membersOf = ({ claim: own, members }: Group): GroupMember[] =>
    own === claim && own !== undefined
      ? [...members]
      : members.map(({ sign }) => ({ sign, explained: undefined, because }));
  const own = claim === undefined || group.claim === claim ? group.members : membersOf(group);
  return { claim, rivals, members: [...own, ...membersOf(other)] };
}
