import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { OWN_PREFIXES } from '../model/output.ts';

/**
 * What a series is, and so how it is scored. Numbers, because every slot has one. From `IGNORED` on a series is known,
 * so that its samples are recognised at no cost, but is not scored and owns neither labels nor state. A bucket is not
 * ignored altogether: its histogram is scored.
 */
export const KIND = {
  none: 0,
  gauge: 1,
  counter: 2,
  /** Says what is, in its labels; its value is always 1. */
  info: 3,
  /** A moment, as seconds since the epoch: what it counts is the time, not a thing. */
  timestamp: 4,
  /** What a rule says is to be left alone. */
  unscored: 5,
  ignoredBucket: 16,
  ignoredOwn: 17,
  ignoredAlerts: 18,
  ignoredRule: 19,
  bucket: 20,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** The first kind that is known and kept, but not scored: there is nothing in its values that could be normal or not. */
export const FIRST_UNSCORED = 3;
/** The first kind of which nothing is kept. */
export const IGNORED = 16;

const KIND_NAMES = new Map<Kind, string>(Object.entries(KIND).map(([name, kind]) => [kind, name]));

/** A kind as people write it. */
export function kindName(kind: Kind): string {
  const name = KIND_NAMES.get(kind)!;
  return kind >= IGNORED ? name.replace(/([A-Z])/, (letter) => `_${letter.toLowerCase()}`) : name;
}

/** As OpenMetrics, node_exporter, kube-state-metrics and Prometheus' own metrics name moments. */
const MOMENT =
  /_(?:timestamp(?:_seconds|_ms)?|created|(?:start|boot|creation|completion|schedule)_time(?:_seconds)?|mtime_seconds)$|^node_time_seconds$/;

/** Reason, as metrics name it, for which samples of an ignored kind are not scored. */
export const IGNORED_REASONS: ReadonlyMap<Kind, string> = new Map([
  [KIND.ignoredBucket, 'gauge_histogram_bucket'],
  [KIND.ignoredOwn, 'own_series'],
  [KIND.ignoredAlerts, 'alert_series'],
  [KIND.ignoredRule, 'ignored_by_rule'],
]);

/** MetricMetadata.MetricType of prometheus/prometheus prompb/types.proto. */
export const METRIC_TYPES = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** What metadata says of a metric family. */
export interface FamilyType {
  readonly family: string;
  readonly type: MetricType;
}

/**
 * The kind of a metric. A known type decides, else the name's ending, as OpenMetrics and Prometheus' conventions have
 * it. Our own output and Prometheus' own alert series are told by name alone: a type can't make them learnable.
 * @param type of the metric's family, when metadata gave one
 */
export function kindOf(metricName: string, type: MetricType | undefined): Kind {
  if (OWN_PREFIXES.some((prefix) => metricName.startsWith(prefix))) return KIND.ignoredOwn;
  if (metricName === 'ALERTS' || metricName === 'ALERTS_FOR_STATE') return KIND.ignoredAlerts;
  if (type === 'info' || metricName.endsWith('_info')) return KIND.info;
  if (MOMENT.test(metricName)) return KIND.timestamp;
  switch (type) {
    case 'counter':
      return KIND.counter;
    case 'gauge':
    case 'stateset':
      return KIND.gauge;
    case 'summary':
      return /_(?:count|sum)$/.test(metricName) ? KIND.counter : KIND.gauge;
    case 'histogram':
      return metricName.endsWith('_bucket') ? KIND.bucket : KIND.counter;
    case 'gaugehistogram':
      return metricName.endsWith('_bucket') ? KIND.ignoredBucket : KIND.gauge;
    default:
      if (metricName.endsWith('_bucket')) return KIND.bucket;
      return /_(?:total|count|sum)$/.test(metricName) ? KIND.counter : KIND.gauge;
  }
}

/** The families to which a metric may belong, the likeliest first. */
export function familiesOf(metricName: string): string[] {
  const stem = metricName.replace(/_(?:total|bucket|sum|count|created)$/, '');
  return stem === metricName ? [metricName] : [metricName, stem];
}

/** The metrics that a family may have. */
export function metricsOf(family: string): string[] {
  return [family, ...['_total', '_bucket', '_sum', '_count', '_created'].map((suffix) => family + suffix)];
}

/** The metric name, which every label set that was taken in has. */
export function metricNameOf(labels: Labels): string {
  return labels.get(METRIC_NAME)!;
}
