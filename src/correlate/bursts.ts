import type { Sign } from './sign.ts';

/** A pause after which what begins is a new burst. Seven minutes: longer than a scrape, an evaluation and a `for` of 5m. */
export const PAUSE_MS = 7 * 60_000;

/** Orders by onset and splits where nothing began for some minutes. */
export function burstsOf<T>(items: readonly T[], signOf: (item: T) => Sign): T[][] {
  if (items.length === 1) return [[items[0]!]];
  const all: T[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const item of items.toSorted((a, b) => signOf(a).onset - signOf(b).onset)) {
    const { onset } = signOf(item);
    if (onset - last <= PAUSE_MS) all.at(-1)!.push(item);
    else all.push([item]);
    last = onset;
  }
  return all;
}
