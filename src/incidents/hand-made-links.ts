/** That a person said of two kinds of alerts that they belong together, or that they do not. */
export interface HandMadeLink {
  /** Names of alerts, in the order of bytes. */
  readonly a: string;
  readonly b: string;
  readonly isTogether: boolean;
  readonly at: number;
}

/** After so long a word counts for half. */
const HALF_LIFE_MS = 90 * 86_400_000;
/** Of one merge or split so many pairs are kept: a storm of a thousand rules must not become a million. */
const MAX_PAIRS = 25;

/** What people's merges and splits say about pairs of alert names: a prior, which fades and is never more than 1 or less than -1. */
export class HandMadeLinks {
  readonly #byPair = new Map<string, HandMadeLink[]>();
  readonly #partners = new Map<string, Set<string>>();

  constructor(links: Iterable<HandMadeLink>) {
    for (const link of links) this.add(link);
  }

  get size(): number {
    return this.#byPair.size;
  }

  add(link: HandMadeLink): void {
    const key = `${link.a}\n${link.b}`;
    const links = this.#byPair.get(key);
    if (links === undefined) this.#byPair.set(key, [link]);
    else links.push(link);
    for (const [name, other] of [
      [link.a, link.b],
      [link.b, link.a],
    ] as const) {
      const partners = this.#partners.get(name);
      if (partners === undefined) this.#partners.set(name, new Set([other]));
      else partners.add(other);
    }
  }

  /** The names that anything was said of together with this one. */
  partners(alertname: string): Iterable<string> {
    return this.#partners.get(alertname) ?? [];
  }

  /**
   * Above 0: they belong together. Below: they do not. What is said later is about what begins later.
   * @param before counts what was said until then, epoch milliseconds
   * @returns -1..1, 0 for what nobody spoke of
   */
  weight(alertname: string, other: string, before: number): number {
    const [a, b] = inOrder(alertname, other);
    const links = this.#byPair.get(`${a}\n${b}`) ?? [];
    const sum = links.reduce((total, { isTogether, at }) => {
      const weight = at > before ? 0 : 0.5 ** ((before - at) / HALF_LIFE_MS);
      return total + (isTogether ? weight : -weight);
    }, 0);
    return Math.max(-1, Math.min(1, sum));
  }
}

/** The pairs of alert names that a merge or a split of two sets of alerts speaks of. */
export function linksBetween(
  names: ReadonlySet<string>,
  others: ReadonlySet<string>,
  isTogether: boolean,
  at: number,
): HandMadeLink[] {
  const pairs = [...names].flatMap((name) =>
    [...others].filter((other) => other !== name).map((other) => inOrder(name, other)),
  );
  return pairs.slice(0, MAX_PAIRS).map(([a, b]) => ({ a, b, isTogether, at }));
}

function inOrder(a: string, b: string): [string, string] {
  return a < b ? [a, b] : [b, a];
}
