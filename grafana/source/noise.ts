import { dashboard, figure, lines, rows, stacked, WIDTH } from './parts.ts';

/** What alerting costs the people, and what incidents save them. Measures are over the last 30 days: docs/noise.md. */
export const noise = dashboard(
  'noise',
  'noise and time',
  'What alerting has cost over the last 30 days, what incidents save, and how long things take.',
)
  .time({ from: 'now-7d', to: 'now' })
  .withPanel(
    figure(
      'Notifications saved',
      'Of those that a plain Alertmanager would have sent.',
      'percentunit',
      'max(pronoia_noise_compression_ratio)',
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Time to detect',
      'Half of the incidents are open so soon after their first anomaly or alert.',
      's',
      'max(pronoia_incident_time_to_detect_seconds{percentile="50"})',
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Time to acknowledge',
      'Half of the incidents are taken on within this time.',
      's',
      'max(pronoia_incident_time_to_acknowledge_seconds{percentile="50"})',
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Time to resolve',
      'Half of the incidents are over within this time.',
      's',
      'max(pronoia_incident_time_to_resolve_seconds{percentile="50"})',
    ).span(WIDTH.quarter),
  )
  .withPanel(
    lines(
      'Notifications',
      'About incidents, received from Alertmanager, and what a plain Alertmanager would have sent.',
      'short',
      [{ expr: 'max by (of) (pronoia_noise_notifications)', legend: '{{of}}' }],
    ).span(WIDTH.half),
  )
  .withPanel(
    stacked('Ledger', 'Every firing in one account.', 'short', [
      { expr: 'max by (account) (pronoia_ledger_firings)', legend: '{{account}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    rows(
      'Noisiest rules',
      'Suggestions with back-tests are at /api/v1/noise.',
      'topk(20, max by (alertname) (pronoia_noisy_rule_firings))',
      { alertname: 'Rule' },
      'Firings',
      'short',
    ).span(WIDTH.half),
  )
  .withPanel(
    lines('How long incidents take', 'Median and 90th percentile.', 's', [
      { expr: 'max by (percentile) (pronoia_incident_time_to_detect_seconds)', legend: 'to detect, p{{percentile}}' },
      {
        expr: 'max by (percentile) (pronoia_incident_time_to_acknowledge_seconds)',
        legend: 'to acknowledge, p{{percentile}}',
      },
      { expr: 'max by (percentile) (pronoia_incident_time_to_resolve_seconds)', legend: 'to resolve, p{{percentile}}' },
    ]).span(WIDTH.half),
  );
