import { type NextFunction, type Request, type Response, Router } from 'express';
import { parseDuration } from '../model/duration.ts';
import { errorAnswer, messageOf, RequestError } from '../model/errors.ts';
import { METRICS_WINDOW_MS, type Noise } from './noise.ts';
import type { NoiseReport } from './report.ts';
import type { Spread } from './response-times.ts';

const MIN_WINDOW_MS = 60_000;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const MAX_GROUP_BY = 20;

/** `GET /api/v1/noise?window=&group_by=`: the ledger, the comparison, the times and the noisiest rules. */
export function createNoiseRoutes(noise: Pick<Noise, 'report'>): Router {
  const router = Router();
  router.get('/api/v1/noise', async (request, response) => {
    const windowMs = readWindow(request.query.window);
    const groupBy = readGroupBy(request.query.group_by);
    const report = await noise.report(windowMs, groupBy).catch((error) => {
      if (error instanceof RequestError) throw error;
      throw new RequestError(503, 'unavailable', `noise cannot be measured now: ${messageOf(error)}`);
    });
    response.json({ status: 'success', data: reportToJson(report) });
  });
  router.use('/api/v1/noise', refuse);
  return router;
}

/** Times are RFC 3339 and durations seconds; what cannot be said is null. */
function reportToJson({ from, to, isCut, times, rules, ...rest }: NoiseReport) {
  const { lead, detect, acknowledge, resolve, excluded } = times;
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    truncated: isCut,
    ...rest,
    times: {
      lead: spreadToJson(lead),
      detect: spreadToJson(detect),
      acknowledge: spreadToJson(acknowledge),
      resolve: spreadToJson(resolve),
      excluded,
    },
    rules: rules.map(({ medianDurationMs, suggestions, ...rule }) => ({
      ...rule,
      medianDurationSeconds: seconds(medianDurationMs),
      suggestions: suggestions.map(({ backtest: { longestDelayMs, ...backtest }, ...suggestion }) => ({
        ...suggestion,
        backtest: { ...backtest, longestDelaySeconds: longestDelayMs / 1000 },
      })),
    })),
  };
}

function spreadToJson({ count, medianMs, p90Ms }: Spread) {
  return { count, medianSeconds: seconds(medianMs), p90Seconds: seconds(p90Ms) };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

function readWindow(value: unknown): number {
  if (value === undefined) return METRICS_WINDOW_MS;
  const windowMs = typeof value === 'string' ? parseDuration(value) : undefined;
  if (windowMs !== undefined && windowMs >= MIN_WINDOW_MS) return windowMs;
  throw new RequestError(400, 'bad_data', 'window has to be a duration of at least 1m, written like 12h or 30d');
}

/** Undefined for the usual labels; an empty text groups all alerts together. */
function readGroupBy(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  const names = typeof value === 'string' ? value.split(',').filter((name) => name !== '') : undefined;
  if (names?.every((name) => LABEL_NAME.test(name)) && names.length <= MAX_GROUP_BY) return names;
  throw new RequestError(
    400,
    'bad_data',
    `group_by has to be up to ${MAX_GROUP_BY} names of labels with commas in between`,
  );
}

function refuse(error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  const { status, body } = errorAnswer(error);
  response.status(status).json(body);
}
