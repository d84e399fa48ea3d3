import type { Entity } from '../../model/entity.ts';
import { parseAddress } from '../address.ts';
import type { Fact } from '../fact.ts';
import { CONFIDENCE, link, type SeriesLabels, type SourceRule } from '../source-rule.ts';

const seen = { confidence: CONFIDENCE.address } as const;

/** Databases and brokers: who replicates from whom, who uses them, what they hold. */
export const STORES: readonly SourceRule[] = [
  {
    source: 'databases',
    confidence: CONFIDENCE.inventory,
    metrics: ['mysql_up', 'pg_up', 'redis_up', 'mongodb_up', 'elasticsearch_cluster_health_up', 'memcached_up'],
    labels: ['instance'],
    makes: 'database on a host',
    read: database,
  },
  {
    ...seen,
    source: 'mysql-replication',
    metrics: ['slave_io_running', 'slave_sql_running', 'seconds_behind_master'].map(
      (name) => `mysql_slave_status_${name}`,
    ),
    labels: ['master_host', 'pod or instance'],
    makes: 'replica replicates from primary',
    read: (series) => link('replicates-from', series.target(), machine(series, 'master_host', 3306, 'master_port')),
  },
  {
    ...seen,
    source: 'mysql-replication',
    metrics: ['mysql_heartbeat_mysql_slave_hosts_info'],
    labels: ['slave_host', 'pod or instance'],
    makes: 'replica replicates from primary',
    read: (series) => link('replicates-from', machine(series, 'slave_host', 3306, 'port'), series.target()),
  },
  {
    ...seen,
    source: 'mysql-clients',
    evidence: 'count',
    metrics: ['mysql_info_schema_processlist_processes_by_host'],
    labels: ['client_host', 'pod or instance'],
    makes: 'client calls database',
    read: (series) => {
      const client = series.get('client_host');
      return client === undefined ? [] : link('calls', series.address(client), series.target());
    },
  },
  {
    ...seen,
    source: 'postgres-replication',
    metrics: [
      'pg_stat_replication_pg_wal_lsn_diff',
      'pg_stat_replication_pg_current_wal_lsn_bytes',
      'pg_stat_replication_reply_time',
    ],
    labels: ['client_addr', 'pod or instance'],
    makes: 'replica replicates from primary',
    read: (series) => link('replicates-from', machine(series, 'client_addr', 5432), series.target()),
  },
  {
    ...seen,
    source: 'postgres-replication',
    metrics: ['status', 'flushed_lsn', 'last_msg_receipt_time', 'latest_end_time'].map(
      (name) => `pg_stat_walreceiver_${name}`,
    ),
    labels: ['upstream_host', 'pod or instance'],
    makes: 'replica replicates from primary',
    read: (series) => link('replicates-from', series.target(), machine(series, 'upstream_host', 5432)),
  },
  {
    confidence: CONFIDENCE.name,
    source: 'postgres-clients',
    evidence: 'count',
    metrics: ['pg_stat_activity_count'],
    labels: ['application_name that is the name of a known thing', 'pod or instance'],
    makes: 'application calls database',
    read: (series) => {
      const application = series.get('application_name');
      return application === undefined ? [] : link('calls', series.address(application), series.target());
    },
  },
  {
    ...seen,
    source: 'redis-replication',
    metrics: ['redis_slave_info'],
    labels: ['master_host', 'master_port', 'pod or instance'],
    makes: 'replica replicates from primary',
    read: (series) => link('replicates-from', series.target(), machine(series, 'master_host', 6379, 'master_port')),
  },
  {
    ...seen,
    source: 'redis-replication',
    metrics: ['redis_connected_slave_lag_seconds'],
    labels: ['slave_ip', 'slave_port', 'pod or instance'],
    makes: 'replica replicates from primary',
    read: (series) => link('replicates-from', machine(series, 'slave_ip', 6379, 'slave_port'), series.target()),
  },
  {
    ...seen,
    source: 'mongodb-replication',
    metrics: ['mongodb_rs_members_state', 'mongodb_mongod_replset_member_state'],
    labels: ['member_idx or name', 'rs_nm or set'],
    makes: 'member belongs to replica set',
    read: (series) => {
      const member = series.get('member_idx') ?? series.get('name');
      const set = series.get('rs_nm') ?? series.get('set');
      if (member === undefined || set === undefined) return [];
      return link('member-of', series.address(member), series.entity('database', '', set));
    },
  },
  {
    ...seen,
    source: 'kafka',
    metrics: ['kafka_consumergroup_lag', 'kafka_consumergroup_current_offset'],
    labels: ['consumergroup', 'topic'],
    makes: 'consumer group consumes topic',
    read: (series) => {
      const [group, topic] = [series.get('consumergroup'), series.get('topic')];
      if (group === undefined || topic === undefined) return [];
      return link('consumes', series.entity('consumergroup', '', group), series.entity('topic', '', topic));
    },
  },
  {
    ...seen,
    source: 'kafka',
    metrics: ['kafka_topic_partition_current_offset'],
    labels: ['topic', 'pod or instance of a broker'],
    makes: 'topic stores on broker',
    read: (series) => holds(series, 'topic'),
  },
  {
    ...seen,
    source: 'rabbitmq',
    metrics: ['rabbitmq_queue_messages_ready', 'rabbitmq_detailed_queue_messages_ready'],
    labels: ['queue', 'pod or instance of a broker'],
    makes: 'queue stores on broker',
    read: (series) => holds(series, 'queue'),
  },
];

/** The other end of a replication, which labels name by its host and perhaps by its port. */
function machine(series: SeriesLabels, host: string, usualPort: number, port?: string): Entity | undefined {
  const name = series.get(host);
  return name === undefined ? undefined : series.address(`${name}:${(port && series.get(port)) ?? usualPort}`);
}

/** Outside of Kubernetes: the exporter's address is that of the database's host. */
function database(series: SeriesLabels): Fact[] {
  const instance = series.get('instance');
  if (instance === undefined || series.get('pod') !== undefined) return [];
  const { host } = parseAddress(instance);
  const entity = series.entity('database', '', host);
  return [{ kind: 'entity', entity, addresses: [instance, host] }, ...link('runs-on', entity, series.address(host))];
}

function holds(series: SeriesLabels, kind: 'topic' | 'queue'): Fact[] {
  const name = series.get(kind);
  if (name === undefined) return [];
  return link('stores-on', series.entity(kind, '', name), broker(series));
}

/** An exporter that runs beside the broker, not in its pod, says nothing of where it is. */
function broker(series: SeriesLabels): Entity | undefined {
  const target = series.target();
  return target !== undefined && /exporter/.test(target.name) ? undefined : target;
}
