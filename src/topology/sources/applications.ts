import type { Entity } from '../../model/entity.ts';
import type { Fact } from '../fact.ts';
import { meshEnds } from '../mesh-labels.ts';
import { CONFIDENCE, link, type SeriesLabels, type SourceRule } from '../source-rule.ts';

const traffic = { confidence: CONFIDENCE.traffic, evidence: 'traffic' } as const;

/** What traces, instrumented applications and agents beside them say of the calls that they make. */
export const APPLICATIONS: readonly SourceRule[] = [
  {
    ...traffic,
    source: 'service-graph',
    mayBePrefixed: true,
    metrics: ['traces_service_graph_request_total', 'traces_service_graph_request_failed_total'],
    labels: ['client', 'server'],
    makes: 'service calls service or database',
    read: serviceGraph,
  },
  {
    source: 'service-graph',
    confidence: CONFIDENCE.traffic,
    mayBePrefixed: true,
    metrics: ['traces_service_graph_connection_info'],
    labels: ['client', 'server'],
    makes: 'service calls service or database',
    read: serviceGraph,
  },
  {
    ...traffic,
    source: 'network-flows',
    confidence: CONFIDENCE.samePod,
    mayBePrefixed: true,
    metrics: ['beyla_network_flow_bytes_total', 'obi_network_flow_bytes_total'],
    labels: ['k8s_src_owner_name', 'k8s_dst_owner_name'],
    makes: 'workload calls workload',
    read: (series) => {
      if (series.get('direction') === 'response') return [];
      return link('calls', flowEnd(series, 'src'), flowEnd(series, 'dst'));
    },
  },
  {
    ...traffic,
    source: 'otel-client',
    confidence: CONFIDENCE.address,
    mayBePrefixed: true,
    metrics: [
      'http_client_request_duration_seconds_count',
      'rpc_client_duration_seconds_count',
      'rpc_client_duration_milliseconds_count',
      'db_client_operation_duration_seconds_count',
    ],
    labels: ['server_address', 'service_name, k8s_*_name, pod or instance'],
    makes: 'workload calls what is at the address',
    read: (series) => link('calls', series.application(), serverOf(series)),
  },
  {
    ...traffic,
    source: 'otel-client',
    mayBePrefixed: true,
    metrics: ['messaging_publish_duration_seconds_count', 'messaging_client_operation_duration_seconds_count'],
    labels: ['messaging_destination_name', 'service_name, k8s_*_name, pod or instance'],
    makes: 'workload calls topic',
    read: (series) => {
      const topic = series.get('messaging_destination_name');
      return topic === undefined ? [] : link('calls', series.application(), series.entity('topic', '', topic));
    },
  },
  {
    source: 'dephealth',
    confidence: CONFIDENCE.known,
    metrics: ['app_dependency_health', 'app_dependency_latency_seconds_count'],
    labels: ['name', 'dependency', 'host', 'port'],
    makes: 'service calls what is at the address',
    read: (series) => {
      const [name, host, port] = [series.get('name'), series.get('host'), series.get('port')];
      const from = series.target() ?? (name === undefined ? undefined : series.entity('service', '', name));
      return host === undefined ? [] : link('calls', from, series.address(withPort(host, port)));
    },
  },
  {
    ...traffic,
    source: 'coroot-node-agent',
    confidence: CONFIDENCE.address,
    groupBy: 'instance',
    metrics: [
      'container_net_tcp_successful_connects_total',
      'container_net_tcp_failed_connects_total',
      ...['http', 'postgres', 'mysql', 'redis', 'mongo', 'memcached', 'cassandra', 'clickhouse'].map((protocol) =>
        protocol === 'http' ? 'container_http_requests_total' : `container_${protocol}_queries_total`,
      ),
    ],
    labels: ['container_id', 'actual_destination or destination'],
    makes: 'workload calls what is at the address',
    read: (series) => {
      const to = series.get('actual_destination') ?? series.get('destination');
      return to === undefined ? [] : link('calls', containerOf(series), series.address(to));
    },
  },
  {
    source: 'coroot-node-agent',
    confidence: CONFIDENCE.address,
    groupBy: 'instance',
    metrics: ['container_net_tcp_listen_info'],
    labels: ['container_id', 'listen_addr'],
    makes: 'address of a pod',
    read: (series) => {
      const [entity, address] = [containerOf(series), series.get('listen_addr')];
      const isUsable = address !== undefined && !/^(127\.|0\.0\.0\.0|\[::)/.test(address);
      return entity === undefined || !isUsable ? [] : [{ kind: 'entity', entity, addresses: [address] }];
    },
  },
];

function serviceGraph(series: SeriesLabels): Fact[] {
  const { source, destination } = meshEnds(series.labels, series.cluster);
  const edge = series.get('connection_type') === 'messaging_system' ? 'consumes' : 'calls';
  // The client of a message is its producer: the consumer is who needs it.
  return edge === 'consumes' ? link(edge, destination, source) : link(edge, source, destination);
}

function flowEnd(series: SeriesLabels, side: 'src' | 'dst'): Entity | undefined {
  const name = series.get(`k8s_${side}_owner_name`);
  if (name === undefined) return undefined;
  const kind = series.get(`k8s_${side}_owner_type`) === 'Service' ? 'service' : 'workload';
  return series.entity(kind, series.get(`k8s_${side}_namespace`) ?? '', name);
}

function serverOf(series: SeriesLabels): Entity | undefined {
  const host = series.get('server_address') ?? series.get('network_peer_address') ?? series.get('net_peer_name');
  return host === undefined ? undefined : series.address(withPort(host, series.get('server_port')));
}

function withPort(host: string, port: string | undefined): string {
  return port === undefined || port === '' ? host : `${host}:${port}`;
}

/** `/k8s/namespace/pod/container`, `/k8s-cronjob/namespace/cronjob/container`. */
function containerOf(series: SeriesLabels): Entity | undefined {
  const [, runtime, namespace, name] = (series.get('container_id') ?? '').split('/');
  if (namespace === undefined || name === undefined) return undefined;
  if (runtime === 'k8s') return series.entity('pod', namespace, name);
  return runtime === 'k8s-cronjob' ? series.entity('workload', namespace, name) : undefined;
}
