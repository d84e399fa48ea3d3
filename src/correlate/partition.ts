import { type Cone, coneOf, type Explained, type SignsByEntity } from './cone.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import { ALONE_COST, hypotheses } from './hypotheses.ts';
import type { Hypothesis } from './hypothesis.ts';
import { PAUSE_MS, type Scene } from './scene.ts';
import type { Sign } from './sign.ts';

const MAX_CHANCE = 0.05;
/** More signs on one thing make it somewhat surer. */
const FURTHER_SIGN = 0.1;

export interface Theory {
  readonly hypothesis: Hypothesis;
  readonly explained: readonly Explained[];
  readonly missing: number;
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
  const theories = hypotheses(graph, signsOf).map((hypothesis) => theoryOf(hypothesis, scene, graph, signsOf, now));
  const groups: Group[] = [];
  const left = new Set(all);
  while (theories.length > 0) {
    const ranked = theories
      .map((theory) => ({ theory, worth: worthOf(theory, left) }))
      .sort((a, b) => b.worth - a.worth || a.theory.hypothesis.from - b.theory.hypothesis.from);
    const best = ranked[0]!;
    if (best.worth <= 0.01) break;
    const members = best.theory.explained.filter(({ sign }) => left.has(sign));
    for (const { sign } of members) left.delete(sign);
    groups.push({
      theory: best.theory,
      worth: best.worth,
      members: members.map((explained) => ({ sign: explained.sign, explained })),
      rivals: ranked.slice(1, 6),
    });
    theories.splice(theories.indexOf(best.theory), 1);
  }
  return [...groups, ...leftovers(left)];
}

function leftovers(left: ReadonlySet<Sign>): Group[] {
  return [...left].map((sign) => ({ theory: undefined, worth: 0, rivals: [], members: [{ sign, explained: undefined }] }));
}

function theoryOf(hypothesis: Hypothesis, scene: Scene, graph: DependencyGraph, signsOf: SignsByEntity, now: number): Theory {
  const cone = coneOf(hypothesis, graph, signsOf);
  const explained = witnesses(hypothesis, cone, scene, now);
  const affected = new Set(explained.map(({ reach }) => reach.entityKey));
  const missing = hypothesis.links.filter(({ key }) => !affected.has(key)).length;
  return { hypothesis, explained, missing };
}

function witnesses(hypothesis: Hypothesis, { explained }: Cone, scene: Scene, now: number): Explained[] {
  const spanMs = Math.min(now, hypothesis.until) - hypothesis.from + 60_000;
  const entities = new Set(explained.map(({ reach }) => reach.entityKey)).size;
  const byKind = Map.groupBy(explained, ({ sign }) => sign.kind);
  return explained.filter(({ sign, reach }) => {
    if (reach.from === undefined) return true;
    const same = byKind.get(sign.kind)!;
    const things = new Set(same.map((each) => each.reach.entityKey)).size;
    return scene.background.chance(sign.kind, things, same.length, entities, spanMs, now) < MAX_CHANCE;
  });
}

function worthOf({ hypothesis, explained, missing }: Theory, left: ReadonlySet<Sign>): number {
  let worth = -hypothesis.priorCost - missing * hypothesis.missingCost;
  const best = new Map<string, number>();
  for (const { sign, cost, reach } of explained) {
    if (!left.has(sign)) continue;
    const known = best.get(reach.entityKey);
    if (known !== undefined) worth += FURTHER_SIGN;
    best.set(reach.entityKey, Math.min(known ?? Number.POSITIVE_INFINITY, cost));
  }
  for (const cost of best.values()) worth += ALONE_COST - cost;
  return worth;
}
void PAUSE_MS;
