import type { Entity } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import { exporterOf, subjectLabel } from './exporter-target.ts';
import { type CanonicalLabel, findAlias, resolveCluster } from './label-aliases.ts';

export { resolveCluster } from './label-aliases.ts';

import { withoutGeneratedSuffix, workloadOfPod } from './workload-of-pod.ts';

/** Kinds that live in a namespace; the names of the others are unique in their cluster. */
const NAMESPACED: ReadonlySet<Entity['kind']> = new Set(['pod', 'workload', 'service', 'persistentvolumeclaim']);

type Found = { kind: Entity['kind']; name: string; namespace?: string } | undefined;
/** A label that speaks about the subject, not about the exporter that was scraped. */
type Subject = (canonical: CanonicalLabel) => string | undefined;

/** How to find the entity, the most specific way first. */
const WAYS: readonly ((labels: Labels, subject: Subject) => Found)[] = [
  findMeshDestination,
  (labels) => named('service', labels.get('sloth_service')),
  findWorkload,
  (_, subject) => named('pod', subject('pod')),
  (_, subject) => named('persistentvolumeclaim', subject('persistentvolumeclaim')),
  findNode,
  findInstance,
  (_, subject) => named('service', subject('service')),
  (_, subject) => named('namespace', subject('namespace')),
];

/**
 * What an alert or a series is about, from its labels alone: mesh destination, SLO, workload (a pod is lifted to it, so
 * that a new pod is the same thing), volume claim, node, instance, service, namespace. Undefined when the labels name
 * nothing: a default would make strangers look alike.
 * @param options.clusterLabel the label that holds the cluster, tried before its usual spellings
 */
export function resolveEntity(labels: Labels, options: { clusterLabel: string }): Entity | undefined {
  const exporter = exporterOf(labels);
  const subject: Subject = (canonical) => subjectLabel(labels, exporter, canonical);
  for (const way of WAYS) {
    const found = way(labels, subject);
    if (found === undefined) continue;
    const namespace = NAMESPACED.has(found.kind) ? (found.namespace ?? subject('namespace') ?? '') : '';
    return { cluster: resolveCluster(labels, options), kind: found.kind, namespace, name: found.name };
  }
  return undefined;
}

function named(kind: Entity['kind'], name: string | undefined, namespace?: string): Found {
  if (name === undefined) return undefined;
  return namespace === undefined ? { kind, name } : { kind, name, namespace };
}

/** In a service mesh the destination is the subject; the source suffers. */
function findMeshDestination(labels: Labels): Found {
  const known = (name: string) => (labels.get(name) === 'unknown' ? undefined : labels.get(name));
  const workload = known('destination_workload');
  if (workload !== undefined) return named('workload', workload, known('destination_workload_namespace'));
  const service = known('destination_canonical_service') ?? known('destination_service_name');
  if (service !== undefined) return named('service', service, known('destination_service_namespace'));
  const [name, namespace] = known('destination_service')?.split('.') ?? [];
  return named('service', name, namespace);
}

function findWorkload(labels: Labels, subject: Subject): Found {
  const workload = findAlias(labels, 'workload');
  if (workload === undefined) {
    const pod = subject('pod');
    return named('workload', pod === undefined ? undefined : workloadOfPod(pod));
  }
  const [label, name] = workload;
  return named('workload', label === 'job_name' || label === 'replicaset' ? withoutGeneratedSuffix(name) : name);
}

/** The targets of node_exporter and the kubelet are nodes, whatever port they are scraped at. */
function findNode(labels: Labels, subject: Subject): Found {
  const node = subject('node');
  if (node !== undefined) return named('node', node);
  const exporter = exporterOf(labels);
  if (exporter !== 'node' && exporter !== 'kubelet') return undefined;
  return named('node', labels.get('instance')?.replace(/:\d+$/, ''));
}

/** An instance that is a URL was probed: its host is what answers or does not. */
function findInstance(_: Labels, subject: Subject): Found {
  const instance = subject('instance');
  if (instance === undefined || !/^https?:\/\//.test(instance)) return named('instance', instance);
  return named('instance', URL.canParse(instance) ? new URL(instance).host : instance);
}
