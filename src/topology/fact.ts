import type { Entity } from '../model/entity.ts';
import type { EdgeKind } from '../model/topology.ts';

/** What one source says of the world. Plain data: two facts with the same JSON are one, and JSON is how they are saved. */
export type Fact = EntityFact | AliasFact | PodFact | ServesFact | LinkFact;

/** The thing exists, and is reached or named by these addresses: `ip`, `ip:port`, host names. */
export interface EntityFact {
  readonly kind: 'entity';
  readonly entity: Entity;
  readonly addresses: readonly string[];
}

/** `entity` is part of, or scales, or stands for `target`, which is the one to speak of: a ReplicaSet and its Deployment. */
export interface AliasFact {
  readonly kind: 'alias';
  readonly entity: Entity;
  readonly target: Entity;
}

/** A pod with what the source knows of it. Times are epoch milliseconds, null for "before" and "beyond all that is known". */
export interface PodFact {
  readonly kind: 'pod';
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid?: string | undefined;
  readonly node?: string | undefined;
  readonly ip?: string | undefined;
  readonly owner?: { readonly kind: string; readonly name: string } | undefined;
  /** Such a pod has the address of its node: an address says nothing about it. */
  readonly isOnHostNetwork?: boolean | undefined;
  readonly from?: number | null;
  readonly until?: number | null;
}

/** Requests to `service` are answered by a pod, named as such or by its address (an entity of kind `instance`). */
export interface ServesFact {
  readonly kind: 'serves';
  readonly service: Entity;
  readonly by: Entity;
}

/** `from` needs `to`. The ends may be pods or addresses: they are lifted to what they belong to. */
export interface LinkFact {
  readonly kind: 'link';
  readonly edge: EdgeKind;
  readonly from: Entity;
  readonly to: Entity;
}

/** Who says so. */
export interface Provenance {
  /** Name of the source, such as `istio`. */
  readonly source: string;
  /** How far it is to be trusted, 0..1. */
  readonly confidence: number;
  /** Sources of one name in different clusters or on different hosts fail independently: each has a group of its own. */
  readonly group: string;
  /** Whether the groups are views of the same requests, as both proxies of a call have them, not parts of a whole. */
  readonly isView: boolean;
  /** Traffic fades when it ends; anything else holds until its series ends. */
  readonly isTraffic: boolean;
  /** The series that says so, as Prometheus prints it; empty for none. */
  readonly series: string;
}
