import { dashboard, figure, labelVariable, lines, stacked, WIDTH } from './parts.ts';

const OWN = '{instance=~"$instance"}';

/** Pronoia itself. */
export const ownHealth = dashboard('itself', 'Pronoia itself', 'Whether Pronoia gets what it needs, and keeps up.')
  .withVariable(labelVariable('instance', 'Instance', 'pronoia_build_info'))
  .withPanel(
    figure(
      'Samples taken in per second',
      'Scored or learnt.',
      'short',
      `sum(rate(pronoia_samples_accepted_total${OWN}[5m]))`,
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Samples refused per second',
      'Senders do not send them again; the panel below has the reasons.',
      'short',
      `sum(rate(pronoia_samples_rejected_total${OWN}[5m])) or vector(0)`,
      [0.001, 1],
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Age of the snapshot',
      'What a crash would cost to learn again.',
      's',
      `max(time() - pronoia_snapshot_timestamp_seconds${OWN})`,
      [900, 3600],
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Memory',
      'Resident.',
      'bytes',
      `max(process_resident_memory_bytes${OWN} and on (instance) pronoia_build_info)`,
    ).span(WIDTH.quarter),
  )
  .withPanel(
    stacked('Samples per second', 'Taken in, left aside on purpose, and refused.', 'short', [
      { expr: `sum(rate(pronoia_samples_accepted_total${OWN}[5m]))`, legend: 'taken in' },
      { expr: `sum by (reason) (rate(pronoia_samples_ignored_total${OWN}[5m]))`, legend: 'left aside: {{reason}}' },
      { expr: `sum by (reason) (rate(pronoia_samples_rejected_total${OWN}[5m]))`, legend: 'refused: {{reason}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    stacked('Series', 'By kind.', 'short', [{ expr: `sum by (kind) (pronoia_series${OWN})`, legend: '{{kind}}' }]).span(
      WIDTH.half,
    ),
  )
  .withPanel(
    lines('Time to answer', '99 % of the requests are answered within this time.', 's', [
      {
        expr: `histogram_quantile(0.99, sum by (le, path) (rate(pronoia_http_request_duration_seconds_bucket${OWN}[5m])))`,
        legend: '{{path}}',
      },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Processor', 'Cores in use.', 'short', [
      {
        expr: `rate(process_cpu_seconds_total${OWN}[5m]) and on (instance) pronoia_build_info`,
        legend: '{{instance}}',
      },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Alerts received per minute', 'By what they were.', 'short', [
      { expr: `60 * sum by (outcome) (rate(pronoia_alerts_received_total${OWN}[5m]))`, legend: '{{outcome}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Anomalies', 'Open now, and opened per minute.', 'short', [
      { expr: `sum(pronoia_anomalies_open${OWN})`, legend: 'open' },
      { expr: `60 * sum(rate(pronoia_anomalies_opened_total${OWN}[5m]))`, legend: 'opened per minute' },
    ]).span(WIDTH.half),
  );
