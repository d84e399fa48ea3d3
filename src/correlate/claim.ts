import type { Background } from './background.ts';
import { PAUSE_MS } from './bursts.ts';
import type { Cone, Explained } from './cone.ts';
import { TOGETHER_MS } from './hypotheses/silent-callee.ts';
import { ALONE_COST, type Hypothesis } from './hypothesis.ts';
import { ownKinds } from './inside-trouble.ts';
import type { Sign } from './sign.ts';

/** A kind is believed to come from the cause when it would come by itself with a probability below that. */
const MAX_CHANCE = 0.01;
/** The same for all that a cause explains together; a thing that shows three kinds of trouble itself is surely broken. */
const MAX_COINCIDENCE = 0.01;
const SURE_KINDS = 3;
const MAX_COINCIDENCE_IF_SURE = 0.1;
/** A further kind of failing requests on a thing that is affected anyway needs no proof of its own if it comes that soon. */
const MORE_WITHIN_MS = 5 * 60_000;
/** More kinds of trouble on one thing make it a little surer. */
const FURTHER_SIGN = 0.1;

/** A hypothesis and what is in its reach. */
export interface Theory {
  readonly hypothesis: Hypothesis;
  readonly cone: Cone;
  /** How many direct dependents show nothing. */
  readonly missing: number;
  /** What it can save at most, whatever is left to explain, in nats. */
  readonly mostSaved: number;
}

/** What a theory explains of what nothing else has explained, and what that is worth in nats. */
export interface Claim {
  readonly theory: Theory;
  readonly explained: readonly Explained[];
  readonly worth: number;
  /** The round in which it was judged, -1 for an upper bound. */
  readonly judgedAt: number;
}

/** What is known when a theory is judged. */
export interface Evidence {
  readonly left: ReadonlySet<Sign>;
  readonly background: Background;
  /** Kinds of failing requests that causes have explained. */
  readonly symptoms: ReadonlySet<string>;
  readonly round: number;
}

/** @param cone what is in its reach */
export function theoryOf(hypothesis: Hypothesis, cone: Cone): Theory {
  const missing = hypothesis.links.filter(({ key }) => !cone.reached.has(key)).length;
  return { hypothesis, cone, missing, mostSaved: mostSaved(cone) };
}

/** Judges a theory by what is left. */
export function judge(theory: Theory, { left, background, symptoms, round }: Evidence): Claim {
  const { hypothesis, cone } = theory;
  if (hypothesis.own.length > 0 && !hypothesis.own.some((sign) => left.has(sign))) {
    return { theory, explained: [], worth: Number.NEGATIVE_INFINITY, judgedAt: round };
  }
  const open = cone.explained.filter(({ sign }) => left.has(sign));
  const explained = unlessCoincidence(theory, witnesses(hypothesis, open, background, symptoms), open, background);
  return { theory, explained, worth: saved(explained) - costOf(theory), judgedAt: round };
}

/** What judging a theory cannot exceed, whatever is left. */
export function worthAtMost(theory: Theory): number {
  return theory.mostSaved - costOf(theory);
}

/** What it costs to believe in it, before anything is explained. */
function costOf({ hypothesis, missing }: Theory): number {
  return hypothesis.priorCost + missing * hypothesis.missingCost;
}

/** Each burst of trouble on a thing saves an incident of its own. Anomalies need no explanation. */
function saved(explained: readonly Explained[]): number {
  let saved = 0;
  for (const same of thingByThing(explained)) {
    let last = Number.NEGATIVE_INFINITY;
    let [least, further] = [ALONE_COST, 0];
    for (const { sign, cost } of same) {
      if (sign.isEvidence) continue;
      if (sign.onset - last <= PAUSE_MS) {
        least = Math.min(least, cost);
        further++;
      } else {
        saved += ALONE_COST - least;
        least = cost;
      }
      last = sign.onset;
    }
    saved += ALONE_COST - least + FURTHER_SIGN * further;
  }
  return saved;
}

/** On each thing as many bursts as the time between its signs allows. */
function mostSaved({ explained }: Cone): number {
  let saved = 0;
  for (const same of thingByThing(explained)) {
    const alerts = same.filter(({ sign }) => !sign.isEvidence);
    if (alerts.length === 0) continue;
    const span = alerts.at(-1)!.sign.onset - alerts[0]!.sign.onset;
    const bursts = Math.min(alerts.length, 1 + Math.floor(span / PAUSE_MS));
    const least = Math.min(...alerts.map(({ cost }) => cost));
    saved += bursts * (ALONE_COST - least) + (alerts.length - bursts) * FURTHER_SIGN;
  }
  return saved;
}

/** Leaves out signs of kinds that come as often by themselves. */
function witnesses(
  hypothesis: Hypothesis,
  open: readonly Explained[],
  background: Background,
  symptoms: ReadonlySet<string>,
): Explained[] {
  const own = new Set(hypothesis.own);
  const believedKinds = kindsBelieved(hypothesis, open, background);
  const isBelieved = ({ sign, reach }: Explained) => {
    if (own.has(sign)) return true;
    const delay = sign.onset - hypothesis.from;
    if (reach.from === undefined) {
      return background.isTooRare(sign.kind, [delay], { explained: 1, entities: 1, max: MAX_CHANCE });
    }
    return believedKinds.has(sign.kind) || (hypothesis.kind === 'silent' && reach.hops === 1 && delay <= TOGETHER_MS);
  };
  return thingByThing(open).flatMap((same) => {
    const believed = same.map(isBelieved);
    const since = same[believed.indexOf(true)]?.sign.onset;
    const isMore = ({ sign }: Explained) =>
      since !== undefined && sign.isRequest && (symptoms.has(sign.kind) || sign.onset - since <= MORE_WITHIN_MS);
    return same.filter((each, i) => believed[i] || isMore(each));
  });
}

function kindsBelieved({ from }: Hypothesis, open: readonly Explained[], background: Background): Set<string> {
  const kinds = new Map<string, { delays: number[]; count: number; misfit: number }>();
  const things = thingByThing(open);
  for (const same of things) {
    if (same[0]!.reach.from === undefined) continue;
    const onThis = new Set<string>();
    for (const { sign, misfit } of same) {
      const kind = kinds.get(sign.kind) ?? { delays: [], count: 0, misfit: Number.POSITIVE_INFINITY };
      if (kind.count === 0) kinds.set(sign.kind, kind);
      if (!onThis.has(sign.kind)) kind.delays.push(sign.onset - from);
      onThis.add(sign.kind);
      kind.count++;
      kind.misfit = Math.min(kind.misfit, misfit);
    }
  }
  const believed = new Set<string>();
  for (const [kind, { delays, count, misfit }] of kinds) {
    // The worse the time fits, the less coincidence has to explain.
    const max = MAX_CHANCE * Math.exp(-misfit);
    if (background.isTooRare(kind, delays, { explained: count, entities: things.length, max })) believed.add(kind);
  }
  return believed;
}

/** A few things fall into a wide cone by themselves: then the cause explains nothing but itself. */
function unlessCoincidence(
  { hypothesis, missing }: Theory,
  explained: readonly Explained[],
  open: readonly Explained[],
  background: Background,
): readonly Explained[] {
  const others = explained.filter(({ reach }) => reach.from !== undefined);
  const entities = thingByThing(open).length + missing;
  // The first one tells when a silent cause began: that it fits is no news.
  const news = thingByThing(others)
    .map(([first]) => first!.sign.onset - hypothesis.from)
    .sort((a, b) => a - b)
    .slice(hypothesis.own.length === 0 ? 1 : 0);
  const max = ownKinds(hypothesis.own) >= SURE_KINDS ? MAX_COINCIDENCE_IF_SURE : MAX_COINCIDENCE;
  const isBelieved =
    news.length === 0 || background.isTooRare(undefined, news, { explained: explained.length, entities, max });
  if (others.length > 0 && isBelieved) return explained;
  const own = new Set(hypothesis.own);
  return explained.filter(({ sign }) => own.has(sign));
}

/** Cuts where the next thing begins: a cone has its signs thing by thing, on each the earliest first. */
function thingByThing(explained: readonly Explained[]): Explained[][] {
  const things: Explained[][] = [];
  for (const each of explained) {
    const last = things.at(-1);
    if (last !== undefined && last[0]!.reach === each.reach) last.push(each);
    else things.push([each]);
  }
  return things;
}
