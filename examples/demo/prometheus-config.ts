/** What the demonstration's Prometheus is told. Addresses are host:port. */
export interface Addresses {
  readonly shop: string;
  readonly pronoia: string;
  readonly alertmanager: string | undefined;
  readonly nodeExporter: string | undefined;
}

/** External labels belong to every series, so they are there before the past is. */
const GLOBAL = 'global: { scrape_interval: 5s, evaluation_interval: 5s, external_labels: { cluster: demo } }\n';

/** Incidents are scraped with Pronoia's own metrics: without timestamps one that is merged or over is gone at once. */
const SCORES = `    metrics_path: /federate\n    params: { "match[]": ['{__name__=~"(anomaly|predict)_.*"}'] }\n`;

/** Before it is told what to scrape. */
export const EMPTY_CONFIG = GLOBAL;

export function prometheusConfig({ shop, pronoia, alertmanager, nodeExporter }: Addresses): string {
  const scrape = (job: string, target: string, rest = '') =>
    `  - job_name: ${job}\n    honor_labels: true\n${rest}    static_configs: [{ targets: ["${target}"] }]\n`;
  return `${GLOBAL}rule_files: [rules.yml]
alerting:
  alertmanagers: [{ static_configs: [{ targets: ["${alertmanager ?? pronoia}"] }] }]
remote_write:
  - url: http://${pronoia}/api/v1/write
    write_relabel_configs:
      - { source_labels: [__name__], regex: (anomaly|predict|incident|pronoia)_.*, action: drop }
scrape_configs:
${scrape('shop', shop)}${nodeExporter === undefined ? '' : scrape('node', nodeExporter)}${scrape('pronoia-scores', pronoia, SCORES)}${scrape('pronoia', pronoia)}`;
}

export function alertmanagerConfig(pronoia: string): string {
  return `route: { receiver: pronoia, group_by: [alertname], group_wait: 1s, group_interval: 5s, repeat_interval: 1h }
receivers:
  - name: pronoia
    webhook_configs: [{ url: "http://${pronoia}/api/v1/alerts/webhook" }]
`;
}

/** Alerts as people have them: on symptoms, late on the cause, and one on nothing, which comes and goes. */
export const RULES = `groups:
  - name: shop
    rules:
      - alert: HighErrorRate
        expr: |
          sum by (destination_workload, destination_workload_namespace) (rate(istio_requests_total{response_code=~"5.."}[1m]))
            / sum by (destination_workload, destination_workload_namespace) (rate(istio_requests_total[1m])) > 0.05
        for: 10s
        labels: { severity: critical }
        annotations: { summary: "{{ $labels.destination_workload }} fails {{ $value | humanizePercentage }} of its requests" }
      - alert: HighLatency
        expr: |
          sum by (destination_workload, destination_workload_namespace) (rate(istio_request_duration_milliseconds_sum[1m]))
            / sum by (destination_workload, destination_workload_namespace) (rate(istio_request_duration_milliseconds_count[1m])) > 100
        for: 10s
        labels: { severity: warning }
        annotations: { summary: "{{ $labels.destination_workload }} takes {{ $value | humanize }} ms on average" }
      - alert: ReportsWaiting
        expr: reports_waiting > 6
        labels: { severity: info }
        annotations: { summary: "{{ $value }} reports wait" }
      - alert: MySQLDown
        expr: mysql_up == 0
        for: 45s
        labels: { severity: critical }
        annotations: { summary: "MySQL {{ $labels.pod }} is down" }
`;
