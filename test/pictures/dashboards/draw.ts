// npm run pictures:dashboards -- --prometheus=URL [--minutes=15] [--set metric=NAME] [--out=FOLDER]: draws the dashboards of
// grafana/ with what a Prometheus has, laid out on Grafana's grid, without Grafana: to look at them, and for the documents.
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { DASHBOARDS } from '../../../grafana/source/dashboards.ts';
import { styleOf } from '../../../src/backtest/shades.ts';
import { text } from '../paper.ts';
import type { Dashboard, Panel } from './model.ts';
import { chrome, drawStat, drawTable } from './panels.ts';
import { Datasource, filledIn, legendOf } from './prometheus.ts';
import { drawTimeseries } from './timeseries.ts';

const [COLUMN, ROW, GAP, HEAD, TITLE] = [50, 38, 8, 64, 30];
const STYLE = styleOf({
  paper: ['#f4f5f5', '#111217'],
  panel: ['#ffffff', '#181b1f'],
  text: ['#24292e', '#ccccdc'],
  faint: ['#d8d9da', '#34363c'],
  one: ['#56a64b', '#73bf69'],
  two: ['#e0b400', '#f2cc0c'],
  three: ['#3274d9', '#8ab8ff'],
  four: ['#ff780a', '#ff9830'],
  five: ['#e02f44', '#ff7383'],
  six: ['#1f60c4', '#5794f2'],
  seven: ['#8f3bb8', '#b877d9'],
  eight: ['#37872d', '#96d98d'],
  green: ['#37872d', '#73bf69'],
  yellow: ['#b88900', '#f2cc0c'],
  red: ['#c4162a', '#f2495c'],
  blue: ['#1f60c4', '#5794f2'],
});

const { values: options } = parseArgs({
  options: {
    prometheus: { type: 'string', default: 'http://localhost:9090' },
    minutes: { type: 'string', default: '15' },
    set: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: join(import.meta.dirname, '../../../docs/pictures') },
  },
});
const to = Math.floor(Date.now() / 1000);
const seconds = Number(options.minutes) * 60;
const datasource = new Datasource(options.prometheus, {
  from: to - seconds,
  to,
  step: Math.max(5, Math.round(seconds / 180)),
});
const chosen = Object.fromEntries(options.set.map((each) => each.split('=') as [string, string]));

for (const [file, json] of DASHBOARDS) {
  const name = `grafana-${basename(file, '.json')}.svg`;
  writeFileSync(join(options.out, name), await picture(JSON.parse(json)));
  process.stdout.write(`${name}\n`);
}

async function picture(dashboard: Dashboard): Promise<string> {
  const variables = await datasource.variables(dashboard, chosen);
  const panels: string[] = [];
  for (const panel of dashboard.panels) panels.push(...(await drawn(panel, variables)));
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  const [width, height] = [24 * COLUMN + GAP, HEAD + bottom * ROW + GAP];
  const choices = dashboard.templating.list.map(({ label, name }) => `${label ?? name}: ${variables.get(name)!.text}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13">
<title>${dashboard.title}</title>
${STYLE}
<rect width="${width}" height="${height}" class="in-paper"/>
${text([GAP + 4, 26], dashboard.title, 'font-size="17" font-weight="600"')}
${text([GAP + 4, 50], choices.join('     '), 'font-size="12" xml:space="preserve"')}
${panels.join('\n')}
</svg>
`;
}

async function drawn(panel: Panel, variables: Awaited<ReturnType<Datasource['variables']>>): Promise<string[]> {
  const { x, y, w, h } = panel.gridPos;
  const frame = { x: GAP + x * COLUMN, y: HEAD + y * ROW, width: w * COLUMN - GAP, height: h * ROW - GAP };
  const inner = { ...frame, y: frame.y + TITLE, height: frame.height - TITLE };
  const expressions = panel.targets.map(({ expr }) => filledIn(expr, variables));
  const head = chrome(panel.title, frame);
  if (panel.type === 'timeseries') {
    const results = await Promise.all(expressions.map((expr) => datasource.over(expr)));
    const lines = results.flatMap((result, i) =>
      result.map(({ metric, values }) => ({ name: legendOf(panel.targets[i]!.legendFormat, metric), values })),
    );
    return [...head, ...drawTimeseries(panel, lines, inner, datasource.range)];
  }
  const results = await datasource.instant(expressions[0]!);
  return [...head, ...(panel.type === 'stat' ? drawStat : drawTable)(panel, results, inner)];
}
