import { type NextFunction, type Request, type Response, Router } from 'express';
import { errorAnswer, RequestError } from '../model/errors.ts';
import type { TopologyQuery, TopologyReport } from './report.ts';

const DEFAULT_LIMIT = 1000;
/** A longer answer would block the loop while it is written. */
const MAX_LIMIT = 10_000;
const FILTERS = ['kind', 'source', 'cluster', 'namespace', 'entity'] as const;

/** `/api/v1/topology`: the learnt graph, why it has its edges, and which sources were seen. */
export function createTopologyRoutes({ report, now }: { report: TopologyReport; now: () => number }): Router {
  const router = Router();

  router.get('/api/v1/topology', (request, response) => {
    succeed(response, report.graph(readQuery(request), now()));
  });

  router.get('/api/v1/topology/explain', (request, response) => {
    const { entity } = request.query;
    if (typeof entity !== 'string' || entity === '') throw badRequest('say what to explain: ?entity=NAME, once');
    succeed(response, report.explain(entity, now()));
  });

  router.get('/api/v1/topology/coverage', (_request, response) => succeed(response, report.coverage()));

  router.use(refuse);
  return router;
}

function readQuery({ query }: Request): TopologyQuery {
  const limit = query.limit ?? String(DEFAULT_LIMIT);
  const count = typeof limit === 'string' && /^\d{1,5}$/.test(limit) ? Number(limit) : 0;
  if (count < 1 || count > MAX_LIMIT) throw badRequest(`limit has to be a number from 1 to ${MAX_LIMIT}`);
  const values = FILTERS.map((name) => {
    const value = query[name];
    if (value !== undefined && typeof value !== 'string') throw badRequest(`${name} has to be given once`);
    return [name, value] as const;
  });
  return { limit: count, ...(Object.fromEntries(values) as Omit<TopologyQuery, 'limit'>) };
}

function badRequest(message: string): RequestError {
  return new RequestError(400, 'bad_data', message);
}

function succeed(response: Response, data: unknown): void {
  response.json({ status: 'success', data });
}

function refuse(error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  const answer = errorAnswer(error);
  response.status(answer.status).json(answer.body);
}
