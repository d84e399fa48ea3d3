import express, { type NextFunction, type Request, type Response, Router } from 'express';
import type { Remark } from '../detect/feedbacks.ts';
import type { Clock } from '../model/clock.ts';
import { errorAnswer, messageOf, RequestError } from '../model/errors.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { parseSelector, type Selector, SelectorError, selects } from '../model/matcher.ts';
import { IGNORED, KIND } from '../series/kinds.ts';
import { readOwnMetricName } from '../series/label-bytes.ts';
import type { SeriesTable } from '../series/series-table.ts';
import { feedbackToJson, type ReportParts, reportSeries } from './series-report.ts';
import { visitInSlices } from './slices.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
const MAX_SELECTORS = 100;
const MAX_NAME_LENGTH = 200;
const MAX_COMMENT_LENGTH = 10_000;

/**
 * `GET /api/v1/series/explain?match[]=<selector>`, repeatable, with `limit` (100, at most 1,000): what is known of the
 * series that a selector matches. 400 as in Prometheus' API: no selector, or one that cannot be read.
 *
 * `POST /api/v1/series/feedback`, JSON `{match, verdict: "normal", by, comment?}`: the latest anomaly of these series is
 * normal. `GET` lists what was said, `DELETE` with an id takes it back.
 */
export function createSeriesRoutes(parts: ReportParts & { readonly clock: Clock }): Router {
  const router = Router();
  router.get('/api/v1/series/explain', async (request, response) => {
    const { searchParams } = new URL(request.url, 'http://localhost');
    const selectors = readSelectors(searchParams.getAll('match[]'));
    const limit = readLimit(request);
    const slots = await findSlots(parts.table, selectors, limit + 1);
    const now = parts.clock.now();
    const data: unknown[] = [];
    await visitInSlices(slots.slice(0, limit), (slot) => {
      // The series may have been forgotten since.
      if (parts.table.labels(slot) !== undefined) data.push(reportSeries(parts, slot, now));
    });
    const warnings = slots.length > limit ? { warnings: ['results truncated due to limit'] } : {};
    response.json({ status: 'success', data, ...warnings });
  });

  const { feedbacks } = parts.scorer;
  router.get('/api/v1/series/feedback', (_request, response) => {
    response.json({ status: 'success', data: feedbacks.list().map(feedbackToJson) });
  });

  router.post('/api/v1/series/feedback', express.json({ limit: '64kb' }), async (request, response) => {
    const remark = readRemark(request.body);
    const slots = await findSlots(parts.table, readSelectors(remark.match), MAX_LIMIT + 1);
    if (slots.length === 0) throw new RequestError(404, 'not_found', 'no series matches');
    if (slots.length > MAX_LIMIT) throw badRequest(`more than ${MAX_LIMIT} series match: select fewer at a time`);
    const feedback = feedbacks.accept(slots, { ...remark, at: parts.clock.now() });
    response.json({ status: 'success', data: feedbackToJson(feedback) });
  });

  router.delete('/api/v1/series/feedback/:id', (request, response) => {
    response.json({ status: 'success', data: feedbackToJson(feedbacks.takeBack(request.params.id)) });
  });

  router.use(refuse);
  return router;
}

/** @throws RequestError 400 */
function readSelectors(texts: readonly unknown[]): Selector[] {
  if (texts.length === 0) throw badRequest('no match[] parameter provided');
  if (texts.length > MAX_SELECTORS) throw badRequest(`at most ${MAX_SELECTORS} match[] parameters are taken`);
  return texts.map((text) => {
    try {
      return parseSelector(String(text));
    } catch (error) {
      throw error instanceof SelectorError ? badRequest(`invalid parameter "match[]": ${error.message}`) : error;
    }
  });
}

/** Slots of at most so many series that a selector matches. Looks at all series, in slices. */
async function findSlots(table: SeriesTable, selectors: readonly Selector[], most: number): Promise<number[]> {
  const found: number[] = [];
  const names = namesIn(selectors);
  await visitInSlices(
    slotsOf(table, () => found.length < most),
    (slot) => {
      // Most series are told by their name alone, which costs a tenth of reading their labels.
      if (names !== undefined && !names.has(readOwnMetricName(table.labelBytes(slot)))) return;
      const labels = table.labels(slot)!;
      if (selectors.some((selector) => selects(selector, labels))) found.push(slot);
    },
  );
  return found;
}

function* slotsOf(table: SeriesTable, isWanted: () => boolean): Iterable<number> {
  for (let slot = 1; slot <= table.highest && isWanted(); slot++) {
    const kind = table.kinds[slot]!;
    if (kind !== KIND.none && kind < IGNORED) yield slot;
  }
}

/** The metric names that selectors ask for, undefined when one of them does not ask for a single one. */
function namesIn(selectors: readonly Selector[]): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const selector of selectors) {
    const named = selector.find(({ name, operator }) => name === METRIC_NAME && operator === '=');
    if (named === undefined) return undefined;
    names.add(named.value);
  }
  return names;
}

function readLimit({ query }: Request): number {
  const { limit = String(DEFAULT_LIMIT) } = query;
  const count = /^\d{1,4}$/.test(String(limit)) ? Number(limit) : 0;
  if (count < 1 || count > MAX_LIMIT) throw badRequest(`limit has to be a number from 1 to ${MAX_LIMIT}`);
  return count;
}

function readRemark(body: unknown): Omit<Remark, 'at'> {
  const { match, 'match[]': matchList = match, verdict, by, comment = '' } = (body ?? {}) as Record<string, unknown>;
  if (verdict !== 'normal') throw badRequest('verdict has to be "normal": that is what can be said of an anomaly');
  if (typeof by !== 'string' || by.trim() === '' || by.length > MAX_NAME_LENGTH) {
    throw badRequest(
      `say who says so: send {"match": ["up{job='api'}"], "verdict": "normal", "by": "name", "comment": "optional"} with Content-Type: application/json`,
    );
  }
  if (typeof comment !== 'string' || comment.length > MAX_COMMENT_LENGTH) {
    throw badRequest(`comment has to be a text of at most ${MAX_COMMENT_LENGTH} characters`);
  }
  const list = matchList === undefined ? [] : Array.isArray(matchList) ? matchList : [matchList];
  return { match: list.map(String), by: by.trim(), comment };
}

function refuse(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  // express.json throws errors of its own for a body that is too long or no JSON.
  const status = (error as { status?: unknown }).status;
  const isForeign = !(error instanceof RequestError) && typeof status === 'number' && status >= 400 && status < 500;
  if (!isForeign && !(error instanceof RequestError)) {
    next(error);
    return;
  }
  const answer = errorAnswer(
    isForeign ? new RequestError(status, 'bad_data', `the body can't be read: ${messageOf(error)}`) : error,
  );
  response.status(answer.status).json(answer.body);
}

function badRequest(message: string): RequestError {
  return new RequestError(400, 'bad_data', message);
}
