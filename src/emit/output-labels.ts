import { createLabels, type Labels, METRIC_NAME } from '../model/labels.ts';

/**
 * Prometheus shows nothing that is older than this, and refuses what is much older: a backlog that is replayed to us is
 * learnt but not put out.
 */
export const MAX_OUTPUT_AGE_MS = 300_000;

const PLAIN_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const PLAIN_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Adds to a series the external labels that it does not have, as Prometheus does for whatever leaves it. */
export function withExternalLabels(labels: Labels, externalLabels: Labels): Labels {
  return externalLabels.size === 0 ? labels : createLabels([...externalLabels, ...labels]);
}

/**
 * Whether remote write 1.0 and text exposition 0.0.4 can carry these label names. One name that they can't carry makes
 * Prometheus refuse the whole request, so such a series is left out and counted.
 */
export function hasPlainLabelNames(labels: Labels): boolean {
  for (const name of labels.keys()) if (name === METRIC_NAME || !PLAIN_LABEL_NAME.test(name)) return false;
  return true;
}

/** The same for a metric name. */
export function isPlainMetricName(name: string): boolean {
  return PLAIN_METRIC_NAME.test(name);
}
