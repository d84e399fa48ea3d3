import { basename } from 'node:path';
import { createLabels, METRIC_NAME } from '../model/labels.ts';
import { type RecordedSeries, Recorder } from './recorded-series.ts';

/** In seconds: the year 5138. What is larger is not in seconds. */
const MAX_SECONDS = 1e11;

/**
 * Reads `timestamp,value[,label]`: a header with these names, in any order, or none; times in seconds since the epoch or
 * as RFC 3339; an empty value is a missing sample; a label other than 0 marks what people call anomalous.
 * @param file its path, for errors; the name of the file stands for that of the metric
 * @throws Error with file:line and what is wrong there
 */
export function parseCsv(text: string, file: string): RecordedSeries {
  const lines = text.split('\n');
  const columns = columnsOf(lines[0]!, file);
  const recorder = new Recorder();
  const marks: number[] = [];
  for (let line = columns.firstLine; line < lines.length; line++) {
    const row = lines[line]!.trim();
    if (row === '') continue;
    const cells = row.split(',');
    const fail = (what: string): never => {
      throw new Error(`${file}:${line + 1}: ${what}`);
    };
    recorder.add(parseTime(cells[columns.timestamp] ?? '', fail), parseValue(cells[columns.value] ?? '', fail));
    marks.push(/^(?:0(?:\.0*)?|false)?$/i.test((cells[columns.label] ?? '').trim()) ? 0 : 1);
  }
  if (recorder.length === 0) throw new Error(`${file}: there are no samples in it`);
  const isLabelled = columns.label >= 0 ? Uint8Array.from(marks) : undefined;
  const metric = basename(file).replace(/\.csv$/i, '');
  return { name: file, labels: createLabels([[METRIC_NAME, metric]]), ...recorder.samples(), isLabelled };
}

/** The same with scores: one row per sample. */
export function* formatScores({ timestamps, values, isLabelled }: RecordedSeries, scores: Float64Array) {
  yield 'timestamp,value,label,score\n';
  for (let i = 0; i < scores.length; i++) {
    const value = Number.isNaN(values[i]!) ? '' : values[i];
    yield `${timestamps[i]! / 1000},${value},${isLabelled?.[i] ?? ''},${scores[i]}\n`;
  }
}

function columnsOf(firstLine: string, file: string) {
  const names = firstLine.split(',').map((name) =>
    name
      .trim()
      .replace(/^\uFEFF/, '')
      .toLowerCase(),
  );
  const [timestamp, value, label] = ['timestamp', 'value', 'label'].map((name) => names.indexOf(name)) as [
    number,
    number,
    number,
  ];
  if (timestamp >= 0 && value >= 0) return { firstLine: 1, timestamp, value, label };
  if (/^[\d.]+$/.test(names[0]!) && names.length >= 2) {
    return { firstLine: 0, timestamp: 0, value: 1, label: names.length > 2 ? 2 : -1 };
  }
  throw new Error(`${file}:1: expected the columns timestamp,value and, if there is one, label`);
}

function parseTime(cell: string, fail: (what: string) => never): number {
  const text = cell.trim();
  const seconds = text === '' ? Number.NaN : Number(text);
  if (seconds > MAX_SECONDS) fail(`the timestamp ${text} is too large: expected seconds since the epoch`);
  const timestamp = Number.isNaN(seconds) ? parseDate(text) : Math.round(seconds * 1000);
  if (Number.isNaN(timestamp)) fail(`${JSON.stringify(text)} is no timestamp: expected seconds or RFC 3339`);
  return timestamp;
}

/** A date without a zone is taken for UTC and not for the zone of the machine. */
function parseDate(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/i.exec(text) ?? [];
  return Date.parse(`${date}T${time}${zone}`);
}

function parseValue(cell: string, fail: (what: string) => never): number {
  const text = cell.trim();
  if (text === '' || /^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(?:inity)?$/i.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(text);
  return Number.isNaN(value) ? fail(`${JSON.stringify(text)} is no number`) : value;
}
