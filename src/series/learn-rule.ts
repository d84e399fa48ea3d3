import type { Selector } from '../model/matcher.ts';

/** A rule of `learn:` in the configuration, or a built-in one. */
export interface LearnRule {
  /** A series matches when any of them selects it. */
  readonly match: readonly Selector[];
  readonly emit: 'all' | 'anomalous' | 'none' | 'ignore';
  readonly kind: 'auto' | 'counter' | 'gauge' | 'unscored';
  /** Factor on the number of alarms, about: 2 is twice as eager. */
  readonly sensitivity: number;
  readonly direction: 'both' | 'up' | 'down';
  /** Both must be exceeded; absolute in the unit of scoring, relative to the level. */
  readonly minDeviation: { readonly absolute: number; readonly relative: number };
  /** Values outside are anomalous, and bands are cut to it. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** Labels that tell the replicas of a workload apart: a new one goes on with what is known of the others. */
  readonly identityDrop: readonly string[];
  /** Of built-in rules, where a series is one of the few that tell how a thing is. */
  readonly golden?: GoldenGroup | undefined;
}

/** In which group golden series are counted. */
export interface GoldenGroup {
  /** Name of the preset. */
  readonly preset: string;
  /** Labels that the series of a group share, as far as they have them. */
  readonly by: readonly string[];
}

/** How a series is treated that no rule matches. */
export const DEFAULT_RULE: LearnRule = {
  match: [],
  emit: 'anomalous',
  kind: 'auto',
  sensitivity: 1,
  direction: 'both',
  minDeviation: { absolute: 0, relative: 0.05 },
  identityDrop: [],
};
