import { count, duration, group, httpUrl, preset, required, section } from '../schema-types.ts';
import { credentials, headers, oneCredential } from './http-client.ts';

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

/** An entry of `remote_write:`. */
export const remoteWrite = section(
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
