import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRESETS } from '../../src/forecast/presets.ts';
import type { TestSeries } from '../ingest/write-request-builder.ts';
import { textOf } from '../repo/files.ts';
import { START, TestLane } from '../test-lane.ts';

const MINUTES = 40;
const IN_TEN_DAYS = START / 1000 + 10 * 86_400;

/** A program, what it shows, and the share that is used; or undefined where nothing may be said. */
type Case = readonly [preset: string, ratio: number | undefined, text: string];

/** Lines as the programs write them. Prometheus adds job and instance. */
const FILLING: readonly Case[] = [
  [
    'filesystem',
    0.6,
    `node_filesystem_avail_bytes{device="/dev/nvme0n1p1",device_error="",fstype="xfs",mountpoint="/"} 4e+10
node_filesystem_size_bytes{device="/dev/nvme0n1p1",device_error="",fstype="xfs",mountpoint="/"} 1e+11
node_filesystem_readonly{device="/dev/nvme0n1p1",device_error="",fstype="xfs",mountpoint="/"} 0`,
  ],
  [
    'inodes',
    0.25,
    `node_filesystem_files{device="/dev/sdb",device_error="",fstype="ext4",mountpoint="/srv"} 1000000
node_filesystem_files_free{device="/dev/sdb",device_error="",fstype="ext4",mountpoint="/srv"} 750000`,
  ],
  [
    'inodes',
    undefined,
    `node_filesystem_files{device="/dev/sdc",device_error="",fstype="btrfs",mountpoint="/data"} 0
node_filesystem_files_free{device="/dev/sdc",device_error="",fstype="btrfs",mountpoint="/data"} 0`,
  ],
  [
    'volume',
    0.5,
    `kubelet_volume_stats_available_bytes{namespace="shop",persistentvolumeclaim="used"} 4e+09
kubelet_volume_stats_capacity_bytes{namespace="shop",persistentvolumeclaim="used"} 1e+10
kubelet_volume_stats_used_bytes{namespace="shop",persistentvolumeclaim="used"} 5e+09`,
  ],
  [
    'volume',
    0.6,
    `kubelet_volume_stats_available_bytes{namespace="shop",persistentvolumeclaim="free-only"} 4e+09
kubelet_volume_stats_capacity_bytes{namespace="shop",persistentvolumeclaim="free-only"} 1e+10`,
  ],
  [
    'volume_inodes',
    0.5,
    `kubelet_volume_stats_inodes{namespace="shop",persistentvolumeclaim="used"} 1000
kubelet_volume_stats_inodes_free{namespace="shop",persistentvolumeclaim="used"} 500
kubelet_volume_stats_inodes_used{namespace="shop",persistentvolumeclaim="used"} 500`,
  ],
  [
    'volume_inodes',
    0.7,
    `kubelet_volume_stats_inodes{namespace="shop",persistentvolumeclaim="free-only"} 1000
kubelet_volume_stats_inodes_free{namespace="shop",persistentvolumeclaim="free-only"} 300`,
  ],
  ['memory', 0.75, 'node_memory_MemAvailable_bytes 4e+09\nnode_memory_MemTotal_bytes 1.6e+10'],
  ['swap', 0.5, 'node_memory_SwapFree_bytes 1e+09\nnode_memory_SwapTotal_bytes 2e+09'],
  [
    'container_memory',
    0.25,
    `container_memory_working_set_bytes{container="web",id="/kubepods.slice/kubepods-pod1.slice/cri-1.scope",image="registry.example/web:1",name="1",namespace="shop",pod="web-0"} 5e+08
container_spec_memory_limit_bytes{container="web",id="/kubepods.slice/kubepods-pod1.slice/cri-1.scope",image="registry.example/web:1",name="1",namespace="shop",pod="web-0"} 2e+09
kube_pod_container_resource_limits{namespace="shop",pod="web-0",uid="u1",container="web",node="n1",resource="memory",unit="byte"} 2e+09
kube_pod_container_resource_limits{namespace="shop",pod="web-0",uid="u1",container="web",node="n1",resource="cpu",unit="core"} 1`,
  ],
  [
    'container_memory',
    0.5,
    `container_memory_working_set_bytes{container="job",id="/kubepods.slice/kubepods-pod2.slice/cri-2.scope",image="registry.example/job:1",name="2",namespace="shop",pod="job-0"} 1e+09
container_spec_memory_limit_bytes{container="job",id="/kubepods.slice/kubepods-pod2.slice/cri-2.scope",image="registry.example/job:1",name="2",namespace="shop",pod="job-0"} 2e+09`,
  ],
  [
    'container_memory',
    undefined,
    `container_memory_working_set_bytes{container="free",id="/kubepods.slice/kubepods-pod3.slice/cri-3.scope",image="registry.example/free:1",name="3",namespace="shop",pod="free-0"} 1e+09
container_spec_memory_limit_bytes{container="free",id="/kubepods.slice/kubepods-pod3.slice/cri-3.scope",image="registry.example/free:1",name="3",namespace="shop",pod="free-0"} 0`,
  ],
  [
    'jvm_heap',
    0.3,
    `jvm_memory_used_bytes{area="heap",id="G1 Eden Space"} 1e+08
jvm_memory_used_bytes{area="heap",id="G1 Old Gen"} 2e+08
jvm_memory_used_bytes{area="nonheap",id="Metaspace"} 7e+07
jvm_memory_max_bytes{area="heap",id="G1 Eden Space"} -1
jvm_memory_max_bytes{area="heap",id="G1 Old Gen"} 1e+09`,
  ],
  ['file_descriptors', 0.1, 'node_filefd_allocated 1000\nnode_filefd_maximum 10000'],
  ['process_file_descriptors', 0.5, 'process_open_fds 512\nprocess_max_fds 1024'],
  ['conntrack', 0.2, 'node_nf_conntrack_entries 20000\nnode_nf_conntrack_entries_limit 100000'],
  [
    'container_threads',
    0.1,
    `container_threads{container="web",id="/a",image="i",name="1",namespace="shop",pod="web-0"} 100
container_threads_max{container="web",id="/a",image="i",name="1",namespace="shop",pod="web-0"} 1000`,
  ],
  ['processes', 0.1, 'node_processes_threads 300\nnode_processes_max_threads 3000'],
  [
    'postgresql_connections',
    0.5,
    `pg_stat_activity_count{datname="shop",server="db:5432",state="active",usename="shop",application_name="web",backend_type="client backend",wait_event="",wait_event_type=""} 20
pg_stat_activity_count{datname="shop",server="db:5432",state="idle",usename="shop",application_name="web",backend_type="client backend",wait_event="ClientRead",wait_event_type="Client"} 28.5
pg_settings_max_connections{server="db:5432"} 100
pg_settings_superuser_reserved_connections{server="db:5432"} 3`,
  ],
  ['postgresql_wraparound', 0.5, 'pg_database_wraparound_age_datfrozenxid_seconds{datname="shop"} 1.072241824e+09'],
  ['mysql_connections', 0.1, 'mysql_global_status_threads_connected 15.1\nmysql_global_variables_max_connections 151'],
  [
    'mongodb_connections',
    0.2,
    `mongodb_ss_connections{conn_type="active"} 3
mongodb_ss_connections{conn_type="available"} 800
mongodb_ss_connections{conn_type="current"} 200`,
  ],
  ['redis_clients', 0.1, 'redis_connected_clients 1000\nredis_config_maxclients 10000'],
  [
    'hikaricp_connections',
    0.4,
    'hikaricp_connections_active{pool="HikariPool-1"} 4\nhikaricp_connections_max{pool="HikariPool-1"} 10',
  ],
  ['jdbc_connections', 0.3, 'jdbc_connections_active{name="dataSource"} 3\njdbc_connections_max{name="dataSource"} 10'],
  [
    'go_sql_connections',
    0.2,
    'go_sql_in_use_connections{db_name="primary"} 5\ngo_sql_max_open_connections{db_name="primary"} 25',
  ],
  [
    'go_sql_connections',
    undefined,
    'go_sql_in_use_connections{db_name="unlimited"} 5\ngo_sql_max_open_connections{db_name="unlimited"} 0',
  ],
  ['memcached_connections', 0.5, 'memcached_current_connections 512\nmemcached_max_connections 1024'],
  [
    'haproxy_sessions',
    0.1,
    'haproxy_frontend_current_sessions{proxy="web"} 200\nhaproxy_frontend_limit_sessions{proxy="web"} 2000',
  ],
  [
    'tomcat_threads',
    0.1,
    'tomcat_threads_busy_threads{name="http-nio-8080"} 20\ntomcat_threads_config_max_threads{name="http-nio-8080"} 200',
  ],
  [
    'pgbouncer_connections',
    0.2,
    `pgbouncer_databases_current_connections{database="shop",force_user="",host="db",name="shop",pool_mode="",port="5432"} 20
pgbouncer_databases_max_connections{database="shop",force_user="",host="db",name="shop",pool_mode="",port="5432"} 100`,
  ],
  ['rabbitmq_file_descriptors', 0.1, 'rabbitmq_process_open_fds 100\nrabbitmq_process_max_fds 1000'],
  ['rabbitmq_memory', 0.5, 'rabbitmq_process_resident_memory_bytes 2e+08\nrabbitmq_resident_memory_limit_bytes 4e+08'],
  [
    'elasticsearch_disk',
    0.5,
    `elasticsearch_filesystem_data_available_bytes{cluster="logs",host="10.0.0.1",mount="/data",name="es-0",path="/data/nodes/0"} 5.5e+11
elasticsearch_filesystem_data_size_bytes{cluster="logs",host="10.0.0.1",mount="/data",name="es-0",path="/data/nodes/0"} 1e+12`,
  ],
  ['etcd', 0.25, 'etcd_mvcc_db_total_size_in_bytes 5e+08\netcd_server_quota_backend_bytes 2e+09'],
  ['ceph', 0.7, 'ceph_cluster_total_used_bytes 7e+12\nceph_cluster_total_bytes 1e+13'],
  [
    'minio',
    0.4,
    'minio_cluster_capacity_usable_free_bytes{server="127.0.0.1:9000"} 6e+11\nminio_cluster_capacity_usable_total_bytes{server="127.0.0.1:9000"} 1e+12',
  ],
  [
    'resource_quota',
    0.8,
    `kube_resourcequota{namespace="shop",resourcequota="compute",resource="limits.memory",type="hard"} 1e+10
kube_resourcequota{namespace="shop",resourcequota="compute",resource="limits.memory",type="used"} 8e+09`,
  ],
  [
    'pods',
    0.5,
    'kubelet_running_pods{node="n1"} 55\nkube_node_status_allocatable{node="n1",resource="pods",unit="integer"} 110',
  ],
  [
    'autoscaler',
    0.3,
    `kube_horizontalpodautoscaler_status_current_replicas{namespace="shop",horizontalpodautoscaler="web"} 3
kube_horizontalpodautoscaler_spec_max_replicas{namespace="shop",horizontalpodautoscaler="web"} 10`,
  ],
];

/** What has no share that is used: it ends, or what is left of it has no whole. */
const ENDING: readonly Case[] = [
  [
    'rabbitmq_disk',
    undefined,
    'rabbitmq_disk_space_available_bytes 8.3e+09\nrabbitmq_disk_space_available_limit_bytes 5e+07',
  ],
  [
    'kafka_lag',
    undefined,
    `kafka_consumergroup_lag{consumergroup="billing",partition="0",topic="orders"} 10
kafka_consumergroup_lag{consumergroup="billing",partition="1",topic="orders"} 20`,
  ],
  ['certificate', undefined, `probe_ssl_earliest_cert_expiry ${IN_TEN_DAYS}`],
  [
    'certificate_file',
    undefined,
    `x509_cert_not_after{filename="tls.crt",filepath="/etc/tls/tls.crt",issuer_CN="ca",serial_number="1",subject_CN="web"} ${IN_TEN_DAYS}`,
  ],
  [
    'certificate_ssl',
    undefined,
    `ssl_cert_not_after{cn="web.example",dnsnames=",web.example,",emails="",ips="",issuer_cn="ca",ou="",serial_no="1"} ${IN_TEN_DAYS}`,
  ],
  [
    'certificate_traefik',
    undefined,
    `traefik_tls_certs_not_after{cn="web.example",sans="web.example",serial="1"} ${IN_TEN_DAYS}`,
  ],
  [
    'certificate_nginx',
    undefined,
    `nginx_ingress_controller_ssl_expire_time_seconds{class="k8s.io/ingress-nginx",host="web.example",namespace="shop",secret_name="tls"} ${IN_TEN_DAYS}`,
  ],
  [
    'certificate_managed',
    undefined,
    `certmanager_certificate_expiration_timestamp_seconds{issuer_group="cert-manager.io",issuer_kind="Issuer",issuer_name="ca",name="web",namespace="shop"} ${IN_TEN_DAYS}`,
  ],
  ['certificate_kubelet', undefined, 'kubelet_certificate_manager_client_ttl_seconds 864000'],
  ['license_cockroachdb', undefined, 'seconds_until_license_expiry{node_id="1"} 864000'],
  ['license_nomad', undefined, `nomad_license_expiration_time_epoch{host="n1"} ${IN_TEN_DAYS}`],
  ['license_vault', undefined, `vault_core_license_expiration_time_epoch ${IN_TEN_DAYS}`],
];

const CASES = [...FILLING, ...ENDING];

/** Samples of what a program shows, as a series each. @param target its place in the list */
function scraped(text: string, target: number, time: number): TestSeries[] {
  return text.split('\n').map((line) => {
    const [, name, pairs = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)!;
    const labels = Object.fromEntries([...pairs.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key!, text!]));
    const all = { __name__: name!, ...labels, instance: `target-${target}`, job: 'test' };
    return { labels: Object.fromEntries(Object.entries(all).sort()), samples: [[time, Number(value)]] };
  });
}

describe('what well-known programs show', () => {
  let lane: TestLane;
  beforeAll(async () => {
    lane = await new TestLane({ rules: [] }).start();
    for (let i = 0; i < MINUTES; i++) {
      lane.clock.advance(60_000);
      await lane.send(...CASES.flatMap(([, , text], target) => scraped(text, target, lane.clock.now())));
    }
  });
  afterAll(() => lane.stop());

  const found = (name: string, preset: string, target: number) =>
    [...lane.lane.forecastOutputs.groups()]
      .map((group) => ({ labels: group.labels(), value: new Map(group.values).get(name) }))
      .filter(
        ({ labels, value }) =>
          value !== undefined && labels.get('resource') === preset && labels.get('instance') === `target-${target}`,
      );

  it('is in the table of the documentation', () => {
    const rows = textOf('docs/forecasting.md').matchAll(/^\| (\w+) +\| /gm);
    const documented = new Set([...rows].map(([, name]) => name));
    expect(PRESETS.map(({ resource }) => resource).filter((name) => !documented.has(name))).toEqual([]);
  });

  it('is known under every name of a preset', () => {
    expect(
      PRESETS.map(({ resource }) => resource).filter((name) => !CASES.some(([preset]) => preset === name)),
    ).toEqual([]);
  });

  it.each(CASES.map((each, target) => [target, ...each] as const))('%i: %s', (target, preset, ratio, text) => {
    const ratios = found('predict_used_ratio', preset, target).map(({ value }) => value);
    const quantiles = found('predict_full_in_seconds', preset, target).map(({ value }) => value!);
    if (ratio !== undefined) {
      expect(ratios).toEqual([expect.closeTo(ratio, 5)]);
      expect(quantiles).toEqual([Infinity, Infinity, Infinity]);
    } else if (text.includes(String(IN_TEN_DAYS)) || text.includes('864000')) {
      expect(ratios).toEqual([]);
      expect(quantiles).toHaveLength(3);
      expect(quantiles[1]! / (10 * 86_400)).toBeGreaterThan(0.99);
    } else {
      expect(ratios).toEqual([]);
      expect(quantiles).toEqual(['rabbitmq_disk', 'kafka_lag'].includes(preset) ? [Infinity, Infinity, Infinity] : []);
    }
  });
});

describe('what is kept back', () => {
  const series = (name: string, value: (minute: number) => number) =>
    [name, value] as readonly [string, (minute: number) => number];
  async function median(...shown: (readonly [string, (minute: number) => number])[]): Promise<number> {
    const lane = await new TestLane({ rules: [] }).start();
    for (let i = 0; i < 120; i++) {
      lane.clock.advance(60_000);
      await lane.send(
        ...shown.map(([name, value]) => ({
          labels: { __name__: name, instance: 'a', job: 'test' },
          samples: [[lane.clock.now(), value(i)] as const],
        })),
      );
    }
    const groups = [...lane.lane.forecastOutputs.groups()];
    await lane.stop();
    return new Map(groups.find((group) => group.labels().get('quantile') === '0.5')!.values).get(
      'predict_full_in_seconds',
    )!;
  }

  it('is no room: PostgreSQL is full before its last connections, which are for superusers', async () => {
    const shown = [
      series('pg_stat_activity_count', (minute) => 100 + minute),
      series('pg_settings_max_connections', () => 400),
    ];
    const all = await median(...shown);
    const part = await median(
      ...shown,
      series('pg_settings_superuser_reserved_connections', () => 100),
    );
    expect(all / 60 / (400 - 219)).toBeCloseTo(1, 0);
    expect(part / 60 / (300 - 219)).toBeGreaterThan(0.8);
    expect(part / 60 / (300 - 219)).toBeLessThan(1.2);
  });

  it('is where a disk of unknown size ends: RabbitMQ stops at its own limit, not at 0', async () => {
    const left = await median(
      series('rabbitmq_disk_space_available_bytes', (minute) => 5e9 - 1e7 * minute),
      series('rabbitmq_disk_space_available_limit_bytes', () => 3e9),
    );
    expect(left / 60 / ((2e9 - 119e7) / 1e7)).toBeGreaterThan(0.8);
    expect(left / 60 / ((2e9 - 119e7) / 1e7)).toBeLessThan(1.2);
  });

  it('wakes nobody where an autoscaler nears its maximum', async () => {
    const lane = await new TestLane({ rules: [] }).start();
    for (let i = 0; i < 120; i++) {
      lane.clock.advance(60_000);
      const labels = { horizontalpodautoscaler: 'web', namespace: 'shop' };
      await lane.send(
        {
          labels: { __name__: 'kube_horizontalpodautoscaler_status_current_replicas', ...labels },
          samples: [[lane.clock.now(), 10 + i / 2]],
        },
        {
          labels: { __name__: 'kube_horizontalpodautoscaler_spec_max_replicas', ...labels },
          samples: [[lane.clock.now(), 90]],
        },
      );
    }
    expect(lane.anomalies.filter(({ reason }) => reason?.includes('is full in'))).toEqual([]);
    expect(lane.lane.forecasts.urgentTotal).toBe(0);
    await lane.stop();
  });
});
