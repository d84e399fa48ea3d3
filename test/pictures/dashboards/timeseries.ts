import { area, line, type Point, text } from '../paper.ts';
import { type CustomConfig, type FieldConfig, overridesOf, type Panel } from './model.ts';
import type { Range } from './prometheus.ts';
import { written } from './units.ts';

/** A line of a panel by its name. */
export interface Line {
  readonly name: string;
  readonly values: readonly (readonly [seconds: number, value: number])[];
}

/** Where something is drawn, pixels. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Shades of lines, in turn. */
const PALETTE = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
const [LEFT, LEGEND_ROW, CHARACTER, AXIS] = [64, 17, 6.1, 20];
const MAX_LEGEND_ROWS = 3;

interface Styled extends Line {
  /** Of the line that it stands on. */
  readonly beneath?: Line['values'];
  readonly shade: string;
  readonly custom: CustomConfig;
}

/** Lines over time with axes and legend, as the panel's settings want them. @returns elements of SVG */
export function drawTimeseries(panel: Panel, lines: readonly Line[], frame: Frame, range: Range): string[] {
  const styled = stackedUp(lines.map((each, i) => style(panel, each, i)));
  const legend = panel.options.legend?.showLegend === true ? legendRows(styled, frame.width) : [];
  const plot = {
    left: frame.x + LEFT,
    right: frame.x + frame.width - 8,
    top: frame.y + 4,
    bottom: frame.y + frame.height - AXIS - legend.length * LEGEND_ROW,
  };
  const shown = styled.flatMap(({ values }) => values.map(([, value]) => value).filter(Number.isFinite));
  const ticks = axisTicks(panel.fieldConfig.defaults, shown);
  const [lowest, highest] = [ticks[0]!, ticks.at(-1)!];
  const x = (at: number) => plot.left + ((at - range.from) / (range.to - range.from)) * (plot.right - plot.left);
  const y = (value: number) => plot.bottom - ((value - lowest) / (highest - lowest)) * (plot.bottom - plot.top);
  const horizontal = (value: number): [Point, Point] => [
    [plot.left, y(value)],
    [plot.right, y(value)],
  ];
  const axes = ticks.flatMap((value) => [
    line(horizontal(value), 'faint', 'stroke-opacity=".5"'),
    text(
      [plot.left - 6, y(value) + 4],
      written(value, panel.fieldConfig.defaults.unit),
      'text-anchor="end" font-size="11"',
    ),
  ]);
  const hours = timeTicks(range).map((at) =>
    text(
      [x(at), plot.bottom + 15],
      new Date(at * 1000).toISOString().slice(11, 16),
      'text-anchor="middle" font-size="11"',
    ),
  );
  const drawn = styled.flatMap((each) => {
    const points = (values: Line['values']): Point[] => values.map(([at, value]) => [x(at), y(value)]);
    const below = each.beneath ?? styled.find(({ name }) => name === each.custom.fillBelowTo)?.values;
    return runs(each.values, range.step).flatMap((run) => [
      ...fill(each, points(run), below && points(within(below, run)), y(Math.max(lowest, 0))),
      ...(each.custom.lineWidth === 0 ? [] : [line(points(run), each.shade, dash(each.custom))]),
    ]);
  });
  const names = legend.flatMap((row, i) =>
    row.flatMap(({ name, shade, at }) => {
      const [left, middle] = [frame.x + at, plot.bottom + AXIS + 10 + i * LEGEND_ROW];
      const dashAt: [Point, Point] = [
        [left, middle],
        [left + 12, middle],
      ];
      return [line(dashAt, shade, 'stroke-width="3"'), text([left + 17, middle + 4], name, 'font-size="11"')];
    }),
  );
  return shown.length === 0 ? [noData(frame)] : [...axes, ...hours, ...drawn, ...names];
}

export function noData({ x, y, width, height }: Frame): string {
  return text([x + width / 2, y + height / 2], 'No data', 'text-anchor="middle" opacity=".6"');
}

function style(panel: Panel, { name, values }: Line, index: number): Styled {
  const overrides = overridesOf(panel, name);
  const custom = Object.fromEntries(
    Object.entries(overrides).flatMap(([id, value]) => (id.startsWith('custom.') ? [[id.slice(7), value]] : [])),
  );
  const colour = overrides.color as { readonly fixedColor?: string } | undefined;
  const shade = colour?.fixedColor ?? PALETTE[index % PALETTE.length]!;
  return { name, values, shade, custom: { ...panel.fieldConfig.defaults.custom, ...custom } };
}

/** Each line on top of those before it, where the panel stacks. */
function stackedUp(lines: readonly Styled[]): Styled[] {
  const sums = new Map<number, number>();
  return lines.map((each) => {
    if (each.custom.stacking?.mode !== 'normal') return each;
    const beneath = each.values.map(([at]) => [at, sums.get(at) ?? 0] as const);
    const values = each.values.map(([at, value], i) => [at, value + beneath[i]![1]] as const);
    for (const [at, sum] of values) sums.set(at, sum);
    return { ...each, values, beneath };
  });
}

function fill(each: Styled, points: readonly Point[], below: readonly Point[] | undefined, zero: number): string[] {
  const opacity = (each.custom.fillOpacity ?? 0) / 100;
  if (opacity === 0 || points.length < 2) return [];
  const back = below?.toReversed() ?? [[points.at(-1)![0], zero] as Point, [points[0]![0], zero] as Point];
  return [area([...points, ...back], each.shade, `fill-opacity="${opacity}"`)];
}

function dash({ lineStyle, lineWidth = 1 }: CustomConfig): string {
  return `stroke-width="${lineWidth}"${lineStyle?.fill === 'dash' ? ' stroke-dasharray="6 4"' : ''}`;
}

/** Values without a gap between them. */
function runs(values: Line['values'], step: number): Line['values'][] {
  const found: (readonly [number, number])[][] = [];
  for (const [i, sample] of values.entries()) {
    if (!Number.isFinite(sample[1])) continue;
    const before = values[i - 1];
    if (before === undefined || !Number.isFinite(before[1]) || sample[0] - before[0] > step * 1.5) found.push([]);
    found.at(-1)!.push(sample);
  }
  return found;
}

/** What lies between the first and the last moment of a run. */
function within(values: Line['values'], run: Line['values']): Line['values'] {
  return values.filter(([at]) => at >= run[0]![0] && at <= run.at(-1)![0]);
}

function legendRows(lines: readonly Styled[], width: number) {
  const rows: { readonly name: string; readonly shade: string; readonly at: number }[][] = [[]];
  let at = 10;
  for (const { name, shade } of lines) {
    const taken = 30 + name.length * CHARACTER;
    if (at + taken > width && at > 10) {
      if (rows.length === MAX_LEGEND_ROWS) break;
      rows.push([]);
      at = 10;
    }
    rows.at(-1)!.push({ name, shade, at });
    at += taken;
  }
  return rows;
}

/** Round numbers from below the smallest to above the largest value. */
function axisTicks({ unit, min, max, custom }: FieldConfig, values: readonly number[]): number[] {
  const smallest = min ?? Math.min(custom?.axisSoftMin ?? Number.POSITIVE_INFINITY, ...values);
  const largest = max ?? Math.max(...values);
  const span = largest - smallest || Math.abs(largest) || 1;
  const scale = unit === 's' ? ([60, 3600, 86_400].findLast((each) => span / 2 >= each) ?? 1) : 1;
  const rough = span / scale / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = scale * [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999)!;
  const first = Math.floor(smallest / step);
  const last = Math.max(first + 1, Math.ceil(largest / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function timeTicks({ from, to }: Range): number[] {
  const step = [60, 120, 300, 600, 1800, 3600, 10_800].find((each) => (to - from) / each <= 8) ?? 86_400;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, i) => first + i * step);
}
