import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BacktestFlags, Moment } from '../config/flag-table.ts';
import { loadConfig } from '../config/load.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import { formatScores, parseCsv } from './csv.ts';
import { picture } from './picture.ts';
import { ProgressBar } from './progress-bar.ts';
import { queryHistory } from './prometheus-history.ts';
import type { RecordedSeries } from './recorded-series.ts';
import { type Replayed, replay } from './replay.ts';
import { report } from './report.ts';

export interface BacktestOptions {
  readonly flags: BacktestFlags;
  readonly files: readonly string[];
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Writes to the terminal; undefined where there is none. */
  readonly writeProgress: ((text: string) => void) | undefined;
}

/**
 * `pronoia backtest`: takes recorded series through production code, and writes what was asked for.
 * @returns the report
 * @throws ConfigError, or an Error that says what to do
 */
export async function backtest({ flags, files, clock, fetch, writeProgress }: BacktestOptions): Promise<string> {
  const { learn, global } = loadConfig(flags.configFile);
  const bar = new ProgressBar(writeProgress, clock);
  try {
    const recorded = flags.prometheus === undefined ? files.map(readCsv) : await ask(flags, flags.prometheus);
    const replaying = bar.of('replaying');
    const replayed = recorded.map((series, i) =>
      replay(series, {
        kind: flags.kind,
        rules: learn,
        timezone: global.timezone,
        onProgress: (done, total) => replaying(i + done / total, recorded.length),
      }),
    );
    if (flags.out !== undefined) writeScores(flags.out, replayed);
    if (flags.picture !== undefined) write(flags.picture, '--picture', [picture(replayed)]);
    return report(replayed);
  } finally {
    bar.clear();
  }

  function ask({ query, start, end, step }: BacktestFlags, url: string): Promise<RecordedSeries[]> {
    const now = clock.now();
    const range = { startMs: timeOf(start, now), endMs: timeOf(end, now), stepMs: step };
    return queryHistory({ url, query: query!, ...range }, { clock, fetch, onProgress: bar.of('asking') });
  }
}

function timeOf(moment: Moment, now: number): number {
  return 'at' in moment ? moment.at : now - moment.ago;
}

function readCsv(file: string): RecordedSeries {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read: ${messageOf(error)}`);
  }
  return parseCsv(text, file);
}

/** One series is one file; of several each gets one in a folder, named after it. */
function writeScores(path: string, replayed: readonly Replayed[]): void {
  if (replayed.length === 1) {
    write(path, '--out', formatScores(replayed[0]!.series, replayed[0]!.scores));
    return;
  }
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new Error(`--out=${path} is no folder that can be used, and there are several series: ${messageOf(error)}`);
  }
  const used = new Set<string>();
  for (const { series, scores } of replayed) {
    const name = fileNameFor(series.name, used);
    used.add(name);
    write(join(path, name), '--out', formatScores(series, scores));
  }
}

/** A name that no file system minds, and that no other series has. */
function fileNameFor(name: string, used: ReadonlySet<string>): string {
  const stem = basename(name)
    .replace(/\.csv$/i, '')
    .replace(/[^\w.-]+/g, '_')
    .replace(/^[._]+|_+$/g, '')
    .slice(0, 100);
  for (let n = 1; ; n++) {
    const candidate = `${stem || 'series'}${n > 1 ? `-${n}` : ''}.csv`;
    if (!used.has(candidate)) return candidate;
  }
}

function write(path: string, flag: string, pieces: Iterable<string>): void {
  try {
    const file = openSync(path, 'w');
    try {
      let text = '';
      for (const piece of pieces) {
        text += piece;
        if (text.length < 65_536) continue;
        writeSync(file, text);
        text = '';
      }
      writeSync(file, text);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new Error(`${flag}: ${path} cannot be written: ${messageOf(error)}`);
  }
}
