import type { Reason } from '../model/incident.ts';
import type { Sign } from './sign.ts';

/** What people have said of kinds of alerts by merging and splitting incidents. */
export interface PeoplesWord {
  /** 0 when nobody has said anything. */
  readonly size: number;
  /**
   * What was said before a moment: above 0 that they belong together, below that they do not.
   * @returns -1..1, 0 for what nobody spoke of
   */
  weight(kind: string, other: string, at: number): number;
  /** The kinds that anything was said of together with this one. */
  partners(kind: string): Iterable<string>;
}

/** What people have said counts until it has faded to half. */
const MIN_WEIGHT = 0.5;

/** Whether people said that trouble of a sign's kind does not belong to that which opened an incident. */
export function isRefused(word: PeoplesWord, { kind, onset }: Sign, opener: Sign): boolean {
  return word.size > 0 && word.weight(kind, opener.kind, onset) <= -MIN_WEIGHT;
}

/** Whether people said that trouble of a sign's kind belongs to that which opened an incident. */
export function isWelcome(word: PeoplesWord, { kind, onset }: Sign, opener: Sign): boolean {
  return word.weight(kind, opener.kind, onset) >= MIN_WEIGHT;
}

/** That a sign is where it is because people put its like there. */
export function saidBy(opener: Sign, value: number): Reason[] {
  return [{ kind: 'person', value, text: `people said that it belongs to ${opener.kind}` }];
}
