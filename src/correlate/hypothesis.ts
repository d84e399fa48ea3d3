import type { Entity } from '../model/entity.ts';
import type { Link } from './dependency-graph.ts';
import type { Sign } from './sign.ts';

/** A thing that may be the cause of what is seen. */
export interface Hypothesis {
  readonly kind: 'affected' | 'silent' | 'late' | 'host' | 'infrastructure';
  readonly root: Entity;
  readonly rootKey: string;
  /** Its own signs; empty for a silent one. */
  readonly own: readonly Sign[];
  /** How many kinds of them it tells of itself, at once: three are no coincidence. */
  readonly ownKinds: number;
  /** When it began, and when it was over (Infinity while it lasts). */
  readonly from: number;
  readonly until: number;
  /** What depends on it directly. */
  readonly links: readonly Link[];
  /** How unlikely it is before anything is explained by it, in nats. */
  readonly priorCost: number;
  /** What ought to be affected but is not costs this much each. */
  readonly missingCost: number;
}
