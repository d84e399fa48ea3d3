import type { Config } from '../config/schema.ts';
import { createHttpClient, type HttpAnswer, type HttpClientOptions, type Outcome } from '../emit/http-client.ts';
import { loggableUrl } from '../emit/remote-write-target.ts';
import { type Labels, labelsToObject } from '../model/labels.ts';

export type PeerSettings = Config['alertmanagers'][number];

/** An alert as it is posted. It fires until `endsAt` (milliseconds since the epoch) unless it is posted again. */
export interface PostableAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly generatorUrl: string;
}

/** One Alertmanager, by its API v2. */
export interface Peer {
  /** As it may be logged. */
  readonly url: string;
  /** Only alerts that go to this receiver of it are ours; undefined for all. */
  readonly receiver: string | undefined;
  readonly get: (path: '/api/v2/alerts' | '/api/v2/status', stopped: AbortSignal) => Promise<HttpAnswer>;
  readonly post: (alerts: readonly PostableAlert[], stopped: AbortSignal) => Promise<Outcome>;
}

/** Of a list of all alerts, 100,000 of them with long labels. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

export function createPeer(settings: PeerSettings, options: Omit<HttpClientOptions, 'target' | 'timeoutMs'>): Peer {
  const client = createHttpClient({ ...options, target: settings, timeoutMs: settings.timeoutMs }, MAX_ANSWER_BYTES);
  const urlOf = (path: string) => {
    const url = new URL(settings.url);
    url.pathname = url.pathname.replace(/\/+$/, '') + path;
    return url.href;
  };
  return {
    url: loggableUrl(settings.url),
    receiver: settings.receiver,
    get: (path, stopped) =>
      client({ url: urlOf(path), method: 'GET', headers: { Accept: 'application/json' } }, stopped),
    post: (alerts, stopped) =>
      client(
        {
          url: urlOf('/api/v2/alerts'),
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(alerts.map(toJson)),
        },
        stopped,
      ),
  };
}

function toJson({ labels, annotations, startsAt, endsAt, generatorUrl }: PostableAlert) {
  return {
    labels: labelsToObject(labels),
    annotations: labelsToObject(annotations),
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
    // Alertmanager refuses a whole request for an empty URL.
    ...(generatorUrl !== '' && { generatorURL: generatorUrl }),
  };
}
