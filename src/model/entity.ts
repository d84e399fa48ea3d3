/** Kinds of things that can fail or be affected. A `workload` runs pods; a `service` is known by its name only. */
export type EntityKind =
  | 'service'
  | 'workload'
  | 'pod'
  | 'node'
  | 'zone'
  | 'ingress'
  | 'host'
  | 'persistentvolumeclaim'
  | 'persistentvolume'
  | 'autoscaler'
  | 'topic'
  | 'consumergroup'
  | 'queue'
  | 'database'
  | 'external'
  | 'instance'
  | 'namespace'
  | 'cluster';

/** What an alert or an anomaly is about. Two that name the same entity belong to the same thing. */
export interface Entity {
  /** Value of the cluster label, empty when there is none. */
  readonly cluster: string;
  readonly kind: EntityKind;
  /** Empty for kinds that have no namespace. */
  readonly namespace: string;
  readonly name: string;
}

/** `kind:namespace/name`, with the cluster in front where one is known: for keys and for people. */
export function formatEntity(entity: Entity): string {
  const scope = entity.namespace === '' ? entity.name : `${entity.namespace}/${entity.name}`;
  return `${entity.cluster === '' ? '' : `${entity.cluster}/`}${entity.kind}:${scope}`;
}

export function isSameEntity(a: Entity, b: Entity): boolean {
  return a.name === b.name && a.kind === b.kind && a.namespace === b.namespace && a.cluster === b.cluster;
}

/** The same without repetitions, in the order in which each came first. */
export function distinct(entities: readonly Entity[]): Entity[] {
  if (entities.length < 2) return [...entities];
  return [...new Map(entities.map((entity) => [formatEntity(entity), entity])).values()];
}
