import { dashboard, figure, lines, rows, stacked, WIDTH } from './parts.ts';

const WITH_TITLE = '* on (incident) group_left (title) incident_info';

/** What is open, since when, and how much it concerns. */
export const incidents = dashboard('incidents', 'incidents', 'Incidents that are open, and what became of the alerts.')
  .withPanel(
    figure('Open', 'Incidents that are not resolved.', 'short', 'count(incident_info) or vector(0)', [1, 5]).span(
      WIDTH.quarter,
    ),
  )
  .withPanel(
    figure(
      'Alerts in them',
      'Alerts that are members of open incidents.',
      'short',
      'sum(incident_alerts) or vector(0)',
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Services affected',
      'Of the incident that affects most.',
      'short',
      'max(incident_services_affected) or vector(0)',
      [5, 20],
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Longest open',
      'Since the first alert of the oldest one.',
      's',
      'max(time() - incident_started_timestamp_seconds) or vector(0)',
    ).span(WIDTH.quarter),
  )
  .withPanel(
    rows(
      'Open incidents',
      'Title, probable cause and number of alerts. Members, evidence and timeline are at /api/v1/incidents.',
      'incident_alerts * on (incident) group_left (title, severity, root_cause, state) incident_info',
      { title: 'Title', severity: 'Severity', state: 'State', root_cause: 'Root cause', incident: 'Incident' },
      'Alerts',
      'short',
    ).span(WIDTH.whole),
  )
  .withPanel(
    lines('Alerts', 'How many different alerts each incident holds.', 'short', [
      { expr: `incident_alerts ${WITH_TITLE}`, legend: '{{title}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Services affected', 'Different things that the alerts of an incident are about.', 'short', [
      { expr: `incident_services_affected ${WITH_TITLE}`, legend: '{{title}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    figure(
      'Notifications saved',
      'Share of what Alertmanager would have sent, over 30 days: docs/noise.md.',
      'percentunit',
      'max(pronoia_noise_compression_ratio)',
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Time to resolve',
      'Median over 30 days.',
      's',
      'max(pronoia_incident_time_to_resolve_seconds{percentile="50"})',
    ).span(WIDTH.quarter),
  )
  .withPanel(
    stacked('What became of firings', 'Of the last 30 days, each in one account.', 'short', [
      { expr: 'sum by (account) (pronoia_ledger_firings)', legend: '{{account}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Messages that wait', 'For each receiver of incidents.', 'short', [
      { expr: 'sum by (receiver) (pronoia_notifications_pending)', legend: '{{receiver}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Noisiest rules', 'Firings in the last 30 days.', 'short', [
      { expr: 'topk(10, max by (alertname) (pronoia_noisy_rule_firings))', legend: '{{alertname}}' },
    ]).span(WIDTH.half),
  );
