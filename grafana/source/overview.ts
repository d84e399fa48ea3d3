import { dashboard, figure, infoOf, labelVariable, lines, rows, SELECTED, stacked, WIDTH } from './parts.ts';

const SCORES = `anomaly_score{${SELECTED}}`;

/** What is odd now. */
export const overview = dashboard(
  'overview',
  'what is unusual now',
  'Anomalies, incidents and what fills up, at a glance.',
)
  .withVariable(labelVariable('job', 'Job', 'anomaly_score'))
  .withVariable(labelVariable('namespace', 'Namespace', 'anomaly_score'))
  .withVariable(labelVariable('instance', 'Instance', 'anomaly_score'))
  .withPanel(
    figure(
      'Unusual series',
      'Series whose score is above 1, the edge of normal.',
      'short',
      `count(${SCORES} > 1) or vector(0)`,
      [1, 50],
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Open incidents',
      'Incidents that are not resolved.',
      'short',
      'count(count by (incident) (incident_info)) or vector(0)',
      [1, 5],
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure(
      'Full within a day',
      'Resources that are expected to be full, empty or expired within a day.',
      'short',
      'count(predict_full_in_seconds{quantile="0.5"} < 86400) or vector(0)',
      [1, 5],
    ).span(WIDTH.quarter),
  )
  .withPanel(
    figure('Series learnt', 'Series that have a baseline.', 'short', 'sum(pronoia_series{kind!~"ignored.*"})').span(
      WIDTH.quarter,
    ),
  )
  .withPanel(
    stacked('Unusual series, by job', 'How many series of each job are above 1.', 'short', [
      { expr: `count by (job) (${SCORES} > 1)`, legend: '{{job}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Highest scores', 'The ten series with the highest score now.', 'short', [
      { expr: `topk(10, ${SCORES})`, legend: '{{metric}} {{instance}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    rows(
      'Most unusual now',
      'Series above 1, the most unusual first.',
      `topk(25, ${SCORES} > 1)`,
      { metric: 'Metric', job: 'Job', namespace: 'Namespace', instance: 'Instance' },
      'Score',
      'short',
    ).span(WIDTH.half),
  )
  .withPanel(
    rows(
      'Least well',
      'Share of the golden series of a target or workload that are above 1: docs/presets.md says which they are.',
      `topk(25, anomaly_rate{preset!="",${SELECTED}})`,
      {
        preset: 'Preset',
        job: 'Job',
        namespace: 'Namespace',
        instance: 'Instance',
        destination_workload: 'Workload',
      },
      'Unusual',
      'percentunit',
    ).span(WIDTH.half),
  )
  .withPanel(
    rows(
      'Open incidents',
      'The gravest of what is open.',
      `max by (incident) (incident_alerts) * ${infoOf('title', 'severity', 'root_cause')}`,
      { title: 'Title', severity: 'Severity', root_cause: 'Root cause' },
      'Alerts',
      'short',
    ).span(WIDTH.whole),
  );
