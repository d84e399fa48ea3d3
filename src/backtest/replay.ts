import { TAKEN } from '../detect/scorer.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { ScoreReplay } from '../score-replay.ts';
import { KIND, type Kind, kindOf } from '../series/kinds.ts';
import type { LearnRule } from '../series/learn-rule.ts';
import type { Progress } from './progress-bar.ts';
import type { RecordedSeries } from './recorded-series.ts';

const SAMPLES_PER_REPORT = 5000;

/** One step of a series and its verdict. Without one, during the warm-up, all but time and value are NaN. */
export interface JudgedStep {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** In the unit of scoring, as are the others: per second for counters. */
  readonly value: number;
  readonly expected: number;
  /** Infinite on a side that is never anomalous. */
  readonly lower: number;
  readonly upper: number;
  readonly score: number;
}

/** What production would have said about a series. */
export interface Replayed {
  readonly series: RecordedSeries;
  readonly kind: 'gauge' | 'counter' | 'ignored';
  /** One per sample. */
  readonly scores: Float64Array;
  readonly steps: readonly JudgedStep[];
  /** That somebody would have been told of, in order. Open ones end with the record. */
  readonly anomalies: readonly Omit<Anomaly, 'labels'>[];
  /** Samples that are out of order, repeated or not finite: left out, as in production. */
  readonly skipped: number;
}

export interface ReplayOptions {
  readonly kind: 'auto' | 'gauge' | 'counter';
  readonly rules: readonly LearnRule[];
  readonly timezone: string;
  readonly onProgress: Progress;
}

/** Takes a recorded series through production code: each sample is judged by what was learnt before it. */
export function replay(series: RecordedSeries, options: ReplayOptions): Replayed {
  const { timestamps, values, labels } = series;
  const anomalies = new Map<number, Omit<Anomaly, 'labels'>>();
  const scoring = new ScoreReplay('score', options.timezone, {
    kind: kindFor(series, options.kind),
    rules: options.rules,
    labels,
    onAnomaly: (anomaly) => anomalies.set(anomaly.startsAt, anomaly),
  });
  const scores = new Float64Array(values.length);
  if (scoring.isIgnored) return { series, kind: 'ignored', scores, steps: [], anomalies: [], skipped: 0 };
  const steps: JudgedStep[] = [];
  let skipped = 0;
  for (let i = 0; i < values.length; i++) {
    scores[i] = scoring.take(timestamps[i]!, values[i]!);
    if (scoring.taken === TAKEN.judged || scoring.taken === TAKEN.warming) steps.push(stepOf(scoring));
    else if (scoring.taken !== TAKEN.quiet) skipped++;
    if (i % SAMPLES_PER_REPORT === 0) options.onProgress(i, values.length);
  }
  scoring.end();
  const kind = scoring.kind === KIND.counter ? 'counter' : 'gauge';
  return { series, kind, scores, steps, anomalies: [...anomalies.values()], skipped };
}

function stepOf({ scorer, taken }: ScoreReplay): JudgedStep {
  const { timestamp } = scorer.sample;
  const { value } = scorer.engine.judgement.step;
  if (taken === TAKEN.warming) return { timestamp, value, expected: NaN, lower: NaN, upper: NaN, score: NaN };
  const { expected, lower, upper, score } = scorer.verdict;
  return { timestamp, value, expected, lower, upper, score };
}

/** What was asked for by name is scored, also where production would leave it alone. */
function kindFor({ labels }: RecordedSeries, asked: ReplayOptions['kind']): Kind {
  if (asked !== 'auto') return KIND[asked];
  const kind = kindOf(labels.get(METRIC_NAME) ?? '', undefined);
  return kind === KIND.counter || kind === KIND.bucket ? KIND.counter : KIND.gauge;
}
