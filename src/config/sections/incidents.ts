import { duration, group, list, preset, section, text } from '../schema-types.ts';

/** `incidents:` */
export const incidents = section({
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
