import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { errorAnswer, messageOf, RequestError } from '../model/errors.ts';
import type { Incident } from '../model/incident.ts';
import { eventToJson, incidentToJson, memberToJson } from './api-json.ts';
import type { IncidentQuery, IncidentStore } from './store.ts';

/** Who did something to an incident, and why. */
export interface Deed {
  readonly by: string;
  readonly comment: string;
}

interface IncidentRoutesOptions {
  readonly store: Pick<IncidentStore, 'incident' | 'incidents' | 'members' | 'timeline'>;
  /** @throws RequestError 404 for an unknown incident, 409 when it is in the wrong state, 503 when it can't be stored */
  readonly acknowledge: (id: string, deed: Deed) => Incident;
  readonly resolve: (id: string, deed: Deed) => Incident;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/** An answer with more members would be longer than anyone reads and block the loop while it is written. */
const MAX_MEMBERS = 5000;
const MAX_NAME_LENGTH = 200;
const MAX_COMMENT_LENGTH = 10_000;
const STATES = ['open', 'resolved', 'all'] as const;

/** `/api/v1/incidents`: the list, one of them with members and timeline, and what people do with it. */
export function createIncidentRoutes({ store, acknowledge, resolve }: IncidentRoutesOptions): Router {
  const router = Router();
  const json = express.json({ limit: '64kb' });

  router.get('/api/v1/incidents', (request, response) => {
    const query = readQuery(request);
    const incidents = store.incidents(query);
    const last = incidents.length === query.limit ? incidents.at(-1) : undefined;
    const next = last === undefined ? null : `${last.openedAt}.${last.id}`;
    succeed(response, { incidents: incidents.map(incidentToJson), next });
  });

  router.get('/api/v1/incidents/:id', (request, response) => {
    const { id } = request.params;
    const incident = store.incident(id);
    if (incident === undefined) throw unknownIncident(id);
    const members = store.members(id, MAX_MEMBERS).map(memberToJson);
    succeed(response, { ...incidentToJson(incident), members, timeline: store.timeline(id).map(eventToJson) });
  });

  router.post('/api/v1/incidents/:id/acknowledge', json, (request, response) => {
    succeed(response, incidentToJson(acknowledge(request.params.id as string, readDeed(request.body))));
  });

  router.post('/api/v1/incidents/:id/resolve', json, (request, response) => {
    succeed(response, incidentToJson(resolve(request.params.id as string, readDeed(request.body))));
  });

  router.use(refuse);
  return router;
}

/** For an id that no incident has, or has any more. */
export function unknownIncident(id: string): RequestError {
  return new RequestError(
    404,
    'not_found',
    `there is no incident ${JSON.stringify(id.slice(0, 50))}, or it was deleted after the retention`,
  );
}

function readQuery({ query }: Request): IncidentQuery {
  const { state = 'all', limit = String(DEFAULT_LIMIT), after } = query;
  const known = STATES.find((each) => each === state);
  if (known === undefined) throw badRequest(`state has to be one of ${STATES.join(', ')}`);
  const count = /^\d{1,4}$/.test(String(limit)) ? Number(limit) : 0;
  if (count < 1 || count > MAX_LIMIT) throw badRequest(`limit has to be a number from 1 to ${MAX_LIMIT}`);
  if (after === undefined) return { state: known, limit: count };
  const cursor = /^(\d{1,16})\.([0-9a-f]{16})$/.exec(String(after));
  if (cursor === null) throw badRequest('after has to be what the page before gave as next');
  return { state: known, limit: count, after: { openedAt: Number(cursor[1]), id: cursor[2]! } };
}

function readDeed(body: unknown): Deed {
  const { by, comment = '' } = (body ?? {}) as Record<string, unknown>;
  if (typeof by !== 'string' || by.trim() === '' || by.length > MAX_NAME_LENGTH) {
    throw badRequest('say who does it: send {"by": "name", "comment": "optional"} with Content-Type: application/json');
  }
  if (typeof comment !== 'string' || comment.length > MAX_COMMENT_LENGTH) {
    throw badRequest(`comment has to be a text of at most ${MAX_COMMENT_LENGTH} characters`);
  }
  return { by: by.trim(), comment };
}

function badRequest(message: string): RequestError {
  return new RequestError(400, 'bad_data', message);
}

function succeed(response: Response, data: unknown): void {
  response.json({ status: 'success', data });
}

function refuse(error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  const status = (error as { status?: unknown }).status;
  // express.json throws errors of its own for a body that is too long or no JSON.
  const isForeign = !(error instanceof RequestError) && typeof status === 'number' && status >= 400 && status < 500;
  const answer = errorAnswer(
    isForeign ? new RequestError(status, 'bad_data', `the body can't be read: ${messageOf(error)}`) : error,
  );
  response.status(answer.status).json(answer.body);
}
