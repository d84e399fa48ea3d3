import { type NextFunction, type Request, type Response, Router } from 'express';
import { type IncidentSummary, singleNamespace } from '../incidents/summary.ts';
import type { Clock } from '../model/clock.ts';
import { errorAnswer, RequestError } from '../model/errors.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { labelsToObject } from '../model/labels.ts';
import { type IncidentAlertOptions, incidentAlert } from './incident-alert.ts';
import { readFilters, readNamePattern } from './matchers.ts';

interface ViewOptions {
  readonly clock: Clock;
  readonly version: string;
  /** The open incidents, in the order in which they came. */
  readonly openIncidents: () => Iterable<IncidentSummary>;
  /** Asked at each request: a reload may change it. */
  readonly alertOptions: () => IncidentAlertOptions;
}

/** The only receiver: whoever looks. */
const RECEIVER = { name: 'pronoia' };
/** Alertmanager shows of a firing alert when it would end if nobody repeated it: five minutes from now by default. */
const RESOLVE_TIMEOUT_MS = 5 * 60_000;
/** `config.original` has to be a configuration: the shortest one that Alertmanager takes. */
const CONFIGURATION = 'route:\n  receiver: pronoia\nreceivers:\n  - name: pronoia\n';

/**
 * Alertmanager's API v2 for readers (api/v2/openapi.yaml of prometheus/alertmanager), in which each open incident is one
 * alert: for amtool, karma and Grafana. There are no silences and nothing is inhibited: that is Alertmanager's business.
 */
export function createAlertmanagerView({ clock, version, openIncidents, alertOptions }: ViewOptions): Router {
  const router = Router();
  const startedAt = clock.now();

  const wanted = (request: Request) => {
    const { query } = request;
    const isWanted = readFilters(texts(query.filter, 'filter'));
    const isReceiver = readNamePattern(texts(query.receiver, 'receiver').at(-1) || '.*');
    for (const name of ['silenced', 'inhibited', 'unprocessed', 'muted']) readBoolean(query[name], name);
    if (!readBoolean(query.active, 'active') || !isReceiver(RECEIVER.name)) return [];
    const options = alertOptions();
    const alerts = [...openIncidents()].map((summary) => ({
      summary,
      alert: incidentAlert(summary, singleNamespace(summary), options),
    }));
    return alerts
      .filter(({ alert }) => isWanted(alert.labels))
      .map(({ summary, alert }) => toGettable(summary, alert, clock.now()));
  };

  router.get('/api/v2/alerts', (request, response) => {
    response.json(wanted(request));
  });
  router.get('/api/v2/alerts/groups', (request, response) => {
    response.json(wanted(request).map((alert) => ({ labels: alert.labels, receiver: RECEIVER, alerts: [alert] })));
  });
  router.get('/api/v2/receivers', (_request, response) => {
    response.json([RECEIVER]);
  });
  router.get('/api/v2/silences', (_request, response) => {
    response.json([]);
  });
  router.get('/api/v2/status', (_request, response) => {
    const build = { version, revision: '', branch: '', buildUser: '', buildDate: '', goVersion: '' };
    response.json({
      cluster: { status: 'disabled', peers: [] },
      versionInfo: build,
      config: { original: CONFIGURATION },
      uptime: new Date(startedAt).toISOString(),
    });
  });
  // Only below this path: what other routes throw is none of ours.
  router.use('/api/v2', refuse);
  return router;
}

function toGettable(
  summary: IncidentSummary,
  { labels, annotations, generatorUrl }: ReturnType<typeof incidentAlert>,
  now: number,
) {
  return {
    labels: labelsToObject(labels),
    annotations: labelsToObject(annotations),
    startsAt: new Date(summary.startsAt).toISOString(),
    endsAt: new Date(now + RESOLVE_TIMEOUT_MS).toISOString(),
    updatedAt: new Date(summary.changedAt).toISOString(),
    fingerprint: fingerprint(labels),
    ...(generatorUrl !== '' && { generatorURL: generatorUrl }),
    receivers: [RECEIVER],
    status: { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [] },
  };
}

/** A query parameter as often as it was given. @throws RequestError 400 when it is none of text */
function texts(value: unknown, name: string): string[] {
  const all = value === undefined ? [] : [value].flat();
  if (all.every((each) => typeof each === 'string')) return all;
  throw new RequestError(400, 'bad_data', `${name} has to be text`);
}

function readBoolean(value: unknown, name: string): boolean {
  const text = texts(value, name).at(-1) ?? 'true';
  if (text !== 'true' && text !== 'false') throw new RequestError(400, 'bad_data', `${name} has to be true or false`);
  return text === 'true';
}

/** Alertmanager's API answers with the bare sentence as JSON, and its clients show that. */
function refuse(error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  const { status, body } = errorAnswer(error);
  response.status(status).json(body.error);
}
