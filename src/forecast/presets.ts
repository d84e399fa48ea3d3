import { parseSelector } from '../model/matcher.ts';
import type { CapacityRule } from './capacity-rule.ts';

/** A rule with its selectors as text. */
type PresetText = {
  readonly [Key in 'used' | 'free' | 'orLimit' | 'reserved' | 'left' | 'expires']?: string;
} & { readonly limit?: string | number; readonly unless?: readonly string[] } & Partial<
    Pick<CapacityRule, 'on' | 'combine' | 'fullAt' | 'isCalm' | 'isOfProcess'>
  >;

/** What never fills, or is full on purpose: memory, overlays of containers, images. */
const REAL_FILESYSTEM =
  '{fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|nsfs|autofs|devtmpfs|proc|sysfs|cgroup2?fs?|fuse.lxcfs"}';
const CLAIM = ['namespace', 'persistentvolumeclaim'];
const CLAIM_UNLESS = [
  'kube_persistentvolumeclaim_access_mode{access_mode="ReadOnlyMany"}',
  'kube_persistentvolumeclaim_labels{label_excluded_from_alerts="true"}',
];
const TARGET = ['job', 'instance'];

/** The resources that are known by name: of exporters that are in wide use, with the metric names that they have. */
const TEXTS: Readonly<Record<string, PresetText>> = {
  filesystem: {
    free: `node_filesystem_avail_bytes${REAL_FILESYSTEM}`,
    limit: `node_filesystem_size_bytes${REAL_FILESYSTEM}`,
    unless: ['node_filesystem_readonly', 'node_filesystem_device_error'],
    on: [...TARGET, 'device', 'mountpoint'],
    combine: 'max',
  },
  inodes: {
    free: `node_filesystem_files_free${REAL_FILESYSTEM}`,
    limit: `node_filesystem_files${REAL_FILESYSTEM}`,
    unless: ['node_filesystem_readonly', 'node_filesystem_device_error'],
    on: [...TARGET, 'device', 'mountpoint'],
    combine: 'max',
  },
  volume: {
    used: 'kubelet_volume_stats_used_bytes',
    free: 'kubelet_volume_stats_available_bytes',
    limit: 'kubelet_volume_stats_capacity_bytes',
    unless: CLAIM_UNLESS,
    on: CLAIM,
    combine: 'max',
  },
  volume_inodes: {
    used: 'kubelet_volume_stats_inodes_used',
    free: 'kubelet_volume_stats_inodes_free',
    limit: 'kubelet_volume_stats_inodes',
    unless: CLAIM_UNLESS,
    on: CLAIM,
    combine: 'max',
  },
  memory: { free: 'node_memory_MemAvailable_bytes', limit: 'node_memory_MemTotal_bytes' },
  swap: { free: 'node_memory_SwapFree_bytes', limit: 'node_memory_SwapTotal_bytes' },
  container_memory: {
    used: 'container_memory_working_set_bytes{container!="",container!="POD"}',
    limit: 'kube_pod_container_resource_limits{resource="memory"}',
    orLimit: 'container_spec_memory_limit_bytes{container!="",container!="POD"}',
    on: ['namespace', 'pod', 'container'],
    combine: 'max',
  },
  jvm_heap: {
    used: 'jvm_memory_used_bytes{area="heap"}',
    limit: 'jvm_memory_max_bytes{area="heap"}',
    on: TARGET,
    isOfProcess: true,
  },
  file_descriptors: { used: 'node_filefd_allocated', limit: 'node_filefd_maximum' },
  process_file_descriptors: { used: 'process_open_fds', limit: 'process_max_fds', isOfProcess: true },
  conntrack: { used: 'node_nf_conntrack_entries', limit: 'node_nf_conntrack_entries_limit' },
  container_threads: { used: 'container_threads{container!=""}', limit: 'container_threads_max{container!=""}' },
  processes: { used: 'node_processes_threads', limit: 'node_processes_max_threads', on: TARGET },
  postgresql_connections: {
    used: 'pg_stat_activity_count',
    limit: 'pg_settings_max_connections',
    reserved: 'pg_settings_superuser_reserved_connections',
    on: TARGET,
  },
  postgresql_wraparound: { used: 'pg_database_wraparound_age_datfrozenxid_seconds', limit: 2 ** 31 - 3_000_000 },
  mysql_connections: { used: 'mysql_global_status_threads_connected', limit: 'mysql_global_variables_max_connections' },
  mongodb_connections: {
    used: 'mongodb_ss_connections{conn_type="current"}',
    free: 'mongodb_ss_connections{conn_type="available"}',
    on: TARGET,
  },
  redis_clients: { used: 'redis_connected_clients', limit: 'redis_config_maxclients' },
  hikaricp_connections: { used: 'hikaricp_connections_active', limit: 'hikaricp_connections_max', isOfProcess: true },
  tomcat_threads: {
    used: 'tomcat_threads_busy_threads',
    limit: 'tomcat_threads_config_max_threads',
    isOfProcess: true,
  },
  jdbc_connections: { used: 'jdbc_connections_active', limit: 'jdbc_connections_max', isOfProcess: true },
  go_sql_connections: { used: 'go_sql_in_use_connections', limit: 'go_sql_max_open_connections', isOfProcess: true },
  memcached_connections: { used: 'memcached_current_connections', limit: 'memcached_max_connections' },
  haproxy_sessions: { used: 'haproxy_frontend_current_sessions', limit: 'haproxy_frontend_limit_sessions' },
  pgbouncer_connections: {
    used: 'pgbouncer_databases_current_connections',
    limit: 'pgbouncer_databases_max_connections',
  },
  rabbitmq_file_descriptors: { used: 'rabbitmq_process_open_fds', limit: 'rabbitmq_process_max_fds' },
  rabbitmq_memory: { used: 'rabbitmq_process_resident_memory_bytes', limit: 'rabbitmq_resident_memory_limit_bytes' },
  rabbitmq_disk: {
    free: 'rabbitmq_disk_space_available_bytes',
    reserved: 'rabbitmq_disk_space_available_limit_bytes',
  },
  kafka_lag: { left: 'kafka_consumergroup_lag', on: [...TARGET, 'consumergroup', 'topic'] },
  elasticsearch_disk: {
    free: 'elasticsearch_filesystem_data_available_bytes',
    limit: 'elasticsearch_filesystem_data_size_bytes',
    fullAt: 0.9,
  },
  etcd: { used: 'etcd_mvcc_db_total_size_in_bytes', limit: 'etcd_server_quota_backend_bytes' },
  ceph: { used: 'ceph_cluster_total_used_bytes', limit: 'ceph_cluster_total_bytes' },
  minio: { free: 'minio_cluster_capacity_usable_free_bytes', limit: 'minio_cluster_capacity_usable_total_bytes' },
  resource_quota: {
    used: 'kube_resourcequota{type="used"}',
    limit: 'kube_resourcequota{type="hard"}',
    on: ['namespace', 'resourcequota', 'resource'],
    combine: 'max',
  },
  pods: {
    used: 'kubelet_running_pods',
    limit: 'kube_node_status_allocatable{resource="pods"}',
    on: ['node'],
    combine: 'max',
  },
  autoscaler: {
    used: 'kube_horizontalpodautoscaler_status_current_replicas',
    limit: 'kube_horizontalpodautoscaler_spec_max_replicas',
    on: ['namespace', 'horizontalpodautoscaler'],
    combine: 'max',
    isCalm: true,
  },
  certificate: { expires: 'probe_ssl_earliest_cert_expiry' },
  certificate_file: { expires: 'x509_cert_not_after' },
  certificate_ssl: { expires: 'ssl_cert_not_after' },
  certificate_traefik: { expires: 'traefik_tls_certs_not_after' },
  certificate_nginx: { expires: 'nginx_ingress_controller_ssl_expire_time_seconds' },
  certificate_managed: { expires: 'certmanager_certificate_expiration_timestamp_seconds' },
  certificate_kubelet: { expires: 'kubelet_certificate_manager_client_ttl_seconds' },
  license_cockroachdb: { expires: 'seconds_until_license_expiry' },
  license_nomad: { expires: 'nomad_license_expiration_time_epoch' },
  license_vault: { expires: 'vault_core_license_expiration_time_epoch' },
};

export const PRESETS: readonly CapacityRule[] = Object.entries(TEXTS).map(([resource, text]) => ({
  resource,
  used: parsed(text.used),
  free: parsed(text.free),
  limit: typeof text.limit === 'number' ? text.limit : parsed(text.limit),
  orLimit: parsed(text.orLimit),
  reserved: parsed(text.reserved),
  left: parsed(text.left),
  expires: parsed(text.expires),
  unless: (text.unless ?? []).map(parseSelector),
  on: text.on ?? [],
  combine: text.combine ?? 'sum',
  fullAt: text.fullAt ?? 1,
  isCalm: text.isCalm ?? false,
  isOfProcess: text.isOfProcess ?? false,
}));

/** An entry of the configuration. */
type Entry = Pick<
  CapacityRule,
  'resource' | 'used' | 'free' | 'reserved' | 'left' | 'expires' | 'limit' | 'on' | 'combine' | 'fullAt' | 'unless'
> & {
  readonly size: CapacityRule['limit'];
  readonly preset: 'off' | undefined;
};

/** The presets, less those that entries replace or switch off, and the entries. */
export function withPresets(entries: readonly Entry[]): CapacityRule[] {
  const named = new Set(entries.map(({ resource }) => resource));
  const own = entries.filter(({ preset }) => preset === undefined);
  const rules = own.map(({ size, preset: _, ...rule }) => ({ ...rule, limit: rule.limit ?? size }));
  return [...PRESETS.filter(({ resource }) => !named.has(resource)), ...rules];
}

function parsed(selector: string | undefined) {
  return selector === undefined ? undefined : parseSelector(selector);
}
