/** What is drawn of the JSON of a dashboard, in Grafana's own words. */
export interface Dashboard {
  readonly title: string;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

interface Variable {
  readonly type: 'datasource' | 'query' | 'custom';
  readonly name: string;
  readonly label?: string;
  readonly query: string;
  readonly allValue?: string;
  readonly current?: { readonly text: string; readonly value: string };
}

export interface Panel {
  readonly type: 'stat' | 'table' | 'timeseries';
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly Target[];
  readonly fieldConfig: { readonly defaults: FieldConfig; readonly overrides: readonly Override[] };
  readonly transformations?: readonly Transformation[];
  readonly options: { readonly legend?: { readonly showLegend: boolean } };
}

interface Target {
  readonly expr: string;
  readonly legendFormat?: string;
}

export interface FieldConfig {
  readonly unit: string;
  readonly min?: number;
  readonly max?: number;
  readonly mappings?: readonly {
    readonly type: string;
    readonly options: { readonly match: string; readonly result: { readonly text: string } };
  }[];
  readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
  readonly custom?: CustomConfig;
}

/** How a line is drawn. */
export interface CustomConfig {
  readonly axisSoftMin?: number;
  readonly lineWidth?: number;
  readonly fillOpacity?: number;
  readonly fillBelowTo?: string;
  readonly stacking?: { readonly mode: string };
  readonly lineStyle?: { readonly fill: string };
}

interface Override {
  readonly matcher: { readonly id: string; readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: unknown }[];
}

interface Transformation {
  readonly id: string;
  readonly options: {
    readonly include?: { readonly names: readonly string[] };
    readonly indexByName?: Readonly<Record<string, number>>;
    readonly renameByName?: Readonly<Record<string, string>>;
    readonly sort?: readonly { readonly field: string; readonly desc: boolean }[];
  };
}

/** Properties that the overrides of a panel give to a field. */
export function overridesOf(panel: Panel, field: string): Readonly<Record<string, unknown>> {
  const matching = panel.fieldConfig.overrides.filter(({ matcher: { id, options } }) =>
    id === 'byName' ? options === field : new RegExp(options.replace(/^\/|\/$/g, '')).test(field),
  );
  return Object.fromEntries(matching.flatMap(({ properties }) => properties.map(({ id, value }) => [id, value])));
}
