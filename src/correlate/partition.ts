import { Background } from './background.ts';
import { type Claim, judge, type Theory, worthAtMost } from './claim.ts';
import type { CorrelationWindows } from './correlator.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import type { Experience } from './experience.ts';
import type { Group } from './group.ts';
import { withLeftovers } from './leftovers.ts';
import { Outlook } from './outlook.ts';
import type { PastNoise } from './past-noise.ts';
import type { PeoplesWord } from './peoples-word.ts';
import type { Sign } from './sign.ts';

/** A cause that explains nothing but one sign is no cause. */
const MIN_WORTH = 0.01;
/** How many other theories are kept beside the one that was believed. */
const MAX_RIVALS = 5;

/**
 * Divides signs into groups with one cause each so that the whole is explained best: again and again the theory that is
 * worth most takes what it explains of the rest (greedy set cover; Chvatal 1979), until none is worth an incident.
 */
export class Partition {
  /** First causes whose own trouble no troubled callee explains; then any, because that callee may have explained nothing. */
  readonly #outlooks: readonly Outlook[];

  readonly #experience: Experience;
  readonly #word: PeoplesWord;

  constructor(graph: DependencyGraph, experience: Experience, word: PeoplesWord) {
    this.#experience = experience;
    this.#word = word;
    this.#outlooks = [new Outlook(graph, true), new Outlook(graph, false)];
  }

  /** Cheap where little has changed since the last time. */
  of(signs: Iterable<Sign>, now: number, windows: CorrelationWindows): Group[] {
    const left = new Set(signs);
    const symptoms = new Set<string>();
    const groups = this.#outlooks.flatMap((outlook) =>
      explain(left, symptoms, outlook, now, this.#experience.noise, this.#word),
    );
    return withLeftovers(groups, left, windows, { experience: this.#experience, word: this.#word });
  }
}

function explain(
  left: Set<Sign>,
  symptoms: Set<string>,
  outlook: Outlook,
  now: number,
  noise: PastNoise,
  word: PeoplesWord,
): Group[] {
  const { theories, things } = outlook.at(left, noise.things);
  const claims = theories.map(unjudged).sort(byWorth);
  const groups: Group[] = [];
  while (claims.length > 0) {
    const evidence = {
      left,
      symptoms,
      background: new Background(left, noise, things, now),
      word,
      round: groups.length,
    };
    // What is worth less than the best is not judged before it comes to the top: mostly it never does.
    while (claims[0]!.worth > MIN_WORTH && claims[0]!.judgedAt !== evidence.round) {
      claims[0] = judge(claims[0]!.theory, evidence);
      sinkFirst(claims);
    }
    const claim = claims.shift()!;
    if (claim.worth <= MIN_WORTH) break;
    const rivals = claims
      .slice(0, MAX_RIVALS)
      .map((rival) => (rival.judgedAt < 0 ? judge(rival.theory, evidence) : rival));
    for (const { sign, reach } of claim.explained) {
      left.delete(sign);
      if (sign.isRequest && reach.from !== undefined) symptoms.add(sign.kind);
    }
    const members = claim.explained.map((explained) => ({ sign: explained.sign, explained }));
    groups.push({ claim, members, rivals: rivals.sort(byWorth) });
  }
  return groups;
}

/** A claim that is worth this at most. */
function unjudged(theory: Theory): Claim {
  return { theory, explained: [], worth: worthAtMost(theory), judgedAt: -1 };
}

/** Moves the first claim to where its worth belongs. */
function sinkFirst(claims: Claim[]): void {
  const first = claims[0]!;
  let at = 0;
  for (; at + 1 < claims.length && byWorth(claims[at + 1]!, first) < 0; at++) claims[at] = claims[at + 1]!;
  claims[at] = first;
}

/** The best first; of equals the earlier one, then the one that sorts first, so that the order of arrival decides nothing. */
function byWorth(a: Claim, b: Claim): number {
  if (a.worth !== b.worth) return b.worth - a.worth;
  const [x, y] = [a.theory.hypothesis, b.theory.hypothesis];
  return x.from - y.from || (x.rootKey < y.rootKey ? -1 : x.rootKey > y.rootKey ? 1 : 0);
}
