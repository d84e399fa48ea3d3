import type { Sign } from './sign.ts';

/** Two evaluations of rules: what begins within that began at once. */
const AT_ONCE_MS = 30_000;
/** What a thing tells of itself within that time of its requests failing did not come from outside. */
const INSIDE_MS = 2 * 60_000;

/**
 * When a thing broke by itself: two kinds of trouble that it tells of itself (it crashes, loses replicas, is throttled),
 * right at the beginning. Victims of others show failing requests first and such things minutes later.
 * @param bursts of its trouble, see `burstsOf`
 */
export function insideTrouble(bursts: readonly (readonly Sign[])[]): number[] {
  return bursts.flatMap((burst) => {
    const first = burst[0]!.onset;
    const kinds = new Set(
      burst.filter((sign) => isOwn(sign) && sign.onset <= first + AT_ONCE_MS).map(({ kind }) => kind),
    );
    return kinds.size >= 2 ? [first] : [];
  });
}

/** Failing requests of a thing that tells nothing of itself at that time: something else may be the reason. */
export function outsideSymptoms(signs: readonly Sign[]): Sign[] {
  const states = signs.filter(isOwn);
  return signs.filter(
    (sign) => sign.isRequest && !states.some(({ onset }) => Math.abs(onset - sign.onset) <= INSIDE_MS),
  );
}

/** How many kinds of trouble it tells of itself. */
export function ownKinds(signs: readonly Sign[]): number {
  return new Set(signs.filter(isOwn).map(({ kind }) => kind)).size;
}

/** An anomaly of some metric may be cause or effect. */
function isOwn({ isRequest, isEvidence }: Sign): boolean {
  return !isRequest && !isEvidence;
}
