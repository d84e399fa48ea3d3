import {
  CustomVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { curves, DATASOURCE, dashboard, EDGE, EDGE_STYLE, labelVariable, lines, SELECTED, WIDTH } from './parts.ts';

const BAND = `metric="$metric",${SELECTED}`;
const VALUE = `{__name__="$metric",${SELECTED}}`;

/** One metric: its value, the band of normal, and the score. */
export const series = dashboard(
  'series',
  'series, band and score',
  'What a series is, what is expected of it, and how unusual it is. The band is there while the series is unusual, or always with `emit: all`.',
)
  .withVariable(
    new QueryVariableBuilder('metric')
      .label('Metric')
      .datasource(DATASOURCE)
      .query('label_values(anomaly_score, metric)')
      .refresh(VariableRefresh.OnTimeRangeChanged),
  )
  .withVariable(
    new CustomVariableBuilder('reading')
      .label('Value')
      .values('as it is : 0,per second (counters) : 1')
      .current({ selected: true, text: 'as it is', value: '0' }),
  )
  .withVariable(labelVariable('job', 'Job', 'anomaly_score{metric="$metric"}'))
  .withVariable(labelVariable('namespace', 'Namespace', 'anomaly_score{metric="$metric"}'))
  .withVariable(labelVariable('instance', 'Instance', 'anomaly_score{metric="$metric"}'))
  .withPanel(
    curves('Value and band of normal', 'In the unit in which the series is scored: per second for counters.', 'short', [
      { expr: `${VALUE} and on () (vector($reading) == 0)`, legend: 'value {{instance}}' },
      { expr: `rate(${VALUE}[5m]) and on () (vector($reading) == 1)`, legend: 'value {{instance}}' },
      { expr: `anomaly_expected{${BAND}}`, legend: 'expected {{instance}}' },
      { expr: `anomaly_lower{${BAND}}`, legend: 'lower {{instance}}' },
      { expr: `anomaly_upper{${BAND}}`, legend: 'upper {{instance}}' },
    ])
      .overrideByRegexp('/^value/', [{ id: 'custom.lineWidth', value: 2 }])
      .overrideByRegexp('/^(lower|upper|expected)/', [
        { id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 6] } },
        { id: 'color', value: { mode: 'fixed', fixedColor: 'blue' } },
      ])
      .height(12)
      .span(WIDTH.whole),
  )
  .withPanel(
    lines('Score', '1 is the edge of normal for every series.', 'short', [
      { expr: `anomaly_score{${BAND}}`, legend: '{{instance}}' },
      EDGE,
    ])
      .overrideByName(EDGE.legend, EDGE_STYLE)
      .span(WIDTH.half),
  )
  .withPanel(
    lines('Direction', '-1 below, 1 above what is expected.', 'short', [
      { expr: `anomaly_direction{${BAND}}`, legend: '{{instance}}' },
    ])
      .min(-1)
      .max(1)
      .span(WIDTH.half),
  );
