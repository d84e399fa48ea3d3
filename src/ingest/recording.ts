import type { AlertDelivery } from '../model/alert.ts';
import { messageOf } from '../model/errors.ts';
import { createLabels, type Labels, METRIC_NAME, withoutLabels } from '../model/labels.ts';
import { type AlertReadingOptions, isJsonObject, type JsonObject } from './alert-fields.ts';
import { parseWebhook } from './webhook.ts';

/** Since when the condition of a rule holds for one label set, and when its series ended. Epoch milliseconds. */
export interface RecordedOnset {
  readonly labels: Labels;
  readonly activeAt: number;
  readonly endedAt: number | undefined;
}

/** Something that was received once, and when, in epoch milliseconds. */
export type RecordedStep =
  | { readonly kind: 'delivery'; readonly at: number; readonly delivery: AlertDelivery }
  | { readonly kind: 'onset'; readonly at: number; readonly onset: RecordedOnset };

/**
 * Reads what was recorded of a sidecar's alerts: lines `{"at": <epoch seconds>, "payload": <webhook body>}`, or webhook
 * bodies, one a line or one in a whole file, which count as received when their latest alert began or ended; and lines
 * `{"labels": {"__name__": "ALERTS_FOR_STATE", …}, "value", "firstSampleAt", "staleAt"}` (epoch seconds).
 * @param name of the file, for messages
 * @returns the steps in the order of their times; of equal times as they were written
 * @throws Error that names file and line
 */
export function readRecording(text: string, name: string, options: AlertReadingOptions): RecordedStep[] {
  const steps = splitRecords(text, name).flatMap(({ line, record }) => {
    try {
      return readRecord(record, options);
    } catch (error) {
      throw new Error(`${name}:${line}: ${messageOf(error)}`);
    }
  });
  return steps.sort((a, b) => a.at - b.at);
}

/** One record a line; a file that is one JSON document over many lines is one record. */
function splitRecords(text: string, name: string): { line: number; record: unknown }[] {
  try {
    const document = JSON.parse(text) as unknown;
    return (Array.isArray(document) ? document : [document]).map((record) => ({ line: 1, record }));
  } catch {
    // Not one document: lines, then.
  }
  return text.split('\n').flatMap((content, index) => {
    if (content.trim() === '') return [];
    try {
      return { line: index + 1, record: JSON.parse(content) as unknown };
    } catch (error) {
      throw new Error(`${name}:${index + 1}: not JSON: ${messageOf(error).slice(0, 200)}`);
    }
  });
}

function readRecord(record: unknown, options: AlertReadingOptions): RecordedStep[] {
  if (!isJsonObject(record)) throw new Error('not a JSON object');
  if (isJsonObject(record.labels)) return readOnset(record, record.labels);
  if (!('payload' in record)) return [readDelivery(record, latestTime(record), options)];
  return [readDelivery(record.payload, seconds(record, 'at'), options)];
}

function readDelivery(payload: unknown, at: number, options: AlertReadingOptions): RecordedStep {
  return { kind: 'delivery', at, delivery: parseWebhook(payload, at, options) };
}

/** The series is seen with its first sample, and ends with its stale marker. */
function readOnset(record: JsonObject, labels: JsonObject): RecordedStep[] {
  if (labels[METRIC_NAME] !== 'ALERTS_FOR_STATE') throw new Error('labels of another series than ALERTS_FOR_STATE');
  const entries = Object.entries(labels).map(([name, value]) => [name, String(value)] as const);
  const activeAt = seconds(record, 'value');
  const onset = { labels: withoutLabels(createLabels(entries), [METRIC_NAME]), activeAt, endedAt: undefined };
  const begin: RecordedStep = { kind: 'onset', at: seconds(record, 'firstSampleAt'), onset };
  if (record.staleAt === undefined || record.staleAt === null) return [begin];
  const endedAt = seconds(record, 'staleAt');
  return [begin, { kind: 'onset', at: endedAt, onset: { ...onset, endedAt } }];
}

/** When a body without a time was received at the earliest: when the last thing that it tells of had happened. */
function latestTime({ alerts }: JsonObject): number {
  const times = (Array.isArray(alerts) ? alerts : []).flatMap((alert: unknown) =>
    isJsonObject(alert) ? [alert.startsAt, alert.status === 'resolved' ? alert.endsAt : undefined] : [],
  );
  const latest = Math.max(...times.map((time) => Date.parse(String(time))).filter((time) => !Number.isNaN(time)));
  if (!Number.isFinite(latest)) throw new Error('neither {"at", "payload"} nor a webhook with alerts');
  return latest;
}

function seconds(record: JsonObject, field: string): number {
  const value = record[field];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${field} is not a time in epoch seconds`);
  return Math.round(value * 1000);
}
