import type { Alert, AlertDelivery } from '../model/alert.ts';
import { RequestError } from '../model/errors.ts';
import {
  type AlertReadingOptions,
  type JsonObject,
  readAlert,
  readAlerts,
  readTime,
  unknownFields,
} from './alert-fields.ts';

/** How long an alert fires that does not say until when: Alertmanager's `resolve_timeout`. */
const RESOLVE_TIMEOUT_MS = 5 * 60_000;
const KNOWN = new Set(['labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL']);

/**
 * Reads the body of `POST /api/v2/alerts`, as Prometheus sends it to Alertmanager: an `endsAt` in the future means firing
 * until then, one that has passed means resolved, and none means firing for another five minutes.
 * @returns the good alerts, and a sentence for each bad one
 * @throws RequestError 400 when it is no list of alerts
 */
export function parseApiAlerts(
  body: unknown,
  receivedAt: number,
  options: AlertReadingOptions,
): { delivery: AlertDelivery; problems: readonly string[] } {
  if (!Array.isArray(body)) {
    throw new RequestError(
      400,
      'bad_data',
      'the body is not a JSON array of alerts, as Prometheus posts it to Alertmanager',
    );
  }
  const { alerts, problems } = readAlerts(body, (item) => readOne(item, receivedAt, options));
  const delivery = {
    source: 'api',
    receivedAt,
    alerts,
    invalidAlerts: problems.length,
    truncatedAlerts: 0,
    envelope: {},
  } as const;
  return { delivery, problems };
}

function readOne(item: JsonObject, receivedAt: number, options: AlertReadingOptions): Alert {
  const until = readTime(item.endsAt, 'endsAt');
  const startsAt = readTime(item.startsAt, 'startsAt') ?? until ?? receivedAt;
  if (until !== undefined && until < startsAt) throw new Error('endsAt is before startsAt');
  const hasEnded = until !== undefined && until <= receivedAt;
  return readAlert(item, options, {
    startsAt,
    endsAt: hasEnded ? until : undefined,
    expiresAt: hasEnded ? undefined : (until ?? receivedAt + RESOLVE_TIMEOUT_MS),
    group: '',
    extra: unknownFields(item, KNOWN),
  });
}
