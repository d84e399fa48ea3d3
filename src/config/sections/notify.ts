import { duration, filePath, httpUrl, optional, preset, required, secret, section, text } from '../schema-types.ts';
import { credentials, headers, oneCredential, timeout } from './http-client.ts';

/** An entry of `alertmanagers:`. */
export const alertmanager = section(
  {
    url: required(httpUrl, 'Base URL of one Alertmanager, with its route prefix if it has one.'),
    headers,
    ...credentials,
    timeout,
    receiver: optional(
      text('the name of a receiver', (name) => name !== ''),
      'Name of the receiver that sends to Pronoia: only alerts that go to it are taken in when they were missed. Without it all are.',
    ),
  },
  oneCredential,
);

const secretUrl = secret('an http or https URL', (url) => /^https?:\/\//i.test(url) && URL.canParse(url));

const webhookReceiver = section(
  {
    url: optional(secretUrl, 'Where to post to. It is treated as a secret.'),
    url_file: optional(filePath, 'File that holds the URL. It is read at every request.'),
    headers,
    ...credentials,
    timeout,
  },
  { exactlyOne: [['url', 'url_file']], ...oneCredential },
);

const slackReceiver = section(
  {
    url: optional(secretUrl, 'URL of an incoming webhook of Slack; better kept in a file of its own.'),
    url_file: optional(filePath, 'File that holds the URL. It is read at every request.'),
    timeout,
  },
  { exactlyOne: [['url', 'url_file']] },
);

const alertmanagerReceiver = section({
  resolve_timeout: preset(
    duration('10s', '1d'),
    '5m',
    'So long after Pronoia was last heard an incident ends in Alertmanager. It is sent again twice as often.',
  ),
});

/** An entry of `notify:`. */
export const notify = section(
  {
    webhook: optional(webhookReceiver, 'Posts JSON to a URL: docs/notifications.md shows it.'),
    slack: optional(slackReceiver, 'Writes into a channel of Slack.'),
    alertmanager: optional(
      alertmanagerReceiver,
      'Posts one alert for each incident to all of alertmanagers, whose routes then page.',
    ),
  },
  { exactlyOne: [['webhook', 'slack', 'alertmanager']] },
);
