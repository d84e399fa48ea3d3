import { type Theory, theoryOf } from './claim.ts';
import { coneOf } from './cone.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import { allHypotheses } from './hypotheses/all-hypotheses.ts';
import type { Hypothesis } from './hypothesis.ts';
import { byOnset, type Sign } from './sign.ts';
import { Trouble, type Troubles } from './trouble.ts';

/** What might explain some signs. */
interface View {
  readonly theories: readonly Theory[];
  /** How many things show any of them, or did so lately. */
  readonly things: number;
}

/**
 * Looks at signs again and again for what might explain them. What was worked out before is used again where nothing has
 * changed: so a delivery costs about as much as the things are many that it touches.
 */
export class Outlook {
  readonly #graph: DependencyGraph;
  readonly #isTopOnly: boolean;
  #graphVersion = -1;
  #troubles: Troubles = new Map();
  #theories = new Map<string, Theory>();

  /** @param isTopOnly leaves out things whose trouble a troubled callee can explain, unless they broke by themselves */
  constructor(graph: DependencyGraph, isTopOnly: boolean) {
    this.#graph = graph;
    this.#isTopOnly = isTopOnly;
  }

  /** @param pastThings things that showed trouble of which nothing is left */
  at(signs: Iterable<Sign>, pastThings: Iterable<string>): View {
    if (this.#graphVersion !== this.#graph.version) {
      this.#graphVersion = this.#graph.version;
      this.#theories.clear();
    }
    const before = this.#troubles;
    this.#troubles = troublesOf(signs, before);
    const changed = changedThings(before, this.#troubles);
    const known = this.#theories;
    this.#theories = new Map();
    const theories = allHypotheses(this.#graph, this.#troubles, this.#isTopOnly).map((hypothesis) => {
      const key = `${hypothesis.kind} ${hypothesis.rootKey} ${hypothesis.from}`;
      const last = known.get(key);
      const theory =
        last !== undefined && isStill(last, hypothesis, changed)
          ? { ...last, hypothesis }
          : theoryOf(hypothesis, coneOf(hypothesis, this.#graph, this.#troubles));
      this.#theories.set(key, theory);
      return theory;
    });
    let things = this.#troubles.size;
    for (const key of pastThings) if (!this.#troubles.has(key)) things++;
    return { theories, things };
  }
}

function troublesOf(signs: Iterable<Sign>, before: Troubles): Troubles {
  const signsOf = new Map<string, Sign[]>();
  for (const sign of signs) {
    if (sign.entityKey === '') continue;
    const same = signsOf.get(sign.entityKey);
    if (same === undefined) signsOf.set(sign.entityKey, [sign]);
    else same.push(sign);
  }
  const troubles = new Map<string, Trouble>();
  for (const [key, same] of signsOf) {
    if (same.length > 1) same.sort(byOnset);
    const known = before.get(key);
    troubles.set(key, known?.isStill(same) ? known : new Trouble(same));
  }
  return troubles;
}

/** Things on which something began, or began earlier than it seemed, or is not to be explained any more. */
function changedThings(before: Troubles, after: Troubles): string[] {
  const changed = [...before.keys()].filter((key) => !after.has(key));
  for (const [key, trouble] of after) {
    const known = before.get(key);
    if (known !== trouble && !(known !== undefined && trouble.beganLike(known))) changed.push(key);
  }
  return changed;
}

/** Whether a theory has the cone of a hypothesis of the same kind, root and beginning. */
function isStill(
  { hypothesis: was, cone: { lookedAt, lastOnset } }: Theory,
  { links, until }: Hypothesis,
  changed: readonly string[],
): boolean {
  // When it ended matters only to what began after that.
  const hasSameEnd = was.until === until || Math.min(was.until, until) >= lastOnset;
  return hasSameEnd && was.links === links && !changed.some((key) => lookedAt.has(key));
}
