import { type Preset, STATE, TARGET, TWO_A_MINUTE } from './preset.ts';

/** nginx/nginx-prometheus-exporter, and kubernetes/ingress-nginx. */
export const NGINX: Preset = {
  name: 'nginx',
  seenIn: 'nginx-prometheus-exporter 0.11, run against nginx 1.22, and the documentation of ingress-nginx 1',
  groupBy: TARGET,
  entries: [
    { series: ['nginx_up'], about: 'whether the server answers', isGolden: true, direction: 'down', range: STATE },
    { series: ['nginx_http_requests_total'], about: 'requests', isGolden: true },
    {
      series: ['nginx_connections_accepted', 'nginx_connections_handled'],
      about: 'connections: counters, whatever their names',
      kind: 'counter',
    },
    { series: ['nginx_connections_active'], about: 'connections', isGolden: true },
    {
      series: ['nginx_connections_reading', 'nginx_connections_writing'],
      about: 'requests that come in, answers that go out',
      direction: 'up',
      atLeast: 5,
    },
    { series: ['nginx_connections_waiting'], about: 'connections at rest', kind: 'unscored' },
    {
      series: ['nginx_ingress_controller_requests{status=~"5.."}'],
      about: 'requests that failed: a counter, whatever its name',
      isGolden: true,
      kind: 'counter',
      direction: 'up',
      atLeast: TWO_A_MINUTE,
    },
    {
      series: ['nginx_ingress_controller_requests{status=~"4.."}'],
      about: 'requests that were refused',
      kind: 'counter',
      direction: 'up',
      atLeast: TWO_A_MINUTE,
    },
    { series: ['nginx_ingress_controller_requests'], about: 'requests', isGolden: true, kind: 'counter' },
    {
      series: [
        'nginx_ingress_controller_request_duration_seconds:p95',
        'nginx_ingress_controller_request_duration_seconds:mean',
        'nginx_ingress_controller_response_duration_seconds:p95',
        'nginx_ingress_controller_response_duration_seconds:mean',
      ],
      about: 'time to answer',
      isGolden: true,
      direction: 'up',
      atLeast: 0.01,
    },
    {
      series: ['nginx_ingress_controller_config_last_reload_successful'],
      about: 'whether the configuration could be used',
      isGolden: true,
      direction: 'down',
      range: STATE,
    },
    {
      series: [
        'nginx_ingress_controller_config_hash',
        'nginx_ingress_controller_ssl_expire_time_seconds',
        'nginx_ingress_controller_nginx_process_num_procs',
      ],
      about: 'identities, and when certificates end',
      kind: 'unscored',
    },
  ],
};
