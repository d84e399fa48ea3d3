import type { LearnRule } from '../learn-rule.ts';

/** What is known of the series of an exporter before any of them was seen. */
export interface Preset {
  /** As its project writes it; the label `preset` of its `anomaly_rate`. */
  readonly name: string;
  /** Where its metric names were looked up, for people. */
  readonly seenIn: string;
  /** Labels by which its golden series are counted together in `anomaly_rate`, as far as they have them. */
  readonly groupBy: readonly string[];
  /** Of the entries with a selector for a series the first is taken; a series of none is treated as any other. */
  readonly entries: readonly PresetEntry[];
}

/** Series that are treated alike. */
export interface PresetEntry extends Partial<Pick<LearnRule, 'kind' | 'direction' | 'range' | 'identityDrop'>> {
  /** Selectors as in PromQL; each begins with a metric name. `x:p95` and `x:mean` are of the histogram `x`. */
  readonly series: readonly string[];
  /** What they say, or why they are treated so, for people. */
  readonly about: string;
  /** One of the few series that tell how the thing is: counted in `anomaly_rate`. */
  readonly isGolden?: true;
  /**
   * A smaller deviation is no anomaly, in the unit of scoring (per second for counters); one of 5 % never is. It is the
   * grain of the series as well: what has never been, such as errors, is judged by it.
   */
  readonly atLeast?: number;
}

/** What a target is, by the labels that Prometheus gives to it. */
export const TARGET = ['cluster', 'namespace', 'job', 'instance'] as const;

/** Labels that tell the replicas of a workload apart, where all other labels tell workloads apart. */
export const REPLICA = ['pod', 'instance'] as const;

/** Per second. Errors that come one or two a minute are what large systems live with. */
export const TWO_A_MINUTE = 1 / 30;

/** Where whatever happens at all is news: one event, one replica. */
export const ANY = 0.001;

/** For states: 1 when it is so, 0 when not. */
export const STATE = [0, 1] as const;
