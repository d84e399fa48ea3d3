import { incidentLink } from '../alertmanager/incident-alert.ts';
import type { Config } from '../config/schema.ts';
import { createHttpClient } from '../emit/http-client.ts';
import { describeIncident } from '../incidents/summary-text.ts';
import { isLast, type Notification, type NotificationEvent } from './notification.ts';
import type { Receiver, ReceiverSurroundings } from './receiver.ts';
import { readUrl } from './secret-url.ts';

type SlackSettings = NonNullable<Config['notify'][number]['slack']>;

const WORDS: Readonly<Record<NotificationEvent, string>> = {
  new: 'New incident',
  grew: 'Incident grew',
  severity_changed: 'Severity changed',
  cause_changed: 'Probable cause changed',
  reopened: 'Incident is back',
  resolved: 'Resolved',
  merged: 'Merged into another incident',
  reminder: 'Still open',
};
/** Slack refuses longer texts (https://api.slack.com/reference/block-kit/blocks): 3,000 characters with room for escapes. */
const MAX_TEXT_LENGTH = 2900;

/** Writes each message into a channel by an incoming webhook. */
export function createSlackReceiver(name: string, settings: SlackSettings, options: ReceiverSurroundings): Receiver {
  const client = createHttpClient({ ...options, target: {}, timeoutMs: settings.timeoutMs });
  const headers = { 'Content-Type': 'application/json' };
  return {
    name,
    send: (notification, stopped) =>
      readUrl(settings, options.readSecret, (url) => {
        const body = JSON.stringify(slackBody(notification, options.externalUrl));
        return client({ url, method: 'POST', headers, body }, stopped);
      }),
  };
}

/** Blocks for the channel, and one line of text for the notification on a phone. */
function slackBody({ event, incident, sequence }: Notification, externalUrl: string) {
  const { id, title, severity, cluster } = incident;
  const link = incidentLink(id, externalUrl);
  const sign = isLast({ event }) ? ':white_check_mark:' : ':rotating_light:';
  const head = `${sign} *${WORDS[event]}*${severity === '' ? '' : ` (${escapeMarkup(severity)})`}`;
  const name = link === '' ? escapeMarkup(title) : `<${link}|${escapeMarkup(title).replaceAll('|', '/')}>`;
  const text = [`${head}: ${name}`, ...describeIncident(incident).map(escapeMarkup)].join('\n');
  const place = cluster === '' ? '' : ` · cluster ${escapeMarkup(cluster)}`;
  return {
    text: `${WORDS[event]}: ${escapeMarkup(title)}`.slice(0, MAX_TEXT_LENGTH),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, MAX_TEXT_LENGTH) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: `incident ${id} · message ${sequence}${place}` }] },
    ],
  };
}

/** The three characters that Slack takes for markup of its own. */
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
