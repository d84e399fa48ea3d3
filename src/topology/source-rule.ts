import type { Entity, EntityKind } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import type { Fact } from './fact.ts';
import { findAlias, resolveCluster } from './label-aliases.ts';

/** How far each way of knowing is to be trusted. */
export const CONFIDENCE = { known: 1, inventory: 0.99, traffic: 0.95, address: 0.8, samePod: 0.6, name: 0.4 } as const;

/** What a series of some name says of the world. */
export interface SourceRule {
  /** Name of the source, as edges and coverage show it. */
  readonly source: string;
  /** Names of metrics; collectors may put a prefix in front of them where `mayBePrefixed`. */
  readonly metrics: readonly string[];
  readonly mayBePrefixed?: true;
  /** Labels that a series needs to say something; for coverage. */
  readonly labels: readonly string[];
  /** What it makes, for people. */
  readonly makes: string;
  readonly confidence: number;
  /** `traffic`: a counter, the edge is there while it grows. `count`: a gauge, it is there while above 0. Else while there are samples. */
  readonly evidence?: 'traffic' | 'count';
  /** A label whose values fail independently, such as the kubelet that was scraped. */
  readonly groupBy?: string;
  /** A label that says who counts, where several count the same requests. */
  readonly viewBy?: string;
  readonly read: (series: SeriesLabels) => readonly Fact[];
}

/** The labels of a series, as rules read them. */
export class SeriesLabels {
  readonly labels: Labels;
  readonly cluster: string;

  constructor(labels: Labels, clusterLabel: string) {
    this.labels = labels;
    this.cluster = resolveCluster(labels, { clusterLabel });
  }

  get(name: string): string | undefined {
    return this.labels.get(name);
  }

  /** A label of the object that an exporter speaks about: Prometheus renames it where the target has one of that name. */
  object(name: string): string | undefined {
    const value = this.labels.get(`exported_${name}`) ?? this.labels.get(name);
    return value === '<none>' ? undefined : value;
  }

  get namespace(): string {
    return findAlias(this.labels, 'namespace')?.[1] ?? '';
  }

  entity(kind: EntityKind, namespace: string, name: string): Entity {
    return { cluster: this.cluster, kind, namespace, name };
  }

  address(address: string): Entity {
    return this.entity('instance', '', address);
  }

  /** What was scraped: its pod, else its address. */
  target(): Entity | undefined {
    const pod = this.get('pod') ?? this.get('kubernetes_pod') ?? this.get('kubernetes_pod_name');
    const namespace = this.get('namespace') ?? this.get('kubernetes_namespace') ?? '';
    if (pod !== undefined) return this.entity('pod', namespace, pod);
    const instance = this.get('instance');
    return instance === undefined ? undefined : this.address(instance);
  }

  /** Who made a series that an application, or an agent in its name, sends itself. */
  application(): Entity | undefined {
    const workload = ['deployment', 'statefulset', 'daemonset', 'cronjob', 'owner']
      .map((kind) => this.get(`k8s_${kind}_name`))
      .find((name) => name !== undefined);
    const namespace = this.get('k8s_namespace_name') ?? '';
    if (workload !== undefined) return this.entity('workload', namespace, workload);
    const pod = this.get('k8s_pod_name');
    if (pod !== undefined) return this.entity('pod', namespace, pod);
    const service = this.get('service_name');
    if (service !== undefined) return this.entity('service', this.get('service_namespace') ?? namespace, service);
    return this.target();
  }
}

/** A fact with an edge, or none where an end is missing or both are one. */
export function link(
  edge: Extract<Fact, { kind: 'link' }>['edge'],
  from: Entity | undefined,
  to: Entity | undefined,
): Fact[] {
  return from === undefined || to === undefined ? [] : [{ kind: 'link', edge, from, to }];
}
