import type { Entity } from '../model/entity.ts';
import type { TopologyChange } from '../model/topology.ts';
import type { Link } from './dependency-graph.ts';
import type { Sign } from './sign.ts';

/**
 * Costs are in nats: a cost of 1 makes something e times less believable.
 * What it costs to leave a burst of trouble unexplained, as an incident of its own: e^-3, one in twenty.
 */
export const ALONE_COST = 3;

/** A thing that may be the cause of what is seen. */
export interface Hypothesis {
  /**
   * - affected: it shows trouble, and what it needs does not
   * - silent: its callers suffer together, and it shows nothing
   * - late: the same, but by now it shows trouble too
   * - host: a node, for the pods on it
   * - infrastructure: what everything uses without an edge that shows it: DNS, a daemon on every node
   */
  readonly kind: 'affected' | 'silent' | 'late' | 'host' | 'infrastructure';
  readonly root: Entity;
  readonly rootKey: string;
  /** Its own signs; empty for a silent one. */
  readonly own: readonly Sign[];
  /** When it began, and when it was over (Infinity while it lasts). */
  readonly from: number;
  readonly until: number;
  /** What depends on it directly. */
  readonly links: readonly Link[];
  /** How hard it is to believe before anything is explained by it. */
  readonly priorCost: number;
  /** What ought to be affected but is not costs this much each. */
  readonly missingCost: number;
  /** What was changed there shortly before. */
  readonly change: TopologyChange | undefined;
}

/** When it began and when it was over, by its own signs. */
export function spanOf(own: readonly Sign[]): { from: number; until: number } {
  let from = Number.POSITIVE_INFINITY;
  let until = Number.NEGATIVE_INFINITY;
  for (const sign of own) {
    from = Math.min(from, sign.onset);
    until = Math.max(until, sign.until);
  }
  return { from, until };
}
