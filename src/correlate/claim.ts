import type { Background } from './background.ts';
import { burstsOf, PAUSE_MS } from './bursts.ts';
import { type Cone, type Explained, timeCost } from './cone.ts';
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

/** Judges a theory by what is left. */
export function judge(theory: Theory, { left, background, symptoms, round }: Evidence): Claim {
  const { hypothesis, missing, cone } = theory;
  if (hypothesis.own.length > 0 && !hypothesis.own.some((sign) => left.has(sign))) {
    return { theory, explained: [], worth: Number.NEGATIVE_INFINITY, judgedAt: round };
  }
  const open = cone.explained.filter(({ sign }) => left.has(sign));
  const explained = unlessCoincidence(theory, witnesses(hypothesis, open, background, symptoms), open, background);
  const worth = worthOf(explained) - hypothesis.priorCost - missing * hypothesis.missingCost;
  return { theory, explained, worth, judgedAt: round };
}

/** Each burst of trouble on a thing saves an incident of its own. Anomalies need no explanation. */
function worthOf(explained: readonly Explained[]): number {
  let worth = 0;
  const alerts = explained.filter(({ sign }) => !sign.isEvidence);
  for (const same of Map.groupBy(alerts, ({ reach }) => reach.entityKey).values()) {
    for (const burst of burstsOf(same, ({ sign }) => sign)) {
      worth += ALONE_COST - Math.min(...burst.map(({ cost }) => cost)) + FURTHER_SIGN * (burst.length - 1);
    }
  }
  return worth;
}

/** What judging a theory cannot exceed, whatever is left: on each thing as many bursts as the time between its signs allows. */
export function worthAtMost({ hypothesis, missing, cone }: Theory): number {
  let worth = 0;
  const alerts = cone.explained.filter(({ sign }) => !sign.isEvidence);
  for (let start = 0, end: number; start < alerts.length; start = end) {
    const { entityKey } = alerts[start]!.reach;
    let [first, last, least] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, ALONE_COST];
    // A cone has its signs thing by thing.
    for (end = start; alerts[end]?.reach.entityKey === entityKey; end++) {
      const { sign, cost } = alerts[end]!;
      first = Math.min(first, sign.onset);
      last = Math.max(last, sign.onset);
      least = Math.min(least, cost);
    }
    const bursts = Math.min(end - start, 1 + Math.floor((last - first) / PAUSE_MS));
    worth += bursts * (ALONE_COST - least) + (end - start - bursts) * FURTHER_SIGN;
  }
  return worth - hypothesis.priorCost - missing * hypothesis.missingCost;
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
    if (reach.from === undefined) return background.chance(sign.kind, [delay], 1, 1) < MAX_CHANCE;
    return believedKinds.has(sign.kind) || (hypothesis.kind === 'silent' && reach.hops === 1 && delay <= TOGETHER_MS);
  };
  const believed = new Set(open.filter(isBelieved));
  const since = new Map<string, number>();
  for (const { sign, reach } of believed) {
    since.set(reach.entityKey, Math.min(since.get(reach.entityKey) ?? Number.POSITIVE_INFINITY, sign.onset));
  }
  const isMore = ({ sign, reach }: Explained) => {
    const first = since.get(reach.entityKey);
    return first !== undefined && sign.isRequest && (symptoms.has(sign.kind) || sign.onset - first <= MORE_WITHIN_MS);
  };
  return open.filter((each) => believed.has(each) || isMore(each));
}

function kindsBelieved(hypothesis: Hypothesis, open: readonly Explained[], background: Background): Set<string> {
  const entities = new Set(open.map(({ reach }) => reach.entityKey)).size;
  const others = open.filter(({ reach }) => reach.from !== undefined);
  const believed = new Set<string>();
  for (const [kind, same] of Map.groupBy(others, ({ sign }) => sign.kind)) {
    // The worse the time fits, the less coincidence has to explain.
    const misfit = Math.min(...same.map(({ sign }) => timeCost(hypothesis, sign.onset)));
    const chance = background.chance(kind, delays(hypothesis, same), same.length, entities);
    if (chance < MAX_CHANCE * Math.exp(-misfit)) believed.add(kind);
  }
  return believed;
}

/** A few things fall into a wide cone by themselves: then the cause explains nothing but itself. */
function unlessCoincidence(
  { hypothesis, cone }: Theory,
  explained: readonly Explained[],
  open: readonly Explained[],
  background: Background,
): readonly Explained[] {
  const others = explained.filter(({ reach }) => reach.from !== undefined);
  const silent = hypothesis.links.filter(({ key }) => !cone.reached.has(key)).length;
  const exposed = new Set(open.map(({ reach }) => reach.entityKey)).size + silent;
  // The first one tells when a silent cause began: that it fits is no news.
  const news = delays(hypothesis, others)
    .sort((a, b) => a - b)
    .slice(hypothesis.own.length === 0 ? 1 : 0);
  const max = ownKinds(hypothesis.own) >= SURE_KINDS ? MAX_COINCIDENCE_IF_SURE : MAX_COINCIDENCE;
  const isCoincidence = news.length > 0 && background.chance(undefined, news, explained.length, exposed) > max;
  if (others.length > 0 && !isCoincidence) return explained;
  const own = new Set(hypothesis.own);
  return explained.filter(({ sign }) => own.has(sign));
}

/** When each of the things first showed something, after the cause began. */
function delays({ from }: Hypothesis, explained: readonly Explained[]): number[] {
  const first = new Map<string, number>();
  for (const { sign, reach } of explained) {
    first.set(reach.entityKey, Math.min(first.get(reach.entityKey) ?? Number.POSITIVE_INFINITY, sign.onset - from));
  }
  return [...first.values()];
}
