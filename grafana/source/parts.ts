import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  type DataSourceRef,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  MappingType,
  QueryVariableBuilder,
  SpecialValueMatch,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** What all dashboards are made of, so that they look and behave alike. */

export const DATASOURCE: DataSourceRef = { type: 'prometheus', uid: '$datasource' };
/** Selects what the variables `job`, `namespace` and `instance` say; a label that a series lacks is no obstacle. */
export const SELECTED = 'job=~"$job",namespace=~"$namespace",instance=~"$instance"';
const HEIGHT = 8;

/** Grafana's grid is 24 columns wide. */
export const WIDTH = { whole: 24, half: 12, quarter: 6 } as const;

/**
 * `incident_info` as a factor of 1 that brings labels to series of incidents. A former title or state is still there for
 * five minutes, and who scrapes both /federate and /metrics has everything twice: the newest counts.
 */
export function infoOf(...labels: readonly string[]): string {
  const names = labels.join(', ');
  const newest = `topk by (incident) (1, max by (incident, ${names}) (timestamp(incident_info)))`;
  return `on (incident) group_left (${names}) (${newest} > bool 0)`;
}

/** A query with the text of its legend, and a letter by which a panel can speak of it. */
export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

/** A dashboard with the links, annotations and variables that all have. */
export function dashboard(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(`Pronoia: ${title}`)
    .uid(`pronoia-${uid}`)
    .description(description)
    .tags(['pronoia'])
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .link(
      new DashboardLinkBuilder('Pronoia')
        .type(DashboardLinkType.Dashboards)
        .tags(['pronoia'])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .annotation(
      new AnnotationQueryBuilder()
        .name('Incidents')
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor('red')
        .expr(`max by (incident) (incident_started_timestamp_seconds) * 1000 * ${infoOf('title')}`)
        .useValueForTime(true)
        .titleFormat('{{title}}')
        .step('60s'),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Anomalies')
        .datasource(DATASOURCE)
        .enable(false)
        .iconColor('orange')
        .expr('anomaly_score > 1 unless anomaly_score offset 1m > 1')
        .titleFormat('{{metric}} of {{instance}}')
        .step('60s'),
    );
}

/** A variable whose values are those of a label; `All` also stands for series without it. */
export function labelVariable(name: string, label: string, of: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(`label_values(${of}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: 'All', value: '$__all' });
}

/** Lines over time, at whatever height they are. */
export function curves(title: string, description: string, unit: string, queries: readonly Query[]) {
  return new timeseries.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .height(HEIGHT)
    .lineWidth(1)
    .fillOpacity(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .targets(targets(queries, false));
}

/** Lines over time that are to be compared with zero. */
export function lines(title: string, description: string, unit: string, queries: readonly Query[]) {
  return curves(title, description, unit, queries).axisSoftMin(0);
}

/** Where the edge of normal is: a query for panels of scores, and how it is drawn. */
export const EDGE = { expr: 'vector(1)', legend: 'edge of normal' } as const;
export const EDGE_STYLE = [
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 6] } },
  { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
];

/** How much of something there is, by kind, on top of each other. */
export function stacked(title: string, description: string, unit: string, queries: readonly Query[]) {
  return lines(title, description, unit, queries)
    .drawStyle(GraphDrawStyle.Line)
    .fillOpacity(30)
    .min(0)
    .stacking({ build: () => ({ mode: StackingMode.Normal, group: 'A' }) });
}

/** One number of now; `limits` are where it turns yellow and red. What is not known yet is NaN. */
export function figure(
  title: string,
  description: string,
  unit: string,
  expr: string,
  limits?: readonly [number, number],
) {
  const steps =
    limits === undefined
      ? [{ value: null, color: 'blue' }]
      : [
          { value: null, color: 'green' },
          { value: limits[0], color: 'yellow' },
          { value: limits[1], color: 'red' },
        ];
  return new stat.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .height(4)
    .mappings([
      {
        type: MappingType.SpecialValue,
        options: { match: SpecialValueMatch.NotANumber, result: { text: 'none yet' } },
      },
    ])
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps))
    .targets(targets([{ expr }], true));
}

/** A row for each series of now. @param columns labels in order, with their headings; the value comes last as `value` */
export function rows(
  title: string,
  description: string,
  expr: string,
  columns: Readonly<Record<string, string>>,
  value: string,
  unit: string,
  order: 'rising' | 'falling' = 'falling',
) {
  const names = Object.keys(columns);
  return new table.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .height(HEIGHT)
    .targets(targets([{ expr }], true))
    .withTransformation({
      id: 'filterFieldsByName',
      options: { include: { names: [...names, 'Value'] } },
    })
    .withTransformation({
      id: 'organize',
      options: {
        indexByName: Object.fromEntries([...names, 'Value'].map((name, index) => [name, index])),
        renameByName: { ...columns, Value: value },
      },
    })
    .withTransformation({ id: 'sortBy', options: { sort: [{ field: value, desc: order === 'falling' }] } });
}

/**
 * Makes the cells of a column lead to another dashboard, at the time that is looked at.
 * @param chosen variables of that one, each as `&var-name=value`
 */
export function linkTo(uid: string, title: string, chosen = ''): { id: string; value: unknown } {
  const url = `/d/pronoia-${uid}?\${datasource:queryparam}&\${__url_time_range}${chosen}`;
  return { id: 'links', value: [{ title, url }] };
}

function targets(queries: readonly Query[], isInstant: boolean): Builder<Dataquery>[] {
  return queries.map(({ expr, legend }, index) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .datasource(DATASOURCE)
      .expr(expr);
    if (legend !== undefined) query.legendFormat(legend);
    return isInstant ? query.instant().format(PromQueryFormat.Table) : query.range();
  });
}
