import type { Selector } from '../model/matcher.ts';

/** Which series make a resource. Each selector names one metric, so that series of other names cost nothing. */
export interface CapacityRule {
  /** Value of the label `resource`. */
  readonly resource: string;
  /** How much is used; or how much is free of the limit; or, with both, of their sum. */
  readonly used?: Selector | undefined;
  readonly free?: Selector | undefined;
  /** What counts as full: a series, or a number > 0 in the unit of the other ones. */
  readonly limit?: Selector | number | undefined;
  /** How much is left of something without a limit, such as a queue: forecast until it is empty. */
  readonly left?: Selector | undefined;
  /** When it ends, in seconds since the epoch; values below a thousand million are seconds that are left. */
  readonly expires?: Selector | undefined;
  /** While one of these has a value of 1 or more nothing is forecast: a file system is read-only. */
  readonly unless: readonly Selector[];
  /** Labels that the series of one resource share; empty for all but the metric name. */
  readonly on: readonly string[];
  /** What several series in the same role are taken for. */
  readonly combine: 'sum' | 'max';
  /** Share of the limit that counts as full. */
  readonly fullAt: number;
}

/** The part that a series plays in a resource. */
const ROLES = ['used', 'free', 'limit', 'left', 'expires', 'unless'] as const;
export type Role = (typeof ROLES)[number];

/** The selectors of a rule, each with its role. */
export function selectorsOf(rule: CapacityRule): (readonly [role: Role, selector: Selector])[] {
  return ROLES.flatMap((role) => {
    const wanted = rule[role];
    if (wanted === undefined || typeof wanted === 'number') return [];
    const selectors = role === 'unless' ? rule.unless : [wanted as Selector];
    return selectors.map((selector) => [role, selector] as const);
  });
}
