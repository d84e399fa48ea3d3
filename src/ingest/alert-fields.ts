import { type Alert, USUAL_REPLICA_LABELS } from '../model/alert.ts';
import { messageOf, RequestError } from '../model/errors.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { createLabels, type Labels, withoutLabels } from '../model/labels.ts';
import { shareText } from './shared-texts.ts';

/** A JSON object as strangers send it. Read with `Object.entries` or own keys only: `__proto__` may be one of them. */
export type JsonObject = Record<string, unknown>;

/** What the reading of alerts depends on. */
export interface AlertReadingOptions {
  /** The label by which the two of a highly available pair of Prometheus differ; it is no part of an alert's identity. */
  readonly replicaLabel: string;
}

/** The good alerts of a delivery, and one sentence for each bad one. */
interface ReadAlerts {
  readonly alerts: readonly Alert[];
  readonly problems: readonly string[];
}

const MAX_ALERTS = 100_000;
const MAX_LABELS = 256;
const MAX_NAME_LENGTH = 1024;
const MAX_VALUE_LENGTH = 65_536;
const RFC3339 = /^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?)\d*([Zz]|[+-]\d{2}:\d{2})$/;
/** Go's zero time: Alertmanager writes it where there is no time. */
const ZERO_TIME = Date.parse('0001-01-01T00:00:00Z');
const NO_LABELS: Labels = new Map();
const NO_FIELDS: JsonObject = Object.freeze({});

/** Whether it is a JSON object, not an array and not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads every alert of a list by itself, so that one bad alert does not cost the good ones beside it.
 * @throws RequestError when there are more than 100,000
 */
export function readAlerts(items: readonly unknown[], readOne: (item: JsonObject) => Alert): ReadAlerts {
  if (items.length > MAX_ALERTS) {
    throw new RequestError(400, 'bad_data', `${items.length} alerts in one delivery: at most ${MAX_ALERTS} are taken`);
  }
  const alerts: Alert[] = [];
  const problems: string[] = [];
  for (const [index, item] of items.entries()) {
    try {
      if (!isJsonObject(item)) throw new Error('is not an object');
      alerts.push(readOne(item));
    } catch (error) {
      problems.push(`alert ${index}: ${messageOf(error)}`);
    }
  }
  return { alerts, problems };
}

/** Reads what all senders write alike. @param rest what each has its own way for */
export function readAlert(
  item: JsonObject,
  { replicaLabel }: AlertReadingOptions,
  { startsAt, endsAt, expiresAt, group, extra }: Pick<Alert, 'startsAt' | 'endsAt' | 'expiresAt' | 'group' | 'extra'>,
): Alert {
  const all = readLabels(item.labels, 'labels');
  const replicaLabels = [...new Set([replicaLabel, ...USUAL_REPLICA_LABELS])].filter((name) => all.has(name));
  const labels = replicaLabels.length === 0 ? all : withoutLabels(all, replicaLabels);
  if (labels.size === 0) throw new Error('has no labels');
  const annotations = item.annotations === undefined ? NO_LABELS : readLabels(item.annotations, 'annotations');
  const replica = replicaLabels.map((name) => all.get(name)).join(' ');
  const generatorUrl = typeof item.generatorURL === 'string' ? shareText(item.generatorURL) : '';
  const identity = fingerprint(labels);
  return {
    fingerprint: identity,
    labels,
    replica,
    annotations,
    startsAt,
    endsAt,
    expiresAt,
    generatorUrl,
    group,
    extra,
  };
}

/** The fields whose names are not listed, as they came. @throws Error when they are nested too deeply to be kept */
export function unknownFields(item: JsonObject, known: ReadonlySet<string>): JsonObject {
  const unknown = Object.keys(item).filter((name) => !known.has(name));
  if (unknown.length === 0) return NO_FIELDS;
  // `__proto__` may be one of them: entries are defined, not assigned.
  const extra = Object.fromEntries(unknown.map((name) => [name, item[name]]));
  try {
    if (unknown.some((name) => typeof item[name] === 'object')) JSON.stringify(extra);
  } catch {
    throw new Error('has an unknown field that is nested too deeply');
  }
  return extra;
}

/** Reads an RFC 3339 time; finer than a millisecond is cut. Absent, empty and Go's zero time are undefined. */
export function readTime(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const match = typeof value === 'string' ? RFC3339.exec(value) : null;
  const time = match === null ? Number.NaN : Date.parse(`${match[1]}${match[2]}`);
  if (Number.isNaN(time)) throw new Error(`${field} is not a time as RFC 3339 writes it, like "2026-01-31T10:00:00Z"`);
  return time <= ZERO_TIME ? undefined : time;
}

function readLabels(value: unknown, field: string): Labels {
  if (!isJsonObject(value)) throw new Error(`${field} is not an object of strings`);
  const entries = Object.entries(value);
  if (entries.length > MAX_LABELS) throw new Error(`${entries.length} ${field}: at most ${MAX_LABELS} are taken`);
  for (const entry of entries) {
    const [name, text] = entry;
    const problem = problemOf(name, text);
    if (problem !== undefined) throw new Error(`${field}[${JSON.stringify(name.slice(0, 50))}] ${problem}`);
    entry[1] = shareText(text as string);
  }
  return createLabels(entries as [string, string][]);
}

function problemOf(name: string, text: unknown): string | undefined {
  if (typeof text !== 'string') return 'is not a string';
  if (name === '') return 'has an empty name';
  if (name.length > MAX_NAME_LENGTH) return `has a name longer than ${MAX_NAME_LENGTH} characters`;
  if (text.length > MAX_VALUE_LENGTH) return `is longer than ${MAX_VALUE_LENGTH} characters`;
  return name.isWellFormed() && text.isWellFormed() ? undefined : 'is not valid Unicode';
}
