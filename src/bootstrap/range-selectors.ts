import { createLabels, type Labels, METRIC_NAME, quote } from '../model/labels.ts';
import type { HistoryClient } from './history-client.ts';
import type { HistorySource } from './history-source.ts';
import { SeriesHistory } from './series-history.ts';

/** So much of one series is asked for at once: at one sample in 15 seconds an answer of 300 kB. */
const WINDOW_MS = 2 * 86_400_000;
/** A series without a sample for so long has ended. */
const RECENT_MS = 10 * 60_000;
const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * History by Prometheus' query API, for servers without remote read (VictoriaMetrics, Thanos, Mimir behind a gateway).
 * Series by series, an instant query of a range selector: it gives the samples as they were scraped, which query_range
 * does not.
 * @param externalLabels what the sender adds when it writes: this API answers without them
 */
export function createRangeSelectors(client: HistoryClient, externalLabels: Labels): HistorySource {
  return {
    name: 'range selectors',
    async *read(metricName, { from, to }, signal) {
      const recent = { start: seconds(to - RECENT_MS), end: seconds(to) };
      const answer = await client.query(
        '/api/v1/series',
        { 'match[]': selector([[METRIC_NAME, metricName]]), ...recent },
        signal,
      );
      const history = new SeriesHistory();
      for (const found of answer as Record<string, string>[]) {
        const labels = createLabels(Object.entries(found));
        history.begin(createLabels([...externalLabels, ...labels]));
        for (let start = from; start < to; start += WINDOW_MS) {
          const end = Math.min(start + WINDOW_MS, to);
          const query = `${selector(labels)}[${end - start}ms]`;
          const data = await client.query('/api/v1/query', { query, time: seconds(end) }, signal);
          addSamples(history, labels, data as Matrix);
        }
        if (history.count > 0) yield history;
      }
    },
  };
}

interface Matrix {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [seconds: number, value: string])[];
  }[];
}

/** A selector finds series with further labels as well: those are asked for by themselves. */
function addSamples(history: SeriesHistory, labels: Labels, { result }: Matrix): void {
  const series = result.find(({ metric }) => Object.keys(metric).length === labels.size);
  for (const [time, value] of series?.values ?? []) history.add(Math.round(time * 1000), Number(value));
}

function selector(labels: Iterable<readonly [string, string]>): string {
  const matchers = [...labels].map(
    ([name, value]) => `${LEGACY_LABEL.test(name) ? name : quote(name)}=${quote(value)}`,
  );
  return `{${matchers.join(',')}}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
