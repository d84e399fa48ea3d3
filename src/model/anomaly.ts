import { fingerprint } from './fingerprint.ts';
import type { Labels } from './labels.ts';

/** A stretch of time during which a series' score stayed above 1. Identity is (series labels, startsAt). */
export interface Anomaly {
  /** Labels of the series, `__name__` included. */
  readonly labels: Labels;
  /** Timestamp of the first sample above 1, milliseconds since the epoch. */
  readonly startsAt: number;
  /** Timestamp of the sample that closed it, undefined while it is open. */
  readonly endsAt: number | undefined;
  /** `recovered`: back to normal. `new_normal`: the new level stayed and was accepted. `ended`: the series ended. */
  readonly endReason: 'recovered' | 'new_normal' | 'ended' | undefined;
  /** Highest score so far, > 1. */
  readonly peakScore: number;
  readonly direction: -1 | 1;
  /** The sample that opened it and the baseline it was judged by, in the unit of scoring (per second for counters). */
  readonly value: number;
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
  /** Why it is one, in words and numbers. Missing in those from before there were explanations. */
  readonly reason?: string;
  /** Why it is no news, where the series has the like again and again: shown, but nobody is called for it. */
  readonly recurring?: string;
}

/** The identity of an anomaly as text. */
export function anomalyKey({ labels, startsAt }: Pick<Anomaly, 'labels' | 'startsAt'>): string {
  return `${fingerprint(labels)} ${startsAt}`;
}
