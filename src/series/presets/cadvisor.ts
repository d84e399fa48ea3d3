import { ANY, type Preset, TWO_A_MINUTE } from './preset.ts';

/** What is told once for a container is told again for its pod, and for each slice that the pod is in. */
const SUMS = ['{container=~"|POD",pod!=""}', '{container="",name=""}'];
const sumsOf = (...names: readonly string[]) => names.flatMap((name) => SUMS.map((labels) => name + labels));

/**
 * google/cadvisor, alone and in the kubelet. No `identity_drop`: containers of different workloads have the same labels
 * but for the pod, such as all the sidecars of a namespace.
 */
export const CADVISOR: Preset = {
  name: 'cAdvisor',
  seenIn: 'the documentation and the expected output of the tests of cAdvisor, and outputs of kubelets',
  groupBy: ['cluster', 'namespace'],
  entries: [
    {
      series: sumsOf(
        'container_cpu_usage_seconds_total',
        'container_cpu_cfs_throttled_periods_total',
        'container_cpu_cfs_throttled_seconds_total',
        'container_memory_working_set_bytes',
        'container_memory_rss',
        'container_memory_failcnt',
        'container_memory_failures_total',
        'container_oom_events_total',
        'container_fs_usage_bytes',
        'container_threads',
        'container_sockets',
        'container_file_descriptors',
        'container_processes',
      ),
      about: 'sums over the containers of a pod, and over slices',
      kind: 'unscored',
    },
    { series: ['container_cpu_usage_seconds_total'], about: 'processor: cores in use', isGolden: true, atLeast: 0.05 },
    {
      series: ['container_cpu_cfs_throttled_periods_total'],
      about: 'periods in which a container had used up its limit',
      isGolden: true,
      direction: 'up',
      atLeast: 0.5,
    },
    {
      series: ['container_cpu_cfs_throttled_seconds_total'],
      about: 'time without a processor because of the limit',
      direction: 'up',
      atLeast: 0.05,
    },
    { series: ['container_memory_working_set_bytes'], about: 'memory', isGolden: true, direction: 'up' },
    { series: ['container_memory_rss'], about: 'memory that is no cache', direction: 'up' },
    {
      series: ['container_oom_events_total', 'container_memory_failcnt'],
      about: 'containers that reached the limit of their memory',
      isGolden: true,
      direction: 'up',
      atLeast: ANY,
    },
    {
      series: ['container_memory_failures_total{failure_type="pgmajfault"}'],
      about: 'pages that had to come from disk',
      direction: 'up',
      atLeast: 10,
    },
    {
      series: ['container_network_receive_bytes_total', 'container_network_transmit_bytes_total'],
      about: 'traffic',
      isGolden: true,
    },
    {
      series: [
        'container_network_receive_errors_total',
        'container_network_transmit_errors_total',
        'container_network_receive_packets_dropped_total',
        'container_network_transmit_packets_dropped_total',
      ],
      about: 'packets that were lost',
      isGolden: true,
      direction: 'up',
      atLeast: TWO_A_MINUTE,
    },
    {
      series: [
        'container_fs_usage_bytes',
        'container_threads',
        'container_sockets',
        'container_file_descriptors',
        'container_processes',
      ],
      about: 'what may run out',
      direction: 'up',
    },
    {
      series: [
        'container_pressure_cpu_waiting_seconds_total',
        'container_pressure_io_waiting_seconds_total',
        'container_pressure_memory_waiting_seconds_total',
      ],
      about: 'pressure: seconds a second in which work had to wait',
      isGolden: true,
      direction: 'up',
      atLeast: 0.02,
    },
    { series: ['container_scrape_error'], about: 'whether cAdvisor can see', direction: 'up', atLeast: ANY },
    {
      series: [
        'container_cpu_cfs_periods_total',
        'container_cpu_load_average_10s',
        'container_cpu_user_seconds_total',
        'container_cpu_system_seconds_total',
        'container_memory_usage_bytes',
        'container_memory_max_usage_bytes',
        'container_memory_cache',
        'container_memory_mapped_file',
        'container_memory_kernel_usage',
        'container_memory_total_active_file_bytes',
        'container_memory_total_inactive_file_bytes',
        'container_memory_failures_total',
        'container_tasks_state',
        'container_blkio_device_usage_total',
        'container_fs_io_current',
        'container_fs_io_time_weighted_seconds_total',
      ],
      about: 'what the others say as well; caches, which are as large as memory allows',
      kind: 'unscored',
    },
    {
      series: [
        'container_last_seen',
        'container_spec_cpu_period',
        'container_spec_cpu_quota',
        'container_spec_cpu_shares',
        'container_spec_memory_limit_bytes',
        'container_spec_memory_reservation_limit_bytes',
        'container_spec_memory_swap_limit_bytes',
        'container_fs_limit_bytes',
        'container_fs_inodes_total',
        'container_threads_max',
        'machine_cpu_cores',
        'machine_cpu_physical_cores',
        'machine_cpu_sockets',
        'machine_memory_bytes',
        'machine_nvm_avg_power_budget_watts',
        'machine_nvm_capacity',
        'machine_swap_bytes',
        'machine_scrape_error',
      ],
      about: 'limits, moments and machines',
      kind: 'unscored',
    },
  ],
};
