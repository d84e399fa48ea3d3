import { ANY, type Preset, REPLICA, TWO_A_MINUTE } from './preset.ts';

/** istio/istio: standard metrics of its proxies, and its control plane. Their labels tell workloads apart without the pod. */
export const ISTIO: Preset = {
  name: 'Istio',
  seenIn: 'the sources of istiod and the documentation of Istio 1.2x',
  groupBy: ['cluster', 'destination_workload_namespace', 'destination_workload'],
  entries: [
    {
      series: ['istio_requests_total{response_code=~"5..|0"}'],
      about: 'requests that failed',
      isGolden: true,
      direction: 'up',
      atLeast: TWO_A_MINUTE,
      identityDrop: REPLICA,
    },
    {
      series: ['istio_requests_total{response_code=~"4.."}'],
      about: 'requests that were refused',
      direction: 'up',
      atLeast: TWO_A_MINUTE,
      identityDrop: REPLICA,
    },
    { series: ['istio_requests_total'], about: 'requests', isGolden: true, identityDrop: REPLICA },
    {
      series: ['istio_request_duration_milliseconds:p95', 'istio_request_duration_milliseconds:mean'],
      about: 'time to answer',
      isGolden: true,
      direction: 'up',
      atLeast: 5,
      identityDrop: REPLICA,
    },
    {
      series: [
        'istio_request_bytes:p95',
        'istio_response_bytes:p95',
        'istio_tcp_received_bytes_total',
        'istio_tcp_sent_bytes_total',
        'istio_tcp_connections_opened_total',
        'istio_tcp_connections_closed_total',
      ],
      about: 'traffic',
      identityDrop: REPLICA,
    },
    {
      series: [
        'pilot_total_xds_rejects',
        'pilot_total_xds_internal_errors',
        'pilot_xds_write_timeout',
        'pilot_xds_pushes{type=~".*_(senderr|builderr)"}',
        'pilot_sds_certificate_errors_total',
      ],
      about: 'configuration that could not be given to proxies: counters, whatever their names',
      isGolden: true,
      kind: 'counter',
      direction: 'up',
      atLeast: ANY,
    },
    {
      series: ['pilot_proxy_convergence_time:p95', 'pilot_xds_push_time:p95'],
      about: 'time until proxies have their configuration',
      direction: 'up',
      atLeast: 0.5,
    },
    {
      series: [
        'istio_build',
        'pilot_xds',
        'pilot_services',
        'pilot_virt_services',
        'citadel_server_root_cert_expiry_timestamp',
      ],
      about: 'versions, and what is configured',
      kind: 'unscored',
    },
  ],
};
