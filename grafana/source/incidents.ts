import { dashboard, figure, infoOf, lines, rows, stacked, WIDTH } from './parts.ts';

/** What is open, since when, and how much it concerns. */
export const incidents = dashboard('incidents', 'incidents', 'Incidents that are open, and what became of the alerts.')
  .withPanel(
    figure(
      'Open',
      'Incidents that are not resolved.',
      'short',
      'count(count by (incident) (incident_info)) or vector(0)',
      [1, 5],
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Alerts in them',
      'Alerts that are members of open incidents.',
      'short',
      'sum(max by (incident) (incident_alerts)) or vector(0)',
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
      `max by (incident) (incident_alerts) * ${infoOf('title', 'severity', 'root_cause', 'state')}`,
      { title: 'Title', severity: 'Severity', state: 'State', root_cause: 'Root cause', incident: 'Incident' },
      'Alerts',
      'short',
    ).span(WIDTH.whole),
  )
  .withPanel(
    stacked('Alerts', 'How many different alerts each incident holds.', 'short', [
      { expr: 'max by (incident) (incident_alerts)', legend: '{{incident}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Services affected', 'Different things that the alerts of an incident are about.', 'short', [
      { expr: 'max by (incident) (incident_services_affected)', legend: '{{incident}}' },
    ]).span(WIDTH.half),
  );
