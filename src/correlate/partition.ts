import { Background } from './background.ts';
import { type Cone, coneOf, type Explained, type SignsByEntity, timeCost } from './cone.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import { ALONE_COST, hypotheses } from './hypotheses.ts';
import type { Hypothesis } from './hypothesis.ts';
import type { Scene } from './scene.ts';
import type { Sign } from './sign.ts';

const REOPEN_MS = 30 * 60_000;
const MAX_CHANCE = 0.05;
const MAX_COINCIDENCE = 0.01;
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
}

/** Signs with one cause. */
export interface Group {
  readonly theory: Theory | undefined;
  readonly members: readonly { readonly sign: Sign; readonly explained: Explained | undefined }[];
  readonly rivals: readonly { theory: Theory; worth: number }[];
  readonly worth: number;
}

export function partition(scene: Scene, graph: DependencyGraph, now: number): Group[] {
  const signsOf = new Map<string, Sign[]>();
  const all: Sign[] = [];
  for (const signs of scene.signs.values()) {
    for (const sign of signs) {
      all.push(sign);
      if (sign.entityKey === '') continue;
      const known = signsOf.get(sign.entityKey);
      if (known === undefined) signsOf.set(sign.entityKey, [sign]);
      else known.push(sign);
    }
  }
  const theories = hypotheses(graph, signsOf).map((hypothesis) => theoryOf(hypothesis, graph, signsOf));
  const groups: Group[] = [];
  const left = new Set(all);
  while (theories.length > 0) {
    const background = new Background(left, signsOf.size, now);
    const ranked = theories
      .map((theory) => claim(theory, left, background, now))
      .sort((a, b) => b.worth - a.worth || a.theory.hypothesis.from - b.theory.hypothesis.from);
    const best = ranked[0]!;
    if (best.worth <= 0.01) break;
    const members = best.explained;
    for (const { sign } of members) left.delete(sign);
    groups.push({
      theory: best.theory,
      worth: best.worth,
      members: members.map((explained) => ({ sign: explained.sign, explained })),
      rivals: ranked.slice(1, 6),
    });
    theories.splice(theories.indexOf(best.theory), 1);
  }
  return withLeftovers(groups, left);
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

function theoryOf(hypothesis: Hypothesis, graph: DependencyGraph, signsOf: SignsByEntity): Theory {
  const cone = coneOf(hypothesis, graph, signsOf);
  const missing = hypothesis.links.filter(({ key }) => !cone.reached.has(key)).length;
  return { hypothesis, cone, missing };
}

function witnesses(hypothesis: Hypothesis, explained: Explained[], background: Background, now: number): Explained[] {
  const spanMs = Math.min(now, hypothesis.until) - hypothesis.from + 60_000;
  const entities = new Set(explained.map(({ reach }) => reach.entityKey)).size;
  const byKind = Map.groupBy(explained, ({ sign }) => sign.kind);
  const believed = new Set<string>();
  for (const [kind, same] of byKind) {
    const things = new Set(same.map((each) => each.reach.entityKey)).size;
    if (background.chance(kind, things, same.length, entities, spanMs) < MAX_CHANCE) believed.add(kind);
  }
  return explained.filter(({ sign, reach }) => reach.from === undefined || believed.has(sign.kind));
}

/** That few things fall into a wide cone by themselves: then the cause explains nothing but itself. */
function meaningful({ hypothesis, cone }: Theory, explained: Explained[], background: Background): Explained[] {
  const others = explained.filter(({ reach }) => reach.from !== undefined);
  const things = new Set(others.map(({ reach }) => reach.entityKey));
  const exposed = new Set([...cone.reached.keys(), ...hypothesis.links.map(({ key }) => key)]).size;
  const spanMs = Math.max(...others.map(({ sign }) => sign.onset)) - hypothesis.from + 60_000;
  // The first one tells when a silent cause began: that it fits is no news.
  const found = things.size - (hypothesis.own.length === 0 ? 1 : 0);
  const chance = background.chanceOfAny(found, explained.length, exposed, Math.max(60_000, spanMs));
  return found > 0 && chance > MAX_COINCIDENCE ? explained.filter(({ reach }) => reach.from === undefined) : explained;
}

function claim(theory: Theory, left: ReadonlySet<Sign>, background: Background, now: number): Claim {
  const { hypothesis, missing } = theory;
  const open = theory.cone.explained.filter(({ sign }) => left.has(sign));
  const explained = meaningful(theory, witnesses(hypothesis, open, background, now), background);
  let worth = -hypothesis.priorCost - missing * hypothesis.missingCost;
  const best = new Map<string, number>();
  for (const { cost, reach } of explained) {
    const known = best.get(reach.entityKey);
    if (known !== undefined) worth += FURTHER_SIGN;
    best.set(reach.entityKey, Math.min(known ?? Number.POSITIVE_INFINITY, cost));
  }
  for (const cost of best.values()) worth += ALONE_COST - cost;
  return { theory, explained, worth };
}
