import { isTimeZone } from '../model/zoned-time.ts';
import {
  afterRestart,
  count,
  duration,
  filePath,
  group,
  httpUrl,
  list,
  optional,
  preset,
  required,
  section,
  text,
  type ValueOf,
} from './schema-types.ts';
import { calendar } from './sections/calendar.ts';
import { capacity } from './sections/forecast.ts';
import { credentials, headers, oneCredential } from './sections/http-client.ts';
import { incidents } from './sections/incidents.ts';
import { externalLabels, labelName } from './sections/labels.ts';
import { learnRule } from './sections/learn.ts';
import { alertmanager, notify } from './sections/notify.ts';
import { remoteWrite } from './sections/remote-write.ts';

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
    'Holidays and maintenance: times during which nothing is learnt, scores are 0 and no anomaly begins; alerts that `match` selects page nobody.',
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
