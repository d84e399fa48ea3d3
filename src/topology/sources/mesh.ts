import type { Fact } from '../fact.ts';
import { meshEnds } from '../mesh-labels.ts';
import { CONFIDENCE, link, type SeriesLabels, type SourceRule } from '../source-rule.ts';
import { parseUpstream } from '../upstream-name.ts';
import { ingressRoute } from './kubernetes.ts';

const traffic = { confidence: CONFIDENCE.traffic, evidence: 'traffic' } as const;

/** Proxies that see every call: service meshes, Cilium, gateways. */
export const MESH: readonly SourceRule[] = [
  {
    ...traffic,
    source: 'istio',
    metrics: ['istio_requests_total', 'istio_tcp_connections_opened_total'],
    labels: ['source_workload', 'destination_workload or destination_service'],
    makes: 'workload calls workload',
    viewBy: 'reporter',
    read: calls,
  },
  {
    ...traffic,
    source: 'linkerd',
    metrics: ['request_total', 'tcp_open_total', 'outbound_http_route_backend_requests_total'],
    labels: ['direction="outbound"', 'deployment or pod', 'dst_deployment, dst_statefulset or dst_service'],
    makes: 'workload calls workload',
    read: (series) => (isLinkerd(series) ? calls(series) : []),
  },
  {
    ...traffic,
    source: 'hubble',
    metrics: [
      'hubble_flows_processed_total',
      'hubble_tcp_flags_total',
      'hubble_http_requests_total',
      'hubble_drop_total',
    ],
    labels: [
      'source or source_workload',
      'destination or destination_workload',
      'traffic_direction="egress" or flag="SYN"',
    ],
    makes: 'workload calls workload',
    read: (series) => (isRequest(series) ? calls(series) : []),
  },
  {
    ...traffic,
    source: 'envoy',
    metrics: ['envoy_cluster_upstream_rq_total', 'envoy_cluster_upstream_cx_total'],
    labels: ['pod or instance', 'envoy_cluster_name that names a service'],
    makes: 'workload of the proxy calls service',
    read: (series) => link('calls', series.target(), parseUpstream(series.labels, series.cluster)),
  },
  {
    ...traffic,
    source: 'ingress-nginx',
    metrics: ['nginx_ingress_controller_requests'],
    labels: ['ingress', 'service', 'namespace'],
    makes: 'controller and host route to service',
    read: (series) => {
      const name = series.object('service');
      const facts = ingressRoute(series, series.get('ingress'), name, series.get('host'));
      if (facts.length === 0) return [];
      const namespace = series.get('controller_namespace') ?? '';
      const pod = series.get('controller_pod');
      const controller = pod === undefined ? series.target() : series.entity('pod', namespace, pod);
      return [...facts, ...link('routes-to', controller, series.entity('service', series.namespace, name!))];
    },
  },
];

function calls(series: SeriesLabels): Fact[] {
  const { source, destination } = meshEnds(series.labels, series.cluster);
  return link('calls', source, destination);
}

/** The names are those that many an application uses. */
function isLinkerd(series: SeriesLabels): boolean {
  return series.get('direction') === 'outbound' || series.get('backend_kind') !== undefined;
}

/** Replies are flows too, and would turn the arrow round. */
function isRequest(series: SeriesLabels): boolean {
  const [flag, direction] = [series.get('flag'), series.get('traffic_direction')];
  if (flag !== undefined) return flag === 'SYN';
  if (direction !== undefined) return direction === 'egress';
  return series.get('__name__')!.endsWith('hubble_http_requests_total');
}
