import type { SeriesHistory } from './series-history.ts';

/** Milliseconds since the epoch, both ends included. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** Where the past of series comes from. */
export interface HistorySource {
  /** For logs. */
  readonly name: string;
  /**
   * The series of a metric that have samples in the range, one after the other; each is valid until the next is asked for.
   * @throws Unsupported when the server can't do it, ServerError when it can't now or does not want to
   */
  read(metricName: string, range: TimeRange, signal: AbortSignal): AsyncIterable<SeriesHistory>;
}
