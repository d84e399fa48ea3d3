import { ANY, type Preset, TARGET, TWO_A_MINUTE } from './preset.ts';

/** kubernetes/kubernetes, cmd/kubelet. */
export const KUBELET: Preset = {
  name: 'kubelet',
  seenIn: 'the documentation of Kubernetes, and outputs of kubelets',
  groupBy: TARGET,
  entries: [
    {
      series: ['kubelet_running_pods', 'kubelet_running_containers{container_state="running"}'],
      about: 'what runs on the node',
      isGolden: true,
      atLeast: 2,
    },
    { series: ['kubelet_running_containers'], about: 'containers that have ended', kind: 'unscored' },
    {
      series: ['kubelet_pleg_relist_duration_seconds:p95', 'kubelet_pleg_relist_interval_seconds:p95'],
      about: 'time to look at all containers: the node is not ready when it takes minutes',
      isGolden: true,
      direction: 'up',
      atLeast: 0.5,
    },
    {
      series: [
        'kubelet_runtime_operations_duration_seconds:p95',
        'kubelet_runtime_operations_duration_seconds:mean',
        'kubelet_pod_start_duration_seconds:p95',
        'kubelet_pod_worker_duration_seconds:p95',
        'storage_operation_duration_seconds:p95',
      ],
      about: 'time that the work of the kubelet takes',
      direction: 'up',
      atLeast: 0.5,
    },
    {
      series: [
        'kubelet_runtime_operations_errors_total',
        'kubelet_started_containers_errors_total',
        'kubelet_started_pods_errors_total',
        'rest_client_requests_total{code=~"5..|429|<error>"}',
      ],
      about: 'work that failed',
      isGolden: true,
      direction: 'up',
      atLeast: TWO_A_MINUTE,
    },
    {
      series: ['kubelet_evictions'],
      about: 'pods that had to go: a counter, whatever its name',
      isGolden: true,
      kind: 'counter',
      direction: 'up',
      atLeast: ANY,
    },
    {
      series: ['kubelet_volume_stats_available_bytes'],
      about: 'space that is left in volumes',
      isGolden: true,
      direction: 'down',
    },
    { series: ['kubelet_volume_stats_inodes_free'], about: 'inodes that are left in volumes', direction: 'down' },
    {
      series: [
        'kubelet_volume_stats_used_bytes',
        'kubelet_volume_stats_inodes_used',
        'kubelet_volume_stats_capacity_bytes',
        'kubelet_volume_stats_inodes',
        'kubelet_node_name',
        'kubelet_certificate_manager_client_ttl_seconds',
        'kubelet_pleg_last_seen_seconds',
        'kubelet_http_inflight_requests',
      ],
      about: 'sizes, moments and identities; the other side of what is left; requests at the moment of the scrape',
      kind: 'unscored',
    },
  ],
};
