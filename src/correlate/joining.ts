import type { CorrelationWindows } from './correlator.ts';
import type { Sign } from './sign.ts';

/** From the first onset of an incident to its last one, epoch milliseconds. */
export interface Span {
  readonly firstOnset: number;
  lastOnset: number;
}

export function spanOfSigns(signs: readonly Sign[]): Span {
  let [firstOnset, lastOnset] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const sign of signs) {
    firstOnset = Math.min(firstOnset, sign.onset);
    lastOnset = Math.max(lastOnset, sign.lastOnset);
  }
  return { firstOnset, lastOnset };
}

/** Whether a sign begins near enough to what an incident has, and before it is frozen, to join by weak evidence. */
export function isOpenTo(
  { onset }: Sign,
  { firstOnset, lastOnset }: Span,
  { joinWindowMs, freezeAfterMs }: CorrelationWindows,
): boolean {
  return onset >= firstOnset - joinWindowMs && onset <= Math.min(lastOnset + joinWindowMs, firstOnset + freezeAfterMs);
}
