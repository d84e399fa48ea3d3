import type { Anomaly } from '../model/anomaly.ts';
import { type Judgement, judge, sum } from './judgement.ts';
import type { Replayed } from './replay.ts';

const HEAD = ['start', 'end', 'peak', 'direction', 'value', 'expected', 'normal', 'ended as'] as const;

/** What is printed: the anomalies of every series, then how many that is a day and how many of them are right. */
export function report(replayed: readonly Replayed[]): string {
  const judgements = replayed.map(judge);
  const parts = replayed.map((each, i) => `${about(each)}\n${list(each.anomalies)}${figures(judgements[i]!)}\n`);
  if (replayed.length > 1) parts.push(`${replayed.length} series in all\n${figures(sum(judgements))}\n`);
  return parts.join('\n');
}

function about({ series, kind, skipped }: Replayed): string {
  const { name, timestamps } = series;
  if (kind === 'ignored') return `${name}: a rule under learn says to ignore it`;
  const left = skipped > 0 ? `, ${skipped} of them out of order, repeated or no number` : '';
  const range = `${time(timestamps[0]!)} to ${time(timestamps.at(-1)!)}`;
  return `${name}\n  ${timestamps.length} samples as ${kind}${left}, ${range}`;
}

function list(anomalies: readonly Omit<Anomaly, 'labels'>[]): string {
  if (anomalies.length === 0) return '';
  const rows = anomalies.map((anomaly) => [
    time(anomaly.startsAt),
    time(anomaly.endsAt!),
    anomaly.peakScore.toFixed(1),
    anomaly.direction > 0 ? 'up' : 'down',
    short(anomaly.value),
    short(anomaly.expected),
    `${short(anomaly.lower)} … ${short(anomaly.upper)}`,
    (anomaly.endReason === 'ended' ? 'open' : anomaly.endReason!.replace('_', ' ')) +
      (anomaly.recurring === undefined ? '' : `: ${anomaly.recurring}`),
  ]);
  const widths = HEAD.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd();
  return `\n${[HEAD, ...rows].map(line).join('\n')}\n\n`;
}

function figures({ days, anomalies, labelled }: Judgement): string {
  const perDay = days > 0 ? `, ${(anomalies / days).toFixed(2)} a day` : '';
  const count = `  ${anomalies === 1 ? '1 anomaly' : `${anomalies} anomalies`} in ${days.toFixed(1)} days${perDay}`;
  if (labelled === undefined) return count;
  const { trueAnomalies, events, foundEvents } = labelled;
  const precision = `precision ${ratio(trueAnomalies, labelled.anomalies)} (${trueAnomalies} of ${labelled.anomalies} anomalies meet a label)`;
  return `${count}\n  ${precision}, recall ${ratio(foundEvents, events)} (${foundEvents} of ${events} labelled events)`;
}

function ratio(part: number, whole: number): string {
  return whole === 0 ? 'unknown' : (part / whole).toFixed(2);
}

function time(timestamp: number): string {
  return new Date(timestamp).toISOString().replace(/\.000Z$/, 'Z');
}

/** Four digits are enough for people. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'any' : value < 0 ? '-any' : 'none';
  return String(Number(value.toPrecision(4)));
}
