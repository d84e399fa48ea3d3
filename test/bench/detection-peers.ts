// npm run -s bench:detection-peers -- [--seeds 3] [--data DIR]...: the engine beside simple methods, over the scenarios of
// test/detect and over folders of labelled series (CSV timestamp,value,label), each a corpus. Every method has the one
// threshold per corpus that gives it 0.1 false alarms per series and day. Prints tables in Markdown.
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { DAY, DAYS, FAULT_AT, FAULTS, JUDGED_FROM_DAY, QUIET, type Series, START } from '../detect/scenarios.ts';
import { type Outcome, outcome, type ScoredSeries, thresholdWithin } from './peers/false-alarm-budget.ts';
import { METHODS, type Method } from './peers/methods.ts';

/** Per series and day. */
const BUDGET = 0.1;
/** The part of a recorded series that is not judged. */
const SKIPPED_SHARE = 0.15;
const INTERVAL_SAMPLE = 300;

interface LabelledSeries extends Omit<ScoredSeries, 'scores'> {
  readonly values: Float64Array;
}

const { values: options } = parseArgs({
  options: { data: { type: 'string', multiple: true, default: [] }, seeds: { type: 'string', default: '3' } },
});
const seeds = Array.from({ length: Number(options.seeds) }, (_, index) => index + 1);
compareOnScenarios();
for (const folder of options.data) compareOnCorpus(folder);

function compareOnScenarios(): void {
  const quiet = QUIET.flatMap(({ make, fromDay }) => seeds.map((seed) => simulated(make(seed), fromDay)));
  const faults = FAULTS.map(({ make, lastsMinutes }) =>
    seeds.map((seed) => simulated(make(seed), JUDGED_FROM_DAY, lastsMinutes)),
  );
  const results = METHODS.map((method) => {
    const threshold = thresholdWithin(scoredBy(method, quiet), BUDGET);
    return { method, threshold, perFault: faults.map((series) => outcome(scoredBy(method, series), threshold)) };
  });
  print(`${QUIET.length} quiet scenarios, ${FAULTS.length} faults, ${seeds.length} seeds each`, [
    ['method', 'threshold', 'faults found', 'in time', 'median time to find'],
    ...results.map(({ method, threshold, perFault }) => {
      const delays = perFault.flatMap(({ delaysSeconds }) => delaysSeconds).sort((a, b) => a - b);
      const inTime = perFault.flatMap((each, index) =>
        each.delaysSeconds.filter((delay) => delay <= FAULTS[index]!.withinMinutes * 60),
      );
      const of = FAULTS.length * seeds.length;
      return [
        method.name,
        figures(threshold),
        `${delays.length} of ${of}`,
        `${inTime.length} of ${of}`,
        median(delays),
      ];
    }),
  ]);
  print('Found, and median time to find', [
    ['fault', ...METHODS.map(({ name }) => name)],
    ...FAULTS.map(({ name }, index) => [name, ...results.map(({ perFault }) => foundIn(perFault[index]!))]),
  ]);
}

function compareOnCorpus(folder: string): void {
  const corpus = globSync('**/*.csv', { cwd: folder })
    .sort()
    .map((path) => recorded(readFileSync(join(folder, path), 'utf8')))
    .filter((series) => series !== undefined);
  print(`${basename(folder)}: ${corpus.length} series`, [
    ['method', 'threshold', 'macro recall', 'recall', 'false alarms a day', 'median time to find'],
    ...METHODS.map((method) => {
      const scored = scoredBy(method, corpus);
      const threshold = thresholdWithin(scored, BUDGET);
      const { macroRecall, found, anomalies, falseAlarmsPerDay, delaysSeconds } = outcome(scored, threshold);
      const shares = [macroRecall, found / anomalies].map((share) => `${(100 * share).toFixed(1)} %`);
      return [method.name, figures(threshold), ...shares, falseAlarmsPerDay.toFixed(3), median(delaysSeconds)];
    }),
  ]);
}

function simulated(series: Series, fromDay: number, faultMinutes = 0): LabelledSeries {
  const minutes = DAYS * DAY;
  return {
    seconds: Float64Array.from({ length: minutes }, (_, minute) => START / 1000 + minute * 60),
    values: Float64Array.from({ length: minutes }, (_, minute) => series(minute)),
    labels: new Uint8Array(minutes).fill(1, FAULT_AT, FAULT_AT + faultMinutes),
    intervalSeconds: 60,
    from: fromDay * DAY,
  };
}

/** @returns undefined for a file that is no labelled series */
function recorded(text: string): LabelledSeries | undefined {
  const [header = '', ...lines] = text.trim().split('\n');
  const names = header.trim().split(',');
  const rows = lines.map((line) => line.trim().split(','));
  const [seconds, values, labels] = ['timestamp', 'value', 'label'].map((name) => {
    const at = names.indexOf(name);
    return at === -1 ? undefined : Float64Array.from(rows, (cells) => Number(cells[at] || 'NaN'));
  });
  if (seconds === undefined || values === undefined || labels === undefined) return undefined;
  const from = Math.floor(SKIPPED_SHARE * rows.length);
  return { seconds, values, labels: Uint8Array.from(labels), intervalSeconds: usualInterval(seconds), from };
}

function usualInterval(seconds: Float64Array): number {
  const intervals = seconds.subarray(1, INTERVAL_SAMPLE).map((at, index) => at - seconds[index]!);
  return Math.max(1, intervals.sort()[intervals.length >> 1] ?? 1);
}

function scoredBy({ start }: Method, all: readonly LabelledSeries[]): ScoredSeries[] {
  return all.map((series) => {
    const score = start(series.intervalSeconds);
    return { ...series, scores: series.values.map((value, row) => score(series.seconds[row]!, value)) };
  });
}

function foundIn({ found, anomalies, delaysSeconds }: Outcome): string {
  return found === 0 ? '-' : `${found}/${anomalies}, ${median(delaysSeconds)}`;
}

/** @param seconds ascending */
function median(seconds: readonly number[]): string {
  const middle = seconds[seconds.length >> 1];
  return middle === undefined ? '-' : `${Math.round(middle / 60)} min`;
}

function figures(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function print(title: string, rows: readonly (readonly string[])[]): void {
  const [header = [], ...body] = rows.map((cells) => `| ${cells.join(' | ')} |`);
  const rule = `|${' --- |'.repeat(rows[0]!.length)}`;
  process.stdout.write(`### ${title}\n\n${[header, rule, ...body].join('\n')}\n\n`);
}
