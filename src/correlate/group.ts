import type { Reason } from '../model/incident.ts';
import type { Claim } from './claim.ts';
import type { Explained } from './cone.ts';
import type { Sign } from './sign.ts';

/** A sign in a group: explained, or put there for want of a better place. */
export interface GroupMember {
  readonly sign: Sign;
  readonly explained: Explained | undefined;
  /** Why it is there if no cause explains it. */
  readonly because?: readonly Reason[];
}

/** Signs with one cause, or with none that is known: then they are about one thing. */
export interface Group {
  readonly claim: Claim | undefined;
  readonly members: readonly GroupMember[];
  /** What else might explain these signs, best first, as it was worth before. */
  readonly rivals: readonly Claim[];
}

/** The sign that an incident began with: the cause's own, or the first one. What people say is about that. */
export function openerOf({ claim, members }: Group): Sign {
  const own = claim?.theory.hypothesis.own;
  const signs = members.map(({ sign }) => sign);
  const [first, ...others] = own?.some((sign) => signs.includes(sign))
    ? signs.filter((sign) => own.includes(sign))
    : signs;
  return others.reduce((opener, sign) => (sign.onset < opener.onset ? sign : opener), first!);
}
