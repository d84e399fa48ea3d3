import { joinAkin } from './akin.ts';
import { joinAlike } from './alike.ts';
import { burstsOf } from './bursts.ts';
import { timeCost } from './cone.ts';
import type { CorrelationWindows } from './correlator.ts';
import type { Experience } from './experience.ts';
import { type Group, openerOf } from './group.ts';
import { isOpenTo, type Span, spanOfSigns } from './joining.ts';
import { isRefused, type PeoplesWord } from './peoples-word.ts';
import { firstAlert, type Sign } from './sign.ts';
import { joinWelcome } from './welcome.ts';

/** An alert that names nothing joins an incident that is that large, and whose time fits that well. */
const MIN_THINGS = 3;
const MAX_TIME_COST = 1;

/**
 * What no cause explains: an alert that names nothing joins the only incident that it can belong to, weakly; the rest stays
 * with its own thing, or with what it is alike or akin to. Nothing joins so what is far from an incident in time, or one that is frozen.
 */
export function withLeftovers(
  groups: readonly Group[],
  left: ReadonlySet<Sign>,
  windows: CorrelationWindows,
  { experience, word }: { readonly experience: Experience; readonly word: PeoplesWord },
): Group[] {
  const joined = new Map<Group, Sign[]>();
  const alone: Sign[] = [];
  const large = groups
    .filter(
      ({ claim, members }) =>
        claim !== undefined && new Set(members.map(({ sign }) => sign.entityKey)).size >= MIN_THINGS,
    )
    .map((group) => ({ group, span: spanOfSigns(group.members.map(({ sign }) => sign)) }));
  for (const sign of left) {
    const home = sign.entityKey === '' ? onlyPlausible(sign, large, windows, word) : undefined;
    if (home !== undefined) joined.set(home, [...(joined.get(home) ?? []), sign]);
    else if (!sign.isEvidence) alone.push(sign);
  }
  const grown = groups.map((group) => {
    const more = joined.get(group);
    if (more === undefined) return group;
    return { ...group, members: [...group.members, ...more.map((sign) => ({ sign, explained: undefined }))] };
  });
  const alike = joinAlike(aboutOneThing(alone, windows.reopenWithinMs, word), windows);
  return joinWelcome([...grown, ...joinAkin(alike, windows, experience, word)], windows, word);
}

function onlyPlausible(
  sign: Sign,
  groups: readonly { readonly group: Group; readonly span: Span }[],
  windows: CorrelationWindows,
  word: PeoplesWord,
): Group | undefined {
  const plausible = groups.filter(
    ({ group, span }) =>
      timeCost(group.claim!.theory.hypothesis, sign.onset) <= MAX_TIME_COST &&
      isOpenTo(sign, span, windows) &&
      (word.size === 0 || !isRefused(word, sign, openerOf(group))),
  );
  return plausible.length === 1 ? plausible[0]!.group : undefined;
}

/** Bursts of trouble on one thing, each with what comes again of it soon after. */
function aboutOneThing(signs: readonly Sign[], againWithinMs: number, word: PeoplesWord): Group[] {
  const groups: Group[] = [];
  for (const [key, same] of Map.groupBy(signs, ({ entityKey }) => entityKey)) {
    if (key === '') {
      for (const again of recurrences(
        same.map((sign) => [sign]),
        againWithinMs,
      ))
        groups.push(groupOf(again));
      continue;
    }
    for (const again of recurrences(
      burstsOf(same, (sign) => sign).flatMap((burst) => withoutRefused(burst, word)),
      againWithinMs,
    ))
      groups.push(groupOf(again));
  }
  return groups;
}

/** Takes apart what people said does not belong together. */
function withoutRefused(burst: readonly Sign[], word: PeoplesWord): Sign[][] {
  if (word.size === 0) return [[...burst]];
  const parts: Sign[][] = [];
  for (const sign of burst) {
    const part = parts.find(([opener]) => !isRefused(word, sign, opener!));
    if (part === undefined) parts.push([sign]);
    else part.push(sign);
  }
  return parts;
}

/** Joins bursts of which a kind had been seen shortly before. */
function recurrences(bursts: readonly Sign[][], againWithinMs: number): Sign[][] {
  const joined: Sign[][] = [];
  for (const burst of bursts.toSorted((a, b) => a[0]!.onset - b[0]!.onset)) {
    const earlier = joined.find((each) =>
      each.some((before) =>
        burst.some(
          (sign) => isSame(before, sign) && sign.onset >= before.onset && sign.onset - before.until <= againWithinMs,
        ),
      ),
    );
    if (earlier === undefined) joined.push([...burst]);
    else earlier.push(...burst);
  }
  return joined;
}

/** Without a thing to name, only the very same alert is the same. */
function isSame(a: Sign, b: Sign): boolean {
  if (a.kind !== b.kind) return false;
  return a.entityKey !== '' || firstAlert(a)?.fingerprint === firstAlert(b)?.fingerprint;
}

function groupOf(signs: readonly Sign[]): Group {
  return { claim: undefined, rivals: [], members: signs.map((sign) => ({ sign, explained: undefined })) };
}
