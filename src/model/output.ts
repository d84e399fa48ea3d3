import type { Labels } from './labels.ts';

/**
 * The output series that speak of one thing (an input series, an incident): they share labels and timestamp and differ
 * in metric name and value. What `/federate` and the remote-write sender put out is a list of these.
 */
export interface OutputGroup {
  /** Identity of the thing within its source; never used again for another one while the process lives. */
  readonly id: number;
  /** Labels of all its series, without `__name__`. Computed on each call: keep the result if it is needed again. */
  labels(): Labels;
  /** Milliseconds since the epoch, of the input sample that the values rest on. */
  readonly timestampMs: number;
  /** Metric name and value. A name that is missing today and was there yesterday is a series that has ended. */
  readonly values: readonly (readonly [name: string, value: number])[];
}

/** A lane's end: what it wants to be put out now. */
export interface OutputSource {
  /** Every metric name that can occur, with its help text, in the order in which they are put out. */
  readonly families: readonly { readonly name: string; readonly help: string }[];
  /**
   * The groups of this moment, lazily: a consumer may pause between two of them, and what changes meanwhile may be
   * seen or not.
   */
  groups(): Iterable<OutputGroup>;
}

/** Metric name prefixes of our own series: what comes back with one of them is not learnt again. */
export const OWN_PREFIXES = ['anomaly_', 'predict_', 'incident_', 'pronoia_'] as const;
