import { Router } from 'express';
import type { OutputSource } from '../model/output.ts';
import type { Metrics } from './metrics.ts';
import { type OutputTextStats, outputText } from './output-text.ts';
import { textInSlices } from './slices.ts';
import { sendText } from './text-response.ts';

export interface MetricsRoutesOptions {
  readonly metrics: Metrics;
  /** Shown after our own metrics: the series of incidents. */
  readonly sources: readonly OutputSource[];
  readonly stats: OutputTextStats;
}

/**
 * `GET /metrics`. Output series carry no timestamps here: with them Prometheus would write no stale markers. They do
 * not go through prom-client, which takes `{a="x,b:y"}` and `{a="x",b="y"}` for one series.
 */
export function createMetricsRoutes({ metrics, sources, stats }: MetricsRoutesOptions): Router {
  const router = Router();
  router.get('/metrics', async (request, response) => {
    const output = outputText(sources, {
      selectors: [],
      relabel: (labels) => labels,
      timestamp: () => undefined,
      stats,
    });
    await sendText(request, response, ownThenOutput(await metrics.render(), output));
  });
  return router;
}

async function* ownThenOutput(own: string, output: Iterable<string>): AsyncGenerator<string> {
  yield own;
  yield* textInSlices(output);
}
