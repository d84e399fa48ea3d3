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
  const shown = styled.flatMap(({ values }) => values.map(([, value]) => value).filter(Number.isFinite));
  if (shown.length === 0) return [noData(frame)];
  const legend = panel.options.legend?.showLegend === true ? legendRows(styled, frame.width) : [];
  const ticks = axisTicks(panel.fieldConfig.defaults, shown);
  const plot = plotOf(frame, legend.length, range, ticks);
  return [
    ...drawAxes(plot, ticks, timeTicks(range), panel.fieldConfig.defaults.unit),
    ...styled.flatMap((each) => drawLine(each, styled, plot, range.step)),
    ...drawLegend(legend, frame.x, plot.bottom + AXIS + 10),
  ];
}

/** Where values are drawn. */
interface Plot {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  /** Where the areas below lines end. */
  readonly zero: number;
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
}

function plotOf(frame: Frame, legendRows: number, { from, to }: Range, ticks: readonly number[]): Plot {
  const [left, right, top] = [frame.x + LEFT, frame.x + frame.width - 8, frame.y + 4];
  const bottom = frame.y + frame.height - AXIS - legendRows * LEGEND_ROW;
  const [lowest, highest] = [ticks[0]!, ticks.at(-1)!];
  const y = (value: number) => bottom - ((value - lowest) / (highest - lowest)) * (bottom - top);
  const x = (at: number) => left + ((at - from) / (to - from)) * (right - left);
  return { left, right, bottom, zero: y(Math.max(lowest, 0)), x, y };
}

function drawAxes(plot: Plot, values: readonly number[], times: readonly number[], unit: string): string[] {
  const { left, right, bottom, x, y } = plot;
  const across = (value: number): Point[] => [
    [left, y(value)],
    [right, y(value)],
  ];
  return [
    ...values.flatMap((value) => [
      line(across(value), 'faint', 'stroke-opacity=".5"'),
      text([left - 6, y(value) + 4], written(value, unit), 'text-anchor="end" font-size="11"'),
    ]),
    ...times.map((at) =>
      text(
        [x(at), bottom + 15],
        new Date(at * 1000).toISOString().slice(11, 16),
        'text-anchor="middle" font-size="11"',
      ),
    ),
  ];
}

function drawLine(each: Styled, all: readonly Styled[], { x, y, zero }: Plot, step: number): string[] {
  const points = (values: Line['values']): Point[] => values.map(([at, value]) => [x(at), y(value)]);
  const below = each.beneath ?? all.find(({ name }) => name === each.custom.fillBelowTo)?.values;
  return runs(each.values, step).flatMap((run) => [
    ...fill(each, points(run), below && points(within(below, run)), zero),
    ...(each.custom.lineWidth === 0 ? [] : [line(points(run), each.shade, dash(each.custom))]),
  ]);
}

function drawLegend(rows: ReturnType<typeof legendRows>, left: number, top: number): string[] {
  return rows.flatMap((row, i) =>
    row.flatMap(({ name, shade, at }) => {
      const middle = top + i * LEGEND_ROW;
      const mark: Point[] = [
        [left + at, middle],
        [left + at + 12, middle],
      ];
      return [line(mark, shade, 'stroke-width="3"'), text([left + at + 17, middle + 4], name, 'font-size="11"')];
    }),
  );
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
