import type { Background } from './background.ts';
import { PAUSE_MS } from './bursts.ts';
import { type Cone, type Explained, MAX_COST } from './cone.ts';
import { TOGETHER_MS } from './hypotheses/silent-callee.ts';
import { ALONE_COST, type Hypothesis } from './hypothesis.ts';
import { ownKinds } from './inside-trouble.ts';
import { isRefused, type PeoplesWord } from './peoples-word.ts';
import { byOnset, type Sign } from './sign.ts';

/** A kind is believed to come from the cause when it would come by itself with a probability below that. */
const MAX_CHANCE = 0.01;
/** The same for all that a cause explains together; a thing that shows three kinds of trouble itself is surely broken. */
const MAX_COINCIDENCE = 0.01;
const SURE_KINDS = 3;
const MAX_COINCIDENCE_IF_SURE = 0.1;
/** A further kind of failing requests on a thing that is affected anyway needs no proof of its own if it comes that soon. */
const MORE_WITHIN_MS = 5 * 60_000;
/** What it costs, in nats, to believe what people said the opposite of. */
const REFUSED_COST = 2;
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
  readonly word: PeoplesWord;
  readonly round: number;
}

/** @param cone what is in its reach */
export function theoryOf(hypothesis: Hypothesis, cone: Cone): Theory {
  const missing = hypothesis.links.filter(({ key }) => !cone.reached.has(key)).length;
  return { hypothesis, cone, missing, mostSaved: mostSaved(cone) };
}

/** Judges a theory by what is left. */
export function judge(theory: Theory, { left, background, symptoms, word, round }: Evidence): Claim {
  const { hypothesis } = theory;
  if (hypothesis.own.length > 0 && !hypothesis.own.some((sign) => left.has(sign))) {
    return { theory, explained: [], worth: Number.NEGATIVE_INFINITY, judgedAt: round };
  }
  const open = asPeopleSaid(openOf(theory.cone, left), hypothesis.own, word);
  const explained = unlessCoincidence(theory, witnesses(hypothesis, open, background, symptoms), open, background);
  return { theory, explained: explained.flat(), worth: saved(explained) - costOf(theory), judgedAt: round };
}

/** What judging a theory cannot exceed, whatever is left. */
export function worthAtMost(theory: Theory): number {
  return theory.mostSaved - costOf(theory);
}

/** What it costs to believe in it, before anything is explained. */
function costOf({ hypothesis, missing }: Theory): number {
  return hypothesis.priorCost + missing * hypothesis.missingCost;
}

/** What can be explained on one thing, the earliest first. */
type OnThing = readonly Explained[];

function openOf({ explained }: Cone, left: ReadonlySet<Sign>): OnThing[] {
  const isLeft = ({ sign }: Explained) => left.has(sign);
  return explained.map((same) => (same.every(isLeft) ? same : same.filter(isLeft))).filter(({ length }) => length > 0);
}

/**
 * What people said does not belong to the cause's own trouble (or else to the first of all) is harder to believe: a sure way
 * from the cause outweighs it, a doubtful one does not. On the very thing of the cause nothing outweighs it.
 */
function asPeopleSaid(open: readonly OnThing[], own: readonly Sign[], word: PeoplesWord): readonly OnThing[] {
  if (word.size === 0) return open;
  const signs = open.flat().map(({ sign }) => sign);
  const openers = signs.some((sign) => own.includes(sign)) ? signs.filter((sign) => own.includes(sign)) : signs;
  const opener = openers.toSorted(byOnset)[0];
  const doubted = ({ sign, cost, ...rest }: Explained): Explained => {
    const doubt = REFUSED_COST * Math.max(0, -word.weight(sign.kind, opener!.kind, sign.onset));
    return { ...rest, sign, cost: cost + doubt };
  };
  const isBelieved = ({ sign, cost, reach }: Explained) =>
    cost <= MAX_COST && !(reach.from === undefined && isRefused(word, sign, opener!));
  return open.map((same) => same.map(doubted).filter(isBelieved)).filter(({ length }) => length > 0);
}

/** Each burst of trouble on a thing saves an incident of its own. Anomalies need no explanation. */
function saved(explained: readonly OnThing[]): number {
  let saved = 0;
  for (const same of explained) {
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
  for (const same of explained) {
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
  open: readonly OnThing[],
  background: Background,
  symptoms: ReadonlySet<string>,
): OnThing[] {
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
  const believedOf = (same: OnThing): OnThing => {
    const first = same.find(isBelieved);
    if (first === undefined) return [];
    const isMore = ({ sign }: Explained) =>
      sign.isRequest && (symptoms.has(sign.kind) || sign.onset - first.sign.onset <= MORE_WITHIN_MS);
    return same.filter((each) => isBelieved(each) || isMore(each));
  };
  return open.map(believedOf).filter(({ length }) => length > 0);
}

/** How a kind of trouble came to the things in reach. */
interface Spread {
  /** When each thing first showed it, after the supposed cause. */
  readonly delaysMs: number[];
  lastThing: OnThing | undefined;
  count: number;
  /** How badly its time fits, at best. */
  misfit: number;
}

function kindsBelieved({ from }: Hypothesis, open: readonly OnThing[], background: Background): Set<string> {
  const spreads = new Map<string, Spread>();
  for (const same of open) {
    if (same[0]!.reach.from === undefined) continue;
    for (const { sign, misfit } of same) {
      let spread = spreads.get(sign.kind);
      if (spread === undefined) {
        spread = { delaysMs: [], lastThing: undefined, count: 0, misfit: Number.POSITIVE_INFINITY };
        spreads.set(sign.kind, spread);
      }
      if (spread.lastThing !== same) spread.delaysMs.push(sign.onset - from);
      spread.lastThing = same;
      spread.count++;
      spread.misfit = Math.min(spread.misfit, misfit);
    }
  }
  const believed = new Set<string>();
  for (const [kind, { delaysMs, count, misfit }] of spreads) {
    // The worse the time fits, the less coincidence has to explain.
    const max = MAX_CHANCE * Math.exp(-misfit);
    if (background.isTooRare(kind, delaysMs, { explained: count, entities: open.length, max })) believed.add(kind);
  }
  return believed;
}

/** A few things fall into a wide cone by themselves: then the cause explains nothing but itself. */
function unlessCoincidence(
  { hypothesis, missing }: Theory,
  explained: readonly OnThing[],
  open: readonly OnThing[],
  background: Background,
): readonly OnThing[] {
  const others = explained.filter(([first]) => first!.reach.from !== undefined);
  // The first one tells when a silent cause began: that it fits is no news.
  const news = others
    .map(([first]) => first!.sign.onset - hypothesis.from)
    .sort((a, b) => a - b)
    .slice(hypothesis.own.length === 0 ? 1 : 0);
  const max = ownKinds(hypothesis.own) >= SURE_KINDS ? MAX_COINCIDENCE_IF_SURE : MAX_COINCIDENCE;
  const signs = explained.reduce((sum, { length }) => sum + length, 0);
  const chance = { explained: signs, entities: open.length + missing, max };
  const isBelieved = news.length === 0 || background.isTooRare(undefined, news, chance);
  if (others.length > 0 && isBelieved) return explained;
  const own = new Set(hypothesis.own);
  return explained.map((same) => same.filter(({ sign }) => own.has(sign))).filter(({ length }) => length > 0);
}
