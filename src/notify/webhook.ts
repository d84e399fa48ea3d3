import { incidentLink } from '../alertmanager/incident-alert.ts';
import type { Config } from '../config/schema.ts';
import { createHttpClient } from '../emit/http-client.ts';
import { describeIncident } from '../incidents/summary-text.ts';
import { keyOf, type Notification } from './notification.ts';
import type { Receiver, ReceiverSurroundings } from './receiver.ts';
import { readUrl } from './secret-url.ts';

type WebhookSettings = NonNullable<Config['notify'][number]['webhook']>;

/** Posts each message as JSON, in the form that docs/notifications.md describes. */
export function createWebhookReceiver(
  name: string,
  settings: WebhookSettings,
  options: ReceiverSurroundings,
): Receiver {
  const client = createHttpClient({ ...options, target: settings, timeoutMs: settings.timeoutMs });
  return {
    name,
    send: (notification, stopped) =>
      readUrl(settings, options.readSecret, (url) => {
        const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': keyOf(notification) };
        return client(
          { url, method: 'POST', headers, body: JSON.stringify(webhookBody(notification, options.externalUrl)) },
          stopped,
        );
      }),
  };
}

/** The payload of version 1. Times are RFC 3339; what is not so (yet) is null. */
function webhookBody(notification: Notification, externalUrl: string) {
  const { sequence, event, at, incident } = notification;
  const { startsAt, openedAt, resolvedAt, changedAt: _, ...rest } = incident;
  return {
    version: '1',
    key: keyOf(notification),
    event,
    sequence,
    at: time(at),
    text: describeIncident(incident).join('\n'),
    url: incidentLink(incident.id, externalUrl) || null,
    incident: {
      ...rest,
      startsAt: time(startsAt),
      openedAt: time(openedAt),
      resolvedAt: resolvedAt === null ? null : time(resolvedAt),
    },
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
