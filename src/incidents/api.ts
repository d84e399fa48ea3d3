import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { errorAnswer, messageOf, RequestError } from '../model/errors.ts';
import type { Incident } from '../model/incident.ts';
import { eventToJson, feedbackToJson, incidentToJson, type Moment, memberToJson } from './api-json.ts';
import { type Deed, type Feedback, feedbackOf, type Selection } from './deeds.ts';
import { badRequest, readDeed, readEventId, readFeedback, readOther, readSelection } from './read-deed.ts';
import type { IncidentQuery, IncidentStore } from './store.ts';
import { suggestedActions } from './suggested-actions.ts';

/** What people may do; each @throws RequestError 404 unknown, 409 in the wrong state, 503 when it can't be stored. */
interface IncidentDeeds {
  acknowledge(id: string, deed: Deed): Incident;
  resolve(id: string, deed: Deed): Incident;
  merge(id: string, otherId: string, deed: Deed): Incident;
  split(id: string, selection: Selection, deed: Deed): Incident;
  undo(id: string, eventId: number | undefined, deed: Deed): Incident;
  giveFeedback(id: string, feedback: Feedback, deed: Deed): Incident;
}

interface IncidentRoutesOptions {
  readonly store: Pick<IncidentStore, 'incident' | 'incidents' | 'members' | 'timeline'>;
  readonly deeds: IncidentDeeds;
  readonly now: () => number;
  readonly windows: () => Pick<Moment, 'freezeAfterMs'>;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/** An answer with more members would be longer than anyone reads and block the loop while it is written. */
const MAX_MEMBERS = 5000;
const STATES = ['open', 'resolved', 'all'] as const;

/** `/api/v1/incidents`: the list, one of them with members and timeline, and what people do with it. */
export function createIncidentRoutes({ store, deeds, now, windows }: IncidentRoutesOptions): Router {
  const router = Router();
  const json = express.json({ limit: '1mb' });
  const moment = (): Moment => ({ now: now(), ...windows() });

  router.get('/api/v1/incidents', (request, response) => {
    const query = readQuery(request);
    const incidents = store.incidents(query);
    const last = incidents.length === query.limit ? incidents.at(-1) : undefined;
    const next = last === undefined ? null : `${last.openedAt}.${last.id}`;
    succeed(response, { incidents: incidents.map((incident) => incidentToJson(incident, moment())), next });
  });

  router.get('/api/v1/incidents/:id', (request, response) => {
    const { id } = request.params;
    const incident = store.incident(id);
    if (incident === undefined) throw unknownIncident(id);
    const members = store.members(id, MAX_MEMBERS);
    const timeline = store.timeline(id);
    succeed(response, {
      ...incidentToJson(incident, moment()),
      suggestedActions: suggestedActions(
        incident,
        members.filter((member) => member.kind === 'alert'),
      ),
      feedback: feedbackOf(timeline).map(feedbackToJson),
      members: members.map(memberToJson),
      timeline: timeline.map(eventToJson),
    });
  });

  /** Who does it is in every body; what else there is, each deed reads for itself. */
  const post = (path: string, act: (id: string, deed: Deed, body: unknown) => Incident): void => {
    router.post(path, json, (request, response) => {
      const incident = act(request.params.id as string, readDeed(request.body), request.body);
      succeed(response, incidentToJson(incident, moment()));
    });
  };
  post('/api/v1/incidents/:id/acknowledge', (id, deed) => deeds.acknowledge(id, deed));
  post('/api/v1/incidents/:id/resolve', (id, deed) => deeds.resolve(id, deed));
  post('/api/v1/incidents/:id/merge', (id, deed, body) => deeds.merge(id, readOther(body), deed));
  post('/api/v1/incidents/:id/split', (id, deed, body) => deeds.split(id, readSelection(body), deed));
  post('/api/v1/incidents/:id/undo', (id, deed, body) => deeds.undo(id, readEventId(body), deed));
  post('/api/v1/incidents/:id/feedback', (id, deed, body) => deeds.giveFeedback(id, readFeedback(body), deed));

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
