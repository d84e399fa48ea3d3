import type { Labels } from '../model/labels.ts';

/**
 * Spellings of the labels that name things, the first present one wins. `exported_*` comes first: Prometheus renames the
 * object's own label so when the scrape target carries one of the same name.
 */
export const LABEL_ALIASES = {
  namespace: [
    'exported_namespace',
    'namespace',
    'kubernetes_namespace',
    'k8s_namespace_name',
    'k8s_namespace',
    'k8s_ns',
    'kubernetes_ns',
    'ns',
  ],
  pod: ['exported_pod', 'pod', 'pod_name', 'kubernetes_pod', 'k8s_pod_name', 'k8s_pod'],
  node: ['exported_node', 'node', 'nodename', 'kubernetes_node', 'k8s_node_name', 'host', 'hostname'],
  workload: [
    'workload',
    'deployment',
    'statefulset',
    'daemonset',
    'cronjob',
    'job_name',
    'replicaset',
    'k8s_deployment_name',
    'k8s_statefulset_name',
    'k8s_daemonset_name',
  ],
  service: [
    'exported_service',
    'service',
    'service_name',
    'destination_service_name',
    'app',
    'label_app_kubernetes_io_name',
    'k8s_app',
    'component',
  ],
  persistentvolumeclaim: ['persistentvolumeclaim'],
  instance: ['exported_instance', 'instance'],
  job: ['exported_job', 'job'],
  cluster: ['cluster', 'cluster_id', 'k8s_cluster_name'],
} as const;

export type CanonicalLabel = keyof typeof LABEL_ALIASES;

/** The first of the spellings that is present, and its value. */
export function findAlias(
  labels: Labels,
  canonical: CanonicalLabel,
): readonly [name: string, value: string] | undefined {
  for (const name of LABEL_ALIASES[canonical]) {
    const value = labels.get(name);
    if (value !== undefined) return [name, value];
  }
  return undefined;
}

/**
 * The cluster that the labels name; empty for the one cluster that has no name.
 * @param options.clusterLabel tried before the usual spellings
 */
export function resolveCluster(labels: Labels, options: { clusterLabel: string }): string {
  return labels.get(options.clusterLabel) ?? findAlias(labels, 'cluster')?.[1] ?? '';
}
