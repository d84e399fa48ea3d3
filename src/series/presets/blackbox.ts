import { ANY, type Preset, STATE, TARGET } from './preset.ts';

/** prometheus/blackbox_exporter. */
export const BLACKBOX: Preset = {
  name: 'blackbox_exporter',
  seenIn: 'blackbox_exporter 0.23, run against HTTP, ICMP and DNS',
  groupBy: TARGET,
  entries: [
    { series: ['probe_success'], about: 'whether the probe succeeds', isGolden: true, direction: 'down', range: STATE },
    {
      series: ['probe_duration_seconds'],
      about: 'time of the whole probe',
      isGolden: true,
      direction: 'up',
      atLeast: 0.05,
    },
    {
      series: ['probe_http_duration_seconds', 'probe_icmp_duration_seconds', 'probe_dns_lookup_time_seconds'],
      about: 'time of its phases',
      direction: 'up',
      atLeast: 0.05,
    },
    {
      series: ['probe_http_status_code'],
      about: 'errors have the larger codes',
      isGolden: true,
      direction: 'up',
      atLeast: ANY,
    },
    { series: ['probe_http_ssl'], about: 'whether the answer came by TLS', direction: 'down', range: STATE },
    {
      series: ['probe_failed_due_to_regex'],
      about: 'whether the body is another one',
      direction: 'up',
      range: STATE,
      atLeast: ANY,
    },
    {
      series: [
        'probe_ip_protocol',
        'probe_ip_addr_hash',
        'probe_icmp_reply_hop_limit',
        'probe_http_version',
        'probe_http_redirects',
        'probe_ssl_earliest_cert_expiry',
        'probe_dns_serial',
      ],
      about: 'who answered and how; when certificates end, which a forecast watches',
      kind: 'unscored',
    },
  ],
};
