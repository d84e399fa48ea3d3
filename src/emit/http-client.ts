import type { Secret } from '../config/secret.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import { type Authorization, type Credentials, type ReadSecret, readAuthorization } from './remote-write-target.ts';

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

/** One request. The URL may be a secret, such as that of an incoming webhook of Slack. */
interface HttpRequest {
  readonly url: string | Secret;
  readonly method: 'GET' | 'POST';
  /** Headers of the protocol, which nothing replaces. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
}

export interface HttpClientOptions {
  /** Sent with every request; `headers` and the credentials of the request's protocol win over them. */
  readonly target: Credentials & { readonly headers?: ReadonlyMap<string, Secret> };
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly readSecret: ReadSecret;
  /** Our own version, for the header `User-Agent`. */
  readonly version: string;
}

/** The outcome, and when it was `sent` what the target answered: its text up to `maxAnswerBytes`. */
export type HttpAnswer = Outcome & { readonly text: string };

/** Sends one request. Never rejects: everything that can go wrong is an outcome. */
export type HttpClient = (request: HttpRequest, stopped: AbortSignal) => Promise<HttpAnswer>;

const DEFAULT_ANSWER_BYTES = 65_536;
const MAX_LOGGED_CHARACTERS = 300;

/** Makes a client with the credentials and limits of one target. */
export function createHttpClient(options: HttpClientOptions, maxAnswerBytes = DEFAULT_ANSWER_BYTES): HttpClient {
  const { target, clock, timeoutMs, readSecret } = options;
  return async (request, stopped) => {
    let authorization: Authorization = { header: undefined, secrets: [] };
    const timeout = new AbortController();
    const cancelTimeout = clock.after(timeoutMs, () => timeout.abort(new Error('timed out')));
    try {
      authorization = await readAuthorization(target, readSecret);
      const headers = requestHeaders(options, request, authorization);
      const signal = AbortSignal.any([stopped, timeout.signal]);
      return await send(options, { ...request, headers, signal }, authorization, maxAnswerBytes);
    } catch (error) {
      // fetch says "fetch failed" and hides the reason in the cause.
      const reason = messageOf((error as Error).cause ?? error);
      const answer = loggable(reason, [...authorization.secrets, revealed(request.url)]);
      return { kind: 'later', status: undefined, answer, retryAfterMs: undefined, text: '' };
    } finally {
      cancelTimeout();
    }
  };
}

/** Never follows a redirect: it would carry the credentials to a place that nobody configured. */
async function send(
  { clock, fetch }: HttpClientOptions,
  { url, ...request }: Omit<HttpRequest, 'headers'> & { headers: Headers; signal: AbortSignal },
  authorization: Authorization,
  maxAnswerBytes: number,
): Promise<HttpAnswer> {
  const response = await fetch(revealed(url), { ...request, redirect: 'manual' });
  if (response.ok) return { kind: 'sent', text: await readStart(response, maxAnswerBytes, request.method) };
  // An answer that breaks off is an answer all the same: its status has been read.
  const text = await readStart(response, DEFAULT_ANSWER_BYTES, 'POST');
  const isTransient = response.status === 429 || (response.status >= 500 && response.status < 600);
  return {
    kind: isTransient ? 'later' : 'never',
    status: response.status,
    answer: loggable(text, [...authorization.secrets, revealed(url)]),
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), clock.now()),
    text: '',
  };
}

/**
 * The headers of the protocol and the credentials are set last, so that nothing replaces them.
 * @throws when a value can't be a header; the platform's own message is not used because it quotes the value
 */
function requestHeaders(
  { target, version }: HttpClientOptions,
  request: HttpRequest,
  authorization: Authorization,
): Headers {
  try {
    const headers = new Headers();
    for (const [name, value] of target.headers ?? []) headers.set(name, value.reveal());
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, value);
    headers.set('User-Agent', `pronoia/${version}`);
    if (authorization.header !== undefined) headers.set('Authorization', authorization.header);
    return headers;
  } catch {
    throw new Error('a header or a credential contains characters that HTTP does not allow');
  }
}

/**
 * Reads what an answer begins with; a short one is read whole, so that its connection can be used again. Of an answer to
 * a POST only the status matters, so it may break off; one to a GET is wanted whole.
 */
async function readStart(response: Response, maxBytes: number, method: HttpRequest['method']): Promise<string> {
  let bytes = 0;
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= maxBytes) break;
    }
  } catch (error) {
    if (method === 'GET') throw error;
    return '';
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Secrets go out before the text is cut: a half of one is a secret too. */
function loggable(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '<secret>');
  return clean.slice(0, MAX_LOGGED_CHARACTERS).trim();
}

function revealed(url: string | Secret): string {
  return typeof url === 'string' ? url : url.reveal();
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); anything else, and a time that has passed, counts as absent. */
function parseRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return delayMs > 0 ? delayMs : undefined;
}
