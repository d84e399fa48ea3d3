import { isTimeZone } from '../model/zoned-time.ts';
import {
  afterRestart,
  choice,
  count,
  dictionary,
  duration,
  filePath,
  group,
  httpUrl,
  interval,
  list,
  metricOrNumber,
  metricSelector,
  number,
  optional,
  preset,
  required,
  secret,
  section,
  selector,
  text,
  type ValueOf,
} from './schema-types.ts';

/** Headers that the protocol, HTTP itself or other keys set, in lower case, with what to write instead. */
const RESERVED_HEADERS: ReadonlyMap<string, string> = new Map([
  ['authorization', 'write basic_auth, bearer_token or bearer_token_file'],
  ...[
    'content-encoding',
    'content-type',
    'user-agent',
    'x-prometheus-remote-write-version',
    'connection',
    'content-length',
    'expect',
    'host',
    'keep-alive',
    'transfer-encoding',
    'upgrade',
  ].map((name) => [name, 'it is set by the protocol, leave it out'] as const),
]);

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TOKEN = /^[\x21-\x7e]+$/;

const labelName = text('a label name such as cluster: letters, digits and _', (name) => LABEL_NAME.test(name));

function refuseLabel(name: string): string | undefined {
  if (!LABEL_NAME.test(name)) return 'expected a label name such as region: letters, digits and _';
  return name === '__name__' ? 'expected a label other than __name__, which holds the metric name' : undefined;
}

function refuseHeader(name: string): string | undefined {
  const instead = RESERVED_HEADERS.get(name.toLowerCase());
  if (instead !== undefined) return `the header ${name} cannot be given here: ${instead}`;
  return HEADER_NAME.test(name) ? undefined : 'expected a header name such as X-Scope-OrgID';
}

const externalLabels = dictionary(
  text('some text as the value of the label', (value) => value !== ''),
  refuseLabel,
);

const timezone = text('the name of a time zone such as Europe/Berlin', isTimeZone);

const global = section({
  timezone: afterRestart(
    preset(
      timezone,
      'UTC',
      'Time zone in whose days, weekends and clock changes the series live. A change takes effect after a restart.',
    ),
  ),
  external_labels: group(
    externalLabels,
    'Labels that are added to every series and incident that leaves this process, unless it has them already.',
  ),
  replica_label: preset(
    labelName,
    '__replica__',
    'Label that tells the replicas of a highly available pair of Prometheus servers apart. It is taken off everything that comes in.',
  ),
  cluster_label: preset(
    labelName,
    'cluster',
    'Label that says which cluster a series or alert is from. Of the replicas of one cluster only one is listened to at a time.',
  ),
});

const minDeviation = section({
  absolute: preset(
    number(0),
    0,
    'In the unit in which the series is scored (per second for counters). From so much on the first change of a constant series is news, too.',
  ),
  relative: preset(number(0), 0.05, 'As a share of the expected value: 0.05 is 5 %.'),
});

const learnRule = section({
  match: required(list(selector, 1), 'Selectors as in PromQL. The rule is for a series that any of them selects.'),
  emit: preset(
    choice('all', 'anomalous', 'none', 'ignore'),
    'anomalous',
    'When the scores of a series are put out: all = always, anomalous = while they matter, none = never, though they are learnt and open anomalies, ignore = the series is not even learnt.',
  ),
  kind: preset(
    choice('auto', 'counter', 'gauge', 'unscored'),
    'auto',
    "What the series is. auto goes by metadata and by the metric's name; the others overrule both. unscored = it has no score, and topology and forecasts see it all the same.",
  ),
  sensitivity: preset(number(0.01, 100), 1, '2 is twice as eager, 0.5 half as eager.'),
  direction: preset(choice('both', 'up', 'down'), 'both', 'Which way a series has to leave its band to be an anomaly.'),
  min_deviation: group(
    minDeviation,
    'A smaller distance from the expected value is never an anomaly. The larger of the two counts.',
  ),
  range: optional(interval, 'Values that the series can have at all; the band stays within.'),
  identity_drop: group(
    list(text('a label name such as pod, but not __name__', (name) => LABEL_NAME.test(name) && name !== '__name__')),
    "Labels that tell the replicas of a workload apart, such as pod and instance. A new replica goes on with its workload's baseline, and each is compared with its siblings.",
  ),
});

const capacity = section(
  {
    resource: required(
      text('a name such as disk_quota: small letters, digits and _', (name) => /^[a-z][a-z0-9_]*$/.test(name)),
      'Value of the label resource. With the name of a preset this entry takes its place.',
    ),
    used: optional(metricSelector, 'Series that say how much is used.'),
    free: optional(metricSelector, 'Series that say how much is free.'),
    left: optional(
      metricSelector,
      'Series that say how much is left of something without a limit, such as a queue: the forecast is when it is empty.',
    ),
    expires: optional(
      metricSelector,
      'Series that say when something ends, in seconds since 1970; below 1e9 they are seconds that are left.',
    ),
    preset: optional(choice('off'), 'Switches off the preset of this name; nothing else may be given then.'),
    limit: optional(metricOrNumber, 'What counts as full: series, or a number.'),
    size: optional(metricOrNumber, 'The same as limit, for those who call it so.'),
    reserved: optional(
      metricSelector,
      'Series of what is kept back: of the limit; or, without a limit, of what is free, such as what has to stay free.',
    ),
    on: group(
      list(labelName),
      'Labels on which the series of one resource agree; all labels unless given. Several series in one role are combined.',
    ),
    combine: preset(choice('sum', 'max'), 'sum', 'How several series in one role are combined.'),
    full_at: preset(number(0.01, 1), 1, 'Share of the limit that counts as full.'),
    unless: group(list(metricSelector), 'While one of these series is 1 or more nothing is forecast.'),
  },
  {
    exactlyOne: [['used', 'free', 'left', 'expires', 'preset']],
    atMostOne: [['limit', 'size']],
    needs: { used: ['limit', 'size'], free: ['limit', 'size', 'reserved'], reserved: ['used', 'free'] },
  },
);

/** A date, or a date and a time with or without offset from UTC; as RFC 3339 has it, seconds may be missing. */
const MOMENT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?$/;

const moment = text(
  'a date or time such as 2026-12-24, 2026-12-24T18:00 or 2026-12-24T18:00:00+01:00',
  (written) => MOMENT.test(written) && !Number.isNaN(Date.parse(written)),
);

const calendar = section(
  {
    name: optional(
      text('some text', (name) => name !== ''),
      'What the time is called in explanations; events of a file have names of their own.',
    ),
    file: optional(
      filePath,
      'Calendar in the form of RFC 5545 (.ics). Every event in it, all-day or not, recurring or not, is such a time. It is read again with the configuration.',
    ),
    start: optional(moment, 'When a single time begins. Without an offset it is local time of `global.timezone`.'),
    end: optional(moment, 'When it ends.'),
    match: group(
      list(selector),
      'Selectors as in PromQL of the series (and alerts) that it is about; without any, all.',
    ),
  },
  { exactlyOne: [['file', 'start']], needs: { start: ['end'], end: ['start'] } },
);

const basicAuth = section(
  {
    username: required(
      text('a user name without ":"', (name) => !name.includes(':')),
      'User of HTTP basic authentication.',
    ),
    password: optional(
      secret('a password', (password) => password !== ''),
      'The password; better kept in a file of its own.',
    ),
    password_file: optional(filePath, 'File that holds the password. It is read at every request.'),
  },
  { exactlyOne: [['password', 'password_file']] },
);

const queue = section({
  capacity: preset(
    count(1, 10_000_000),
    100_000,
    'How many samples may wait. When it is full the oldest are dropped, and counted.',
  ),
  max_samples_per_send: preset(count(1, 10_000), 2000, 'How many samples go into one request.'),
  flush_interval: preset(duration('100ms', '1h'), '5s', 'How long a request that is not full waits for more samples.'),
  max_age: preset(duration('1s', '7d'), '10m', 'A sample that could not be sent for so long is dropped, and counted.'),
});

const headers = group(
  dictionary(
    secret('a header value on one line, in Latin-1', (value) => HEADER_VALUE.test(value)),
    refuseHeader,
  ),
  'Further headers of each request. Those of the protocol cannot be replaced.',
);
const credentials = {
  basic_auth: optional(basicAuth, 'User and password of HTTP basic authentication.'),
  bearer_token: optional(
    secret('a token without blanks and line breaks', (token) => TOKEN.test(token)),
    'Token of the Authorization header; better kept in a file of its own.',
  ),
  bearer_token_file: optional(filePath, 'File that holds the token. It is read at every request.'),
};
const oneCredential = { atMostOne: [['basic_auth', 'bearer_token', 'bearer_token_file']] };

const remoteWrite = section(
  {
    url: required(
      httpUrl,
      'Where to send to: the remote-write endpoint of Prometheus or of anything that speaks its protocol.',
    ),
    headers,
    ...credentials,
    remote_timeout: preset(duration('1ms', '1h'), '30s', 'How long one request may take.'),
    queue: group(queue, 'How samples wait until they are sent.'),
  },
  oneCredential,
);

const timeout = preset(duration('1ms', '1h'), '10s', 'How long one request may take.');

const alertmanager = section(
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

const notify = section(
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

const bootstrap = section(
  {
    prometheus: afterRestart(
      optional(
        httpUrl,
        'Base URL of the server that has the history: Prometheus, or what speaks its API. Without it nothing is loaded. A change takes effect after a restart.',
      ),
    ),
    lookback: afterRestart(
      preset(duration('1h', '365d'), '14d', 'How much of the past is loaded. A change takes effect after a restart.'),
    ),
    external_labels: group(
      externalLabels,
      'Labels that this server adds when it sends, needed only where it has no remote read: its query API answers without them.',
    ),
    headers,
    ...credentials,
  },
  oneCredential,
);

const topology = section({
  file: optional(
    filePath,
    'YAML file with dependencies that people know; learnt ones are added. It is read again at reload.',
  ),
});

const incidents = section({
  join_window: preset(
    duration('1ms', '7d'),
    '15m',
    'How near to the first or last alert of an incident one has to begin that joins without a cause that explains it: by its name and labels, because it names nothing, or because people once merged its like. So long an anomaly that has ended can still become evidence.',
  ),
  freeze_after: preset(
    duration('1ms', '7d'),
    '90m',
    'So long after its first alert an incident is frozen: nothing joins without a cause that explains it. So long after its last one it is settled: only a cause that lasts takes in more.',
  ),
  reopen_within: preset(
    duration('1ms', '7d'),
    '30m',
    'An alert that comes back so soon after its incident was resolved opens that one again.',
  ),
  heartbeats: group(
    list(text('the name of an alert', (name) => name !== '')),
    'Names of further alerts that always fire to say that alerting works, beside `Watchdog` and `DeadMansSwitch`: when one does not come any more, that is an incident.',
  ),
  notify_wait: preset(
    duration('0s', '1h'),
    '30s',
    'How long a new incident may grow before anyone is told; a critical one does not wait.',
  ),
  notify_interval: preset(
    duration('1s', '1d'),
    '5m',
    'The least time between two updates about one incident. That it became critical, or ended, is told at once.',
  ),
  notify_repeat: preset(
    duration('1m', '30d'),
    '4h',
    'So long after the last notification the receivers are reminded of an open incident that nobody has acknowledged.',
  ),
});

const storage = section({
  retention: preset(duration('1h', '10y'), '90d', 'How long resolved incidents are kept.'),
  max_series: afterRestart(
    preset(
      count(1, 20_000_000),
      2_000_000,
      'How many series are learnt at most. Further ones are refused, and counted. A change takes effect after a restart.',
    ),
  ),
  snapshot_interval: afterRestart(
    preset(
      duration('1s', '1d'),
      '5m',
      'How often what was learnt is written to the disk: so much of it a crash may cost. A change takes effect after a restart.',
    ),
  ),
});

/**
 * The configuration file: every key with its type, default, range and help. Validation, the type `Config` and the
 * reference documentation are all made from this tree.
 */
export const configSchema = section({
  global: group(global, 'What holds for everything.'),
  learn: group(
    list(learnRule),
    'Rules that say how series are learnt and when their scores are put out. The first one that matches a series is taken; the built-in ones come after yours (docs/presets.md).',
  ),
  groups: group(
    list(
      section({
        by: required(
          list(labelName, 1),
          'Labels that the series of a group share; a series without one of them is in no group.',
        ),
      }),
    ),
    'What `anomaly_rate` is computed over: for every set of values of these labels, the share of live series that are anomalous.',
  ),
  calendars: group(
    list(calendar),
    'Holidays and maintenance: times during which nothing is learnt, scores are 0 and no anomaly begins.',
  ),
  forecast: group(
    list(capacity),
    'What fills up, in addition to the presets: series are joined on labels, and the time until full is put out.',
  ),
  bootstrap: group(bootstrap, 'History that is loaded at the first start, so that series need no warm-up.'),
  remote_write: group(list(remoteWrite), 'Where output series are sent to, in addition to /federate.'),
  alertmanagers: group(
    list(alertmanager),
    'All Alertmanagers of one cluster: what their webhooks missed is fetched from them, and notify may post incidents to them.',
  ),
  topology: group(topology, 'What is known of how things depend on each other.'),
  incidents: group(incidents, 'How alerts and anomalies become incidents, and when they are told.'),
  notify: group(
    list(notify),
    'Who is told about incidents. While the list is empty nobody is: the way to begin, see docs/notifications.md.',
  ),
  storage: group(storage, 'What is kept, and how much of it.'),
});

/**
 * The checked configuration. Names are in camelCase; durations are milliseconds and end in `Ms`; dictionaries are
 * sorted by bytes; paths of files are absolute.
 */
export type Config = ValueOf<typeof configSchema>;
