import { Router } from 'express';
import type { Clock } from '../model/clock.ts';
import type { Labels } from '../model/labels.ts';
import { parseSelector, type Selector, SelectorError } from '../model/matcher.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';
import { MAX_OUTPUT_AGE_MS, withExternalLabels } from './output-labels.ts';
import { type OutputTextStats, outputText } from './output-text.ts';
import { textInSlices } from './slices.ts';
import { sendText } from './text-response.ts';

export interface FederationOptions {
  readonly sources: readonly OutputSource[];
  /** Asked at every request, because a reload may change them. Selectors do not see them, as in Prometheus. */
  readonly externalLabels: () => Labels;
  readonly clock: Clock;
  readonly stats: OutputTextStats;
}

/**
 * `GET /federate?match[]=<selector>`, repeatable; without `match[]` all output series. As in Prometheus, samples carry
 * their timestamps and those older than five minutes are left out. 400 when a selector can't be read.
 */
export function createFederationRoutes({ sources, externalLabels, clock, stats }: FederationOptions): Router {
  const router = Router();
  router.get('/federate', async (request, response) => {
    const selectors = readSelectors(request.url);
    if (selectors instanceof SelectorError) {
      response.status(400).json({ status: 'error', errorType: 'bad_data', error: selectors.message });
      return;
    }
    const oldestMs = clock.now() - MAX_OUTPUT_AGE_MS;
    const external = externalLabels();
    const text = outputText(sources, {
      selectors,
      relabel: (labels) => withExternalLabels(labels, external),
      timestamp: ({ timestampMs }: OutputGroup) => (timestampMs < oldestMs ? null : timestampMs),
      stats,
    });
    await sendText(request, response, textInSlices(text));
  });
  return router;
}

/** Read from the URL itself: express' query parser does not know `match[]`. */
function readSelectors(url: string): Selector[] | SelectorError {
  const query = new URL(url, 'http://localhost').searchParams;
  try {
    return query.getAll('match[]').map(parseSelector);
  } catch (error) {
    if (error instanceof SelectorError) return error;
    throw error;
  }
}
