import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import {
  type Authorization,
  type ReadSecret,
  type RemoteWriteTarget,
  readAuthorization,
} from './remote-write-target.ts';

/**
 * What became of one request. `later`: try it again, not before `retryAfterMs` if the target named a time. `never`: it
 * would be refused again. `answer` is what the target or the network said, cut, without our credentials.
 */
export type Outcome =
  | { readonly kind: 'sent' }
  | {
      readonly kind: 'later' | 'never';
      /** The HTTP status, or undefined when there was no answer. */
      readonly status: number | undefined;
      readonly answer: string;
      readonly retryAfterMs: number | undefined;
    };

export interface RemoteWriteClientOptions {
  readonly target: RemoteWriteTarget;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly readSecret: ReadSecret;
  /** Our own version, for the header `User-Agent`. */
  readonly version: string;
}

const MAX_ANSWER_BYTES = 65_536;
const MAX_LOGGED_CHARACTERS = 300;

/** Sends one body of remote write 1.0. Never rejects: everything that can go wrong is an outcome. */
export type RemoteWriteClient = (body: Uint8Array<ArrayBuffer>, stopped: AbortSignal) => Promise<Outcome>;

/** Makes the client of one target (remote write 1.0, https://prometheus.io/docs/specs/prw/remote_write_spec/). */
export function createRemoteWriteClient(options: RemoteWriteClientOptions): RemoteWriteClient {
  const { target, clock, readSecret } = options;
  return async (body, stopped) => {
    let authorization: Authorization = { header: undefined, secrets: [] };
    const timeout = new AbortController();
    const cancelTimeout = clock.after(target.remoteTimeoutMs, () => timeout.abort(new Error('timed out')));
    try {
      authorization = await readAuthorization(target, readSecret);
      const headers = requestHeaders(target, authorization, options.version);
      const signal = AbortSignal.any([stopped, timeout.signal]);
      return await post(options, { headers, body, signal }, authorization);
    } catch (error) {
      return noAnswer(error, authorization);
    } finally {
      cancelTimeout();
    }
  };
}

/** Never follows a redirect: it would carry the credentials to a place that nobody configured. */
async function post(
  { target, clock, fetch }: RemoteWriteClientOptions,
  request: { headers: Headers; body: Uint8Array<ArrayBuffer>; signal: AbortSignal },
  authorization: Authorization,
): Promise<Outcome> {
  const response = await fetch(target.url, { ...request, method: 'POST', redirect: 'manual' });
  // An answer that breaks off is an answer all the same: its status has been read.
  const text = await readStart(response).catch(() => '');
  if (response.ok) return { kind: 'sent' };
  const isTransient = response.status === 429 || (response.status >= 500 && response.status < 600);
  return {
    kind: isTransient ? 'later' : 'never',
    status: response.status,
    answer: loggable(text, authorization),
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), clock.now()),
  };
}

function noAnswer(error: unknown, authorization: Authorization): Outcome {
  // fetch says "fetch failed" and hides the reason in the cause.
  const reason = messageOf((error as Error).cause ?? error);
  return { kind: 'later', status: undefined, answer: loggable(reason, authorization), retryAfterMs: undefined };
}

/**
 * The four headers of the protocol and the credentials are set last, so that nothing replaces them.
 * @throws when a value can't be a header; the platform's own message is not used because it quotes the value
 */
function requestHeaders(target: RemoteWriteTarget, authorization: Authorization, version: string): Headers {
  try {
    const headers = new Headers();
    for (const [name, value] of target.headers) headers.set(name, value.reveal());
    headers.set('Content-Encoding', 'snappy');
    headers.set('Content-Type', 'application/x-protobuf');
    headers.set('User-Agent', `pronoia/${version}`);
    headers.set('X-Prometheus-Remote-Write-Version', '0.1.0');
    if (authorization.header !== undefined) headers.set('Authorization', authorization.header);
    return headers;
  } catch {
    throw new Error('a header or a credential contains characters that HTTP does not allow');
  }
}

/** Reads what an answer begins with. A short one is read whole, so that its connection can be used again. */
async function readStart(response: Response): Promise<string> {
  let bytes = 0;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Secrets go out before the text is cut: a half of one is a secret too. */
function loggable(text: string, { secrets }: Authorization): string {
  let clean = text;
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '<secret>');
  return clean.slice(0, MAX_LOGGED_CHARACTERS).trim();
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); anything else, and a time that has passed, counts as absent. */
function parseRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return delayMs > 0 ? delayMs : undefined;
}
