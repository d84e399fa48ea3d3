import type { Alert, AlertDelivery } from '../model/alert.ts';
import { messageOf, RequestError } from '../model/errors.ts';
import {
  type AlertReadingOptions,
  isJsonObject,
  type JsonObject,
  readAlert,
  readAlerts,
  readTime,
  unknownFields,
} from './alert-fields.ts';

const VERSION = '4';
const MAX_GROUP_LENGTH = 4096;
const KNOWN_IN_ENVELOPE = new Set(['version', 'alerts', 'truncatedAlerts']);
/** Its fingerprint is computed from its labels, as Alertmanager does. */
const KNOWN_IN_ALERT = new Set([
  'status',
  'labels',
  'annotations',
  'startsAt',
  'endsAt',
  'generatorURL',
  'fingerprint',
]);

/**
 * Reads the body of an Alertmanager webhook (payload version 4). An alert that is wrong is left out and counted, because
 * Alertmanager would repeat the whole message for ever; the message is refused when its shape is wrong or nothing in it
 * is good.
 * @throws RequestError 400 with a sentence that says what to change
 */
export function parseWebhook(body: unknown, receivedAt: number, options: AlertReadingOptions): AlertDelivery {
  const { envelope, items, truncatedAlerts } = readEnvelope(body);
  const group = readGroup(envelope);
  const { alerts, problems } = readAlerts(items, (item) => readOne(item, receivedAt, group, options));
  if (alerts.length === 0 && problems.length > 0) {
    throw new RequestError(400, 'bad_data', `no alert of this webhook can be taken: ${problems[0]}`);
  }
  return { source: 'webhook', receivedAt, alerts, invalidAlerts: problems.length, truncatedAlerts, envelope };
}

function readEnvelope(body: unknown): { envelope: JsonObject; items: unknown[]; truncatedAlerts: number } {
  if (!isJsonObject(body)) throw wrongShape('the body is not a JSON object');
  if (body.version !== VERSION) {
    throw wrongShape(`version is ${JSON.stringify(body.version)?.slice(0, 50) ?? 'missing'} instead of "${VERSION}"`);
  }
  if (!Array.isArray(body.alerts)) throw wrongShape('alerts is not an array');
  const truncated = body.truncatedAlerts ?? 0;
  if (typeof truncated !== 'number' || !(truncated >= 0)) throw wrongShape('truncatedAlerts is not a count');
  try {
    return { envelope: unknownFields(body, KNOWN_IN_ENVELOPE), items: body.alerts, truncatedAlerts: truncated };
  } catch (error) {
    throw wrongShape(`the message ${messageOf(error)}`);
  }
}

/** Whoever groups by labels says that they name one thing; a group by nothing says nothing. */
function readGroup({ groupKey, groupLabels }: JsonObject): string {
  const hasLabels = isJsonObject(groupLabels) && Object.keys(groupLabels).length > 0;
  return hasLabels && typeof groupKey === 'string' ? groupKey.slice(0, MAX_GROUP_LENGTH) : '';
}

function readOne(item: JsonObject, receivedAt: number, group: string, options: AlertReadingOptions): Alert {
  const { status } = item;
  if (status !== 'firing' && status !== 'resolved') throw new Error('status is neither "firing" nor "resolved"');
  const startsAt = readTime(item.startsAt, 'startsAt');
  if (startsAt === undefined) throw new Error('startsAt is missing');
  // A resolve that does not say when it ended still ended: the time at which we heard of it is the best there is.
  const endsAt = status === 'firing' ? undefined : (readTime(item.endsAt, 'endsAt') ?? Math.max(receivedAt, startsAt));
  if (endsAt !== undefined && endsAt < startsAt) throw new Error('endsAt is before startsAt');
  const extra = unknownFields(item, KNOWN_IN_ALERT);
  return readAlert(item, options, { startsAt, endsAt, expiresAt: undefined, group, extra });
}

function wrongShape(what: string): RequestError {
  return new RequestError(
    400,
    'bad_data',
    `not an Alertmanager webhook of version ${VERSION}: ${what}; check that Alertmanager's webhook_configs has no ` +
      'payload: template for this URL, and that nothing else posts to it',
  );
}
