import type { Fact } from '../fact.ts';
import { CONFIDENCE, link, type SeriesLabels, type SourceRule } from '../source-rule.ts';

const inventory = { source: 'kubernetes', confidence: CONFIDENCE.inventory } as const;

/** A series that every workload of the kind has, in case that the one with its age was left out. */
const KNOWN_BY = {
  deployment: 'kube_deployment_spec_replicas',
  statefulset: 'kube_statefulset_replicas',
  daemonset: 'kube_daemonset_status_desired_number_scheduled',
  cronjob: 'kube_cronjob_info',
} as const;

/** kube-state-metrics, and the recording rules that everybody makes of it. */
export const KUBERNETES: readonly SourceRule[] = [
  {
    ...inventory,
    metrics: ['kube_pod_info', 'node_namespace_pod:kube_pod_info:', 'kube_pod_ips'],
    labels: ['namespace', 'pod'],
    makes: 'pod, its node and address',
    read: (series) => pod(series, ownerOf(series, 'created_by')),
  },
  {
    ...inventory,
    metrics: ['kube_pod_owner'],
    labels: ['namespace', 'pod', 'owner_kind', 'owner_name'],
    makes: 'pod belongs to workload',
    read: (series) => pod(series, ownerOf(series, 'owner')),
  },
  {
    ...inventory,
    metrics: ['namespace_workload_pod:kube_pod_owner:relabel'],
    labels: ['namespace', 'pod', 'workload'],
    makes: 'pod belongs to workload',
    read: (series) => {
      const [kind, name] = [series.get('workload_type') ?? 'workload', series.get('workload')];
      return name === undefined ? [] : pod(series, { kind, name });
    },
  },
  {
    ...inventory,
    metrics: ['kube_replicaset_owner', 'kube_job_owner'],
    labels: ['namespace', 'replicaset or job_name', 'owner_kind', 'owner_name'],
    makes: 'ReplicaSet belongs to Deployment, Job to CronJob',
    read: (series) => {
      const name = series.object('replicaset') ?? series.object('job_name');
      const owner = ownerOf(series, 'owner');
      if (name === undefined || owner === undefined) return [];
      const { namespace } = series;
      const entity = series.entity('workload', namespace, name);
      return [{ kind: 'alias', entity, target: series.entity('workload', namespace, owner.name) }];
    },
  },
  ...(['deployment', 'statefulset', 'daemonset', 'cronjob'] as const).map((kind) => ({
    ...inventory,
    metrics: [`kube_${kind}_created`, `kube_${kind}_labels`, KNOWN_BY[kind]],
    labels: ['namespace', kind],
    makes: 'workload',
    read: (series: SeriesLabels): Fact[] => {
      const name = series.object(kind);
      if (name === undefined) return [];
      return [{ kind: 'entity', entity: series.entity('workload', series.namespace, name), addresses: [] }];
    },
  })),
  {
    ...inventory,
    metrics: ['kube_horizontalpodautoscaler_info'],
    labels: ['namespace', 'horizontalpodautoscaler', 'scaletargetref_name'],
    makes: 'autoscaler scales workload',
    read: (series) => {
      const [name, target] = [series.object('horizontalpodautoscaler'), series.get('scaletargetref_name')];
      if (name === undefined || target === undefined) return [];
      const { namespace } = series;
      const entity = series.entity('autoscaler', namespace, name);
      return [{ kind: 'alias', entity, target: series.entity('workload', namespace, target) }];
    },
  },
  {
    ...inventory,
    metrics: ['kube_service_info'],
    labels: ['namespace', 'service'],
    makes: 'service and its address',
    read: service,
  },
  {
    ...inventory,
    metrics: ['kube_endpoint_address'],
    labels: ['namespace', 'endpoint', 'ip'],
    makes: 'service is answered by pod',
    read: (series) => {
      const [name, ip] = [series.object('endpoint'), series.get('ip')];
      if (name === undefined || ip === undefined) return [];
      return [{ kind: 'serves', service: series.entity('service', series.namespace, name), by: series.address(ip) }];
    },
  },
  {
    ...inventory,
    metrics: ['kube_endpointslice_endpoints'],
    labels: ['namespace', 'endpointslice', 'targetref_kind', 'targetref_name'],
    makes: 'service is answered by pod, the service by the name of the slice',
    confidence: CONFIDENCE.name,
    read: (series) => {
      const [slice, name] = [series.object('endpointslice'), series.get('targetref_name')];
      if (slice === undefined || name === undefined || series.get('targetref_kind') !== 'Pod') return [];
      const served = series.entity('service', series.namespace, slice.replace(/-[a-z0-9]{5}$/, ''));
      const namespace = series.get('targetref_namespace') ?? series.namespace;
      return [{ kind: 'serves', service: served, by: series.entity('pod', namespace, name) }];
    },
  },
  {
    ...inventory,
    metrics: ['kube_ingress_path'],
    labels: ['namespace', 'ingress', 'service_name'],
    makes: 'ingress and host route to service',
    read: (series) => ingressRoute(series, series.object('ingress'), series.get('service_name'), series.object('host')),
  },
  {
    ...inventory,
    metrics: ['kube_pod_spec_volumes_persistentvolumeclaims_info'],
    labels: ['namespace', 'pod', 'persistentvolumeclaim'],
    makes: 'pod stores on volume claim',
    read: (series) => {
      const [name, claim] = [series.object('pod'), series.object('persistentvolumeclaim')];
      if (name === undefined || claim === undefined) return [];
      const { namespace } = series;
      const volume = series.entity('persistentvolumeclaim', namespace, claim);
      return link('stores-on', series.entity('pod', namespace, name), volume);
    },
  },
  {
    ...inventory,
    metrics: ['kube_persistentvolumeclaim_info'],
    labels: ['namespace', 'persistentvolumeclaim', 'volumename'],
    makes: 'volume claim stores on volume',
    read: (series) => {
      const [claim, volume] = [series.object('persistentvolumeclaim'), series.get('volumename')];
      if (claim === undefined || volume === undefined) return [];
      const from = series.entity('persistentvolumeclaim', series.namespace, claim);
      return link('stores-on', from, series.entity('persistentvolume', '', volume));
    },
  },
  {
    ...inventory,
    metrics: ['kube_persistentvolume_info'],
    labels: ['persistentvolume', 'nfs_server'],
    makes: 'volume stores on NFS server',
    read: (series) => {
      const [volume, server] = [series.object('persistentvolume'), series.get('nfs_server')];
      if (volume === undefined || server === undefined) return [];
      return link('stores-on', series.entity('persistentvolume', '', volume), series.address(server));
    },
  },
  {
    ...inventory,
    metrics: ['kube_node_info'],
    labels: ['node'],
    makes: 'node and its address',
    read: (series) => {
      const [name, ip] = [series.object('node'), series.get('internal_ip')];
      if (name === undefined) return [];
      return [{ kind: 'entity', entity: series.entity('node', '', name), addresses: ip === undefined ? [] : [ip] }];
    },
  },
  {
    ...inventory,
    metrics: ['kube_node_labels'],
    labels: ['node', 'label_topology_kubernetes_io_zone'],
    makes: 'node is in zone',
    read: (series) => {
      const zone =
        series.get('label_topology_kubernetes_io_zone') ?? series.get('label_failure_domain_beta_kubernetes_io_zone');
      const name = series.object('node');
      if (name === undefined || zone === undefined) return [];
      return link('member-of', series.entity('node', '', name), series.entity('zone', '', zone));
    },
  },
  {
    ...inventory,
    source: 'cadvisor',
    // Each kubelet is a source of its own: one that dies has not lost its pods.
    groupBy: 'instance',
    metrics: ['container_memory_working_set_bytes'],
    labels: ['namespace', 'pod', 'node'],
    makes: 'pod runs on node',
    // That of the whole pod: those of its containers would say the same.
    read: (series) => (/^(POD)?$/.test(series.get('container') ?? '') ? pod(series, undefined) : []),
  },
];

/** Routes of an ingress; the host that people (and probes) see stands for the service behind it, if it is one. */
export function ingressRoute(
  series: SeriesLabels,
  ingress: string | undefined,
  serviceName: string | undefined,
  host: string | undefined,
): Fact[] {
  if (ingress === undefined || serviceName === undefined || serviceName === '') return [];
  const { namespace } = series;
  const to = series.entity('service', namespace, serviceName);
  const facts = link('routes-to', series.entity('ingress', namespace, ingress), to);
  if (host === undefined || host === '' || host === '_' || host.includes('*')) return facts;
  const seen = series.entity('host', '', host);
  facts.push({ kind: 'entity', entity: seen, addresses: [host] }, { kind: 'alias', entity: seen, target: to });
  return [...facts, ...link('routes-to', seen, to)];
}

function pod(series: SeriesLabels, owner: { kind: string; name: string } | undefined): Fact[] {
  const name = series.object('pod');
  if (name === undefined) return [];
  return [
    {
      kind: 'pod',
      cluster: series.cluster,
      namespace: series.namespace,
      pod: name,
      uid: series.get('uid'),
      node: series.object('node') || undefined,
      ip: series.get('pod_ip') ?? series.get('ip'),
      owner,
      isOnHostNetwork: series.get('host_network') === 'true' || undefined,
    },
  ];
}

function ownerOf(series: SeriesLabels, prefix: string): { kind: string; name: string } | undefined {
  const [kind, name] = [series.object(`${prefix}_kind`), series.object(`${prefix}_name`)];
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

function service(series: SeriesLabels): Fact[] {
  const name = series.object('service');
  if (name === undefined) return [];
  const entity = series.entity('service', series.namespace, name);
  const addresses = [series.get('cluster_ip'), series.get('load_balancer_ip')].filter(
    (ip): ip is string => ip !== undefined && ip !== 'None',
  );
  const external = series.get('external_name');
  const facts: Fact[] = [{ kind: 'entity', entity, addresses }];
  if (external !== undefined) facts.push({ kind: 'alias', entity, target: series.entity('external', '', external) });
  return facts;
}
