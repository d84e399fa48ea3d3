import { Background } from './background.ts';
import { type Cone, coneOf, type Explained, type Insides, type SignsByEntity, timeCost } from './cone.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import { ALONE_COST, hypotheses, burstsOf, insidesOf, TOGETHER_MS } from './hypotheses.ts';
import type { Hypothesis } from './hypothesis.ts';
import type { Scene } from './scene.ts';
import type { Sign } from './sign.ts';

const MIN_WORTH = 0.01;
const REOPEN_MS = 30 * 60_000;
const MAX_CHANCE = 0.01;
const MORE_WITHIN_MS = 5 * 60_000;
const MAX_COINCIDENCE = 0.01;
const SURE_KINDS = 3;
const MAX_COINCIDENCE_IF_SURE = 0.1;
/** More signs on one thing make it somewhat surer. */
const FURTHER_SIGN = 0.1;

export interface Theory {
  readonly hypothesis: Hypothesis;
  readonly cone: Cone;
  readonly missing: number;
}

/** What a theory explains of that which is left. */
interface Claim {
  readonly theory: Theory;
  readonly explained: readonly Explained[];
  readonly worth: number;
  /** How many groups had been made when it was judged. */
  readonly judgedAt: number;
}

/** Signs with one cause. */
export interface Group {
  readonly theory: Theory | undefined;
  readonly members: readonly { readonly sign: Sign; readonly explained: Explained | undefined }[];
  readonly rivals: readonly { theory: Theory; worth: number }[];
  readonly worth: number;
}

export function partition(scene: Scene, graph: DependencyGraph, now: number): Group[] {
  const left = new Set([...scene.signs.values()].flat());
  const groups: Group[] = [];
  const symptoms = new Set<string>();
  // First those that no affected callee explains; then whatever remains, because that callee did not explain it after all.
  for (const isTopOnly of [true, false]) groups.push(...explainAll(left, symptoms, { graph, now, isTopOnly }));
  return withLeftovers(groups, left);
}

function explainAll(
  left: Set<Sign>,
  symptoms: Set<string>,
  { graph, now, isTopOnly }: { graph: DependencyGraph; now: number; isTopOnly: boolean },
): Group[] {
  const signsOf = Map.groupBy([...left].filter(({ entityKey }) => entityKey !== ''), ({ entityKey }) => entityKey);
  const insides = new Map([...signsOf].map(([key, signs]) => [key, insidesOf(signs)]));
  const groups: Group[] = [];
  let claims: Claim[] = hypotheses(graph, signsOf, insides, isTopOnly).map((hypothesis) => {
    const theory = theoryOf(hypothesis, graph, signsOf, insides);
    // Not judged yet: it is worth this at most.
    return { theory, explained: [], worth: theory.cone.explained.length * ALONE_COST, judgedAt: -1 };
  });
  claims.sort(byWorth);
  while (true) {
    const background = new Background(left, signsOf.size, now);
    const round = groups.length;
    // What was worth less than the best before something was taken away is not worth more now: judge only those on top.
    while (claims.length > 0 && claims[0]!.judgedAt !== round) {
      const judged = claim(claims[0]!.theory, left, background, symptoms, round);
      claims[0] = judged;
      claims.sort(byWorth);
    }
    const best = claims.shift();
    if (best === undefined || best.worth <= MIN_WORTH) return groups;
    for (const { sign, reach } of best.explained) {
      left.delete(sign);
      if (sign.isRequest && reach.from !== undefined) symptoms.add(sign.kind);
    }
    groups.push({
      theory: best.theory,
      worth: best.worth,
      members: best.explained.map((explained) => ({ sign: explained.sign, explained })),
      rivals: claims.slice(0, 5),
    });
    claims = claims.filter(({ worth }) => worth > Number.NEGATIVE_INFINITY);
  }
}

function byWorth(a: Claim, b: Claim): number {
  if (a.worth !== b.worth) return b.worth - a.worth;
  const [x, y] = [a.theory.hypothesis, b.theory.hypothesis];
  return x.from - y.from || (x.rootKey < y.rootKey ? -1 : x.rootKey > y.rootKey ? 1 : 0);
}

function withLeftovers(groups: Group[], left: ReadonlySet<Sign>): Group[] {
  const alone = new Map<string, Sign[]>();
  const joined = new Map<Group, Sign[]>();
  for (const sign of [...left].sort((a, b) => a.onset - b.onset)) {
    const home = sign.entityKey === '' ? onlyPlausible(sign, groups) : undefined;
    if (home !== undefined) {
      joined.set(home, [...(joined.get(home) ?? []), sign]);
      continue;
    }
    const id = `${sign.kind} ${sign.entityKey === '' ? [...sign.sightings][0]!.firing?.alert.fingerprint : sign.entityKey}`;
    alone.set(id, [...(alone.get(id) ?? []), sign]);
  }
  return [
    ...groups.map((group) => ({
      ...group,
      members: [...group.members, ...(joined.get(group) ?? []).map((sign) => ({ sign, explained: undefined }))],
    })),
    ...[...alone.values()].flatMap(recurrences),
  ];
}

function recurrences(signs: Sign[]): Group[] {
  const groups: Sign[][] = [];
  for (const sign of signs) {
    const last = groups.at(-1);
    if (last !== undefined && sign.onset - last.at(-1)!.until <= REOPEN_MS) last.push(sign);
    else groups.push([sign]);
  }
  return groups.map((each) => ({ theory: undefined, worth: 0, rivals: [], members: each.map((sign) => ({ sign, explained: undefined })) }));
}

function onlyPlausible(sign: Sign, groups: readonly Group[]): Group | undefined {
  const plausible = groups.filter(
    ({ theory, members }) =>
      theory !== undefined &&
      new Set(members.map((each) => each.sign.entityKey)).size >= 3 &&
      timeCost(theory.hypothesis, sign.onset) <= 1,
  );
  return plausible.length === 1 ? plausible[0] : undefined;
}

function theoryOf(hypothesis: Hypothesis, graph: DependencyGraph, signsOf: SignsByEntity, insides: Insides): Theory {
  const cone = coneOf(hypothesis, graph, signsOf, insides);
  const missing = hypothesis.links.filter(({ key }) => !cone.reached.has(key)).length;
  return { hypothesis, cone, missing };
}

/** Leaves out signs of kinds that come as often by themselves. */
function witnesses({ hypothesis }: Theory, open: readonly Explained[], background: Background, symptoms: ReadonlySet<string>): Explained[] {
  const entities = new Set(open.map(({ reach }) => reach.entityKey)).size;
  const own = new Set(hypothesis.own);
  const believedKinds = new Set<string>();
  for (const [kind, same] of Map.groupBy(open.filter(({ reach }) => reach.from !== undefined), ({ sign }) => sign.kind)) {
    // The worse the time fits, the less coincidence has to explain.
    const misfit = Math.min(...same.map(({ sign }) => timeCost(hypothesis, sign.onset)));
    const chance = background.chance(kind, delays(hypothesis, same), same.length, entities);
    if (chance < MAX_CHANCE * Math.exp(-misfit)) believedKinds.add(kind);
  }
  const believed = (({ sign, reach }: Explained) =>
    own.has(sign) ||
    (reach.from === undefined
      ? background.chance(sign.kind, [sign.onset - hypothesis.from], 1, 1) < MAX_CHANCE
      : believedKinds.has(sign.kind) || (hypothesis.kind === 'silent' && reach.hops === 1 && sign.onset <= hypothesis.from + TOGETHER_MS)));
  const since = new Map<string, number>();
  for (const { sign, reach } of open.filter(believed)) {
    since.set(reach.entityKey, Math.min(since.get(reach.entityKey) ?? Number.POSITIVE_INFINITY, sign.onset));
  }
  const isMore = ({ sign, reach }: Explained) => {
    const first = since.get(reach.entityKey);
    if (first === undefined || !sign.isRequest) return false;
    return symptoms.has(sign.kind) || sign.onset - first <= MORE_WITHIN_MS;
  };
  return open.filter((each) => believed(each) || isMore(each));
}

/** When each of the things first showed something, after the cause began. */
function delays({ from }: Hypothesis, explained: readonly Explained[]): number[] {
  const first = new Map<string, number>();
  for (const { sign, reach } of explained) {
    first.set(reach.entityKey, Math.min(first.get(reach.entityKey) ?? Number.POSITIVE_INFINITY, sign.onset - from));
  }
  return [...first.values()];
}

/** That few things fall into a wide cone by themselves: then the cause explains nothing but itself. */
function meaningful({ hypothesis, cone }: Theory, explained: Explained[], left: ReadonlySet<Sign>, background: Background): Explained[] {
  const own = new Set(hypothesis.own);
  const others = explained.filter(({ reach }) => reach.from !== undefined);
  const silent = hypothesis.links.filter(({ key }) => !cone.reached.has(key));
  const open = new Set(cone.explained.filter(({ sign }) => left.has(sign)).map(({ reach }) => reach.entityKey));
  // The first one tells when a silent cause began: that it fits is no news.
  const found = delays(hypothesis, others).sort((a, b) => a - b).slice(own.size === 0 ? 1 : 0);
  const chance = background.chance(undefined, found, explained.length, open.size + silent.length);
  const max = hypothesis.ownKinds >= SURE_KINDS ? MAX_COINCIDENCE_IF_SURE : MAX_COINCIDENCE;
  const isAlone = others.length === 0 || (found.length > 0 && chance > max);
  return isAlone ? explained.filter(({ sign }) => own.has(sign)) : explained;
}

function claim(theory: Theory, left: ReadonlySet<Sign>, background: Background, symptoms: ReadonlySet<string>, judgedAt: number): Claim {
  const { hypothesis, missing } = theory;
  if (hypothesis.own.length > 0 && !hypothesis.own.some((sign) => left.has(sign))) {
    return { theory, explained: [], worth: Number.NEGATIVE_INFINITY, judgedAt };
  }
  const open = theory.cone.explained.filter(({ sign }) => left.has(sign));
  const explained = meaningful(theory, witnesses(theory, open, background, symptoms), left, background);
  let worth = -hypothesis.priorCost - missing * hypothesis.missingCost;
  for (const same of Map.groupBy(explained, ({ reach }) => reach.entityKey).values()) {
    for (const burst of burstsOf(same, ({ sign }) => sign)) {
      worth += ALONE_COST - Math.min(...burst.map(({ cost }) => cost)) + FURTHER_SIGN * (burst.length - 1);
    }
  }
  return { theory, explained, worth, judgedAt };
}
