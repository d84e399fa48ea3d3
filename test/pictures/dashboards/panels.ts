import { box, line, text } from '../paper.ts';
import { type FieldConfig, overridesOf, type Panel } from './model.ts';
import type { Result } from './prometheus.ts';
import { type Frame, noData } from './timeseries.ts';
import { written } from './units.ts';

const ROW = 28;
const CHARACTER = 6.6;

/** One number, in the colour of its threshold. @returns elements of SVG */
export function drawStat({ fieldConfig: { defaults } }: Panel, results: readonly Result[], frame: Frame): string[] {
  const value = results[0]?.values[0]?.[1];
  if (value === undefined) return [noData(frame)];
  const steps = defaults.thresholds?.steps ?? [];
  const { color } = steps.findLast((step) => value >= (step.value ?? Number.NEGATIVE_INFINITY)) ?? steps[0]!;
  return [
    text(
      [frame.x + frame.width / 2, frame.y + frame.height / 2 + 14],
      shown(value, defaults),
      `text-anchor="middle" font-size="40" font-weight="600" class="in-${color}"`,
    ),
  ];
}

/** Rows and columns, after the transformations of the panel. @returns elements of SVG */
export function drawTable(panel: Panel, results: readonly Result[], frame: Frame): string[] {
  const { columns, rows } = transformed(panel, results);
  if (rows.length === 0) return [noData(frame)];
  const cells = rows.map((row) =>
    row.map((cell, i) => (typeof cell === 'number' ? shown(cell, unitOf(panel, columns[i]!)) : cell)),
  );
  const wanted = columns.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)) + 2);
  const all = wanted.reduce((sum, each) => sum + each, 0);
  const widths = wanted.map((each) => (each / all) * frame.width);
  const left = (i: number) => frame.x + 10 + widths.slice(0, i).reduce((sum, each) => sum + each, 0);
  const fitting = cells.slice(0, Math.floor(frame.height / ROW) - 1);
  return [columns, ...fitting].flatMap((row, r) => {
    const bottom = frame.y + (r + 1) * ROW;
    return [
      ...row.map((cell, i) =>
        text(
          [left(i), bottom - 9],
          cut(cell, widths[i]! / CHARACTER - 1),
          r === 0 ? 'font-weight="600" font-size="12"' : 'font-size="12"',
        ),
      ),
      line(
        [
          [frame.x, bottom],
          [frame.x + frame.width, bottom],
        ],
        'faint',
        'stroke-opacity=".5"',
      ),
    ];
  });
}

/** The frame of a panel, with its title. */
export function chrome(title: string, { x, y, width, height }: Frame): string[] {
  return [
    box([x, y], width, height, 'panel', 'rx="3" stroke-opacity=".5"'),
    text([x + 10, y + 21], title, 'font-weight="600"'),
  ];
}

function shown(value: number, { unit, mappings = [] }: FieldConfig): string {
  const special = mappings.find(({ options }) => options.match === 'nan' && Number.isNaN(value));
  return special?.options.result.text ?? written(value, unit);
}

function unitOf(panel: Panel, column: string): FieldConfig {
  const { defaults } = panel.fieldConfig;
  return { ...defaults, unit: (overridesOf(panel, column).unit as string | undefined) ?? defaults.unit };
}

/** What `filterFieldsByName`, `organize` and `sortBy` make of the results. */
function transformed({ transformations = [] }: Panel, results: readonly Result[]) {
  let rows = results.map(
    ({ metric, values }): Record<string, string | number> => ({ ...metric, Value: values[0]![1] }),
  );
  let columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  for (const { id, options } of transformations) {
    if (id === 'filterFieldsByName') columns = columns.filter((name) => options.include!.names.includes(name));
    if (id === 'organize') {
      columns.sort((a, b) => options.indexByName![a]! - options.indexByName![b]!);
      const renamed = (name: string) => options.renameByName![name] ?? name;
      rows = rows.map((row) => Object.fromEntries(columns.map((name) => [renamed(name), row[name] ?? ''])));
      columns = columns.map(renamed);
    }
    if (id === 'sortBy') {
      const { field, desc } = options.sort![0]!;
      rows.sort((a, b) => (desc ? -1 : 1) * (Number(a[field]) - Number(b[field])));
    }
  }
  return { columns, rows: rows.map((row) => columns.map((name) => row[name] ?? '')) };
}

function cut(words: string, characters: number): string {
  return words.length <= characters ? words : `${words.slice(0, Math.max(1, characters - 1))}…`;
}
