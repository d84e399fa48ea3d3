import {
  dashboard,
  EDGE,
  EDGE_STYLE,
  figure,
  infoOf,
  labelVariable,
  lines,
  linkTo,
  rows,
  SELECTED,
  stacked,
  WIDTH,
} from './parts.ts';

const SCORES = `anomaly_score{${SELECTED}}`;

/**
 * Shares of golden series. What is not counted by target has the job and the instance of the scrape that brought it, which
 * say nothing of it.
 */
const UNWELL = `topk(25, anomaly_rate{preset!="",${SELECTED}} > 0)`;
const UNWELL_OF = ['scrape|Istio|kube-state-metrics|cAdvisor', 'Istio|kube-state-metrics|cAdvisor'].reduce(
  (expr, presets, i) => `label_replace(${expr}, "${['instance', 'job'][i]}", "", "preset", "${presets}")`,
  UNWELL,
);

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
    rows(
      'Open incidents',
      'The gravest of what is open.',
      `max by (incident) (incident_alerts) * ${infoOf('title', 'severity', 'root_cause')}`,
      { title: 'Title', severity: 'Severity', root_cause: 'Root cause' },
      'Alerts',
      'short',
    )
      .overrideByName('Title', [linkTo('incidents', 'All incidents')])
      .height(6)
      .span(WIDTH.whole),
  )
  .withPanel(
    stacked('Unusual series, by job', 'How many series of each job are above 1.', 'short', [
      { expr: `count by (job) (${SCORES} > 1)`, legend: '{{job}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    lines('Highest scores', 'The ten series with the highest score now.', 'short', [
      {
        expr: `topk(10, ${SCORES})`,
        legend: '{{metric}} {{instance}} {{source_workload}} {{destination_workload}} {{device}}',
      },
      EDGE,
    ])
      .overrideByName(EDGE.legend, EDGE_STYLE)
      .span(WIDTH.half),
  )
  .withPanel(
    rows(
      'Most unusual now',
      'Series above 1, the most unusual first.',
      `topk(25, ${SCORES} > 1)`,
      {
        metric: 'Metric',
        job: 'Job',
        namespace: 'Namespace',
        instance: 'Instance',
        pod: 'Pod',
        container: 'Container',
        source_workload: 'From',
        destination_workload: 'To',
        response_code: 'Code',
        device: 'Device',
        mountpoint: 'Mount point',
        mode: 'Mode',
        path: 'Path',
        topic: 'Topic',
      },
      'Score',
      'short',
    )
      .overrideByName('Metric', [
        linkTo('series', 'Band and score', `&var-metric=\${__value.raw}&var-instance=\${__data.fields.Instance}`),
      ])
      .span(WIDTH.whole),
  )
  .withPanel(
    rows(
      'Least well',
      'Share of the golden series of a target or workload that are above 1: docs/presets.md says which they are.',
      UNWELL_OF,
      {
        preset: 'Preset',
        job: 'Job',
        namespace: 'Namespace',
        destination_workload: 'Workload',
        node: 'Node',
        instance: 'Instance',
      },
      'Unusual',
      'percentunit',
    ).span(WIDTH.whole),
  );
