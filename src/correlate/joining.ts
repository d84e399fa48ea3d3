import type { Reason } from '../model/incident.ts';
import type { CorrelationWindows } from './correlator.ts';
import type { Sign } from './sign.ts';

/** Evidence of time fades with this constant. */
const TIME_CONSTANT_MS = 5 * 60_000;

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

/** How much time still says after a gap, 1..0. */
export function fadedBy(gapMs: number): number {
  return Math.exp(-Math.abs(gapMs) / TIME_CONSTANT_MS);
}

/** How near a sign begins to the last one of an incident. */
export function timeReason({ onset }: Sign, { lastOnset }: Span): Reason {
  const gapMs = Math.max(0, onset - lastOnset);
  return { kind: 'time', value: fadedBy(gapMs), text: `began ${Math.round(gapMs / 1000)} s after its last alert` };
}
