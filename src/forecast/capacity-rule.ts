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
  /** Further series of the limit, where those are missing or 0: the same from another exporter. */
  readonly orLimit?: Selector | undefined;
  /** What of the limit is kept back for others; or, of what is free of an unknown whole, what has to stay so. */
  readonly reserved?: Selector | undefined;
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
  /** Nobody has to be woken when it is full: an autoscaler at its maximum. */
  readonly isCalm?: boolean | undefined;
  /** It belongs to the process that shows it, as a heap does: on Kubernetes its workload goes on with another pod. */
  readonly isOfProcess?: boolean | undefined;
}

/** The part that a series plays in a resource. */
export const ROLES = ['used', 'free', 'limit', 'reserved', 'left', 'expires', 'unless'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a series in this role says how full something is: all others are what that is compared with. */
export function isLevel(role: Role): boolean {
  return role !== 'limit' && role !== 'reserved' && role !== 'unless';
}

/** The selectors of a rule, each with its role. */
export function selectorsOf(rule: CapacityRule): (readonly [role: Role, selector: Selector])[] {
  const { used, free, limit, orLimit, reserved, left, expires, unless } = rule;
  const all: readonly (readonly [Role, Selector | number | undefined])[] = [
    ['used', used],
    ['free', free],
    ['limit', limit],
    ['limit', orLimit],
    ['reserved', reserved],
    ['left', left],
    ['expires', expires],
    ...unless.map((selector) => ['unless', selector] as const),
  ];
  return all.flatMap(([role, wanted]) => (typeof wanted === 'object' ? [[role, wanted] as const] : []));
}

/** Whether series in these roles are enough to say how full something is. */
export function isComplete(rule: CapacityRule, roles: ReadonlySet<Role>): boolean {
  const has = (role: Role) => roles.has(role);
  if (rule.expires !== undefined) return has('expires');
  if (rule.left !== undefined) return has('left');
  if (typeof rule.limit === 'object' && !has('limit')) return false;
  // Beside a limit either says the level; without one both together are the whole.
  const isSum = rule.limit === undefined && rule.used !== undefined && rule.free !== undefined;
  return isSum ? has('used') && has('free') : has('used') || has('free');
}
