import type { Group } from './group.ts';
import type { Sign } from './sign.ts';

/** A cause that lasts takes in what follows from it for a day at most. */
const MAX_LIFE_MS = 24 * 3_600_000;

/** Signs whose explanation is final: an incident does not change by a look at it, and old alerts cost nothing. */
export class Settled {
  /** With the latest onset that each had then: when something begins again, it is open again. */
  readonly #lastOnset = new Map<Sign, number>();

  /**
   * The signs that are to be explained.
   * @param groups how they were explained before
   * @param frozenBefore where nothing has begun since then, nothing is explained anew
   */
  open(signs: Iterable<Sign>, groups: readonly Group[], frozenBefore: number, now: number): Sign[] {
    for (const { claim, members } of groups) {
      // What was told since then, however old it is, has not been explained yet.
      const isFinal = ({ lastOnset, explainedOnset }: Sign) =>
        lastOnset <= frozenBefore && lastOnset === explainedOnset;
      if (!members.every(({ sign }) => isFinal(sign))) continue;
      const own = new Set(claim?.theory.hypothesis.own);
      for (const { sign } of members) {
        const isLastingCause = own.has(sign) && sign.until > now && sign.onset > now - MAX_LIFE_MS;
        if (!isLastingCause) this.#lastOnset.set(sign, sign.lastOnset);
      }
    }
    return [...signs].filter((sign) => this.#lastOnset.get(sign) !== sign.lastOnset);
  }

  forget(isOver: (sign: Sign) => boolean): void {
    for (const sign of this.#lastOnset.keys()) if (isOver(sign)) this.#lastOnset.delete(sign);
  }
}
