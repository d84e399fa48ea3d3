import type { Secret } from '../config/secret.ts';
import { type Credentials, type ReadSecret, readAuthorization } from '../emit/remote-write-target.ts';
import type { Compress } from '../emit/snappy-compress.ts';
import { messageOf } from '../model/errors.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { type FamilyType, METRIC_TYPES } from '../series/kinds.ts';

/** Where history is read from: the `bootstrap` section of the configuration. */
export interface HistoryServer extends Credentials {
  /** Base URL, without `/api/v1`. */
  readonly prometheus: string;
  readonly headers: ReadonlyMap<string, Secret>;
}

/** The server does not have what was asked for, and will not have it later. */
export class Unsupported extends Error {}

/** The server, or the way to it, failed; `isTransient` when the same request may succeed later. */
export class ServerError extends Error {
  readonly isTransient: boolean;
  readonly status: number | undefined;
  constructor(message: string, isTransient: boolean, status?: number) {
    super(message);
    this.isTransient = isTransient;
    this.status = status;
  }
}

interface ClientOptions {
  readonly server: HistoryServer;
  readonly fetch: typeof fetch;
  readonly readSecret: ReadSecret;
  readonly compress: Compress;
  /** Our own version, for the header `User-Agent`. */
  readonly version: string;
}

const MAX_ERROR_CHARACTERS = 300;

export type HistoryClient = ReturnType<typeof createHistoryClient>;

/** Asks a server for history: Prometheus' HTTP API and its remote read. */
export function createHistoryClient({ server, fetch, readSecret, compress, version }: ClientOptions) {
  const base = server.prometheus.replace(/\/+$/, '');

  async function send(
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string>,
    body: Uint8Array<ArrayBuffer> | URLSearchParams | undefined,
    signal: AbortSignal,
  ) {
    const authorization = await readAuthorization(server, readSecret);
    const all = new Headers();
    for (const [name, value] of server.headers) all.set(name, value.reveal());
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    all.set('User-Agent', `pronoia/${version}`);
    if (authorization.header !== undefined) all.set('Authorization', authorization.header);
    let response: Response;
    try {
      response = await fetch(base + path, { method, headers: all, signal, redirect: 'manual', ...(body && { body }) });
    } catch (error) {
      // fetch says "fetch failed" and hides the reason in the cause.
      throw new ServerError(messageOf((error as Error).cause ?? error), true);
    }
    if (response.ok) return response;
    const answer = await response.text().catch(() => '');
    const text = authorization.secrets.reduce((clean, secret) => clean.replaceAll(secret || '\0', '<secret>'), answer);
    const { status } = response;
    const isTransient = status === 429 || status >= 500;
    throw new ServerError(
      `${path} answers ${status}: ${text.slice(0, MAX_ERROR_CHARACTERS).trim()}`,
      isTransient,
      status,
    );
  }

  return {
    /** Names of all metrics that have samples in a range of time. @param range seconds since the epoch */
    async metricNames(range: { start: string; end: string }, signal: AbortSignal): Promise<string[]> {
      const url = `/api/v1/label/${METRIC_NAME}/values?${new URLSearchParams(range)}`;
      const response = await send('GET', url, {}, undefined, signal);
      return ((await response.json()) as { data: string[] }).data;
    },

    /** What the server knows of metric families; nothing where it does not say. */
    async metadata(signal: AbortSignal): Promise<FamilyType[]> {
      try {
        const response = await send('GET', '/api/v1/metadata', {}, undefined, signal);
        const { data } = (await response.json()) as { data: Readonly<Record<string, readonly { type: string }[]>> };
        return Object.entries(data).flatMap(([family, [first]]) => {
          const type = METRIC_TYPES.find((each) => each === first?.type);
          return type === undefined ? [] : [{ family, type }];
        });
      } catch (error) {
        if (error instanceof ServerError && !error.isTransient && !isForbidden(error)) return [];
        throw error;
      }
    },

    /** Asks Prometheus' HTTP API. @returns the `data` of its answer */
    async query(path: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown> {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const response = await send('POST', path, headers, new URLSearchParams(parameters), signal);
      const answer = (await response.json()) as { data?: unknown };
      return answer.data;
    },

    /** Posts a `prometheus.ReadRequest`. @throws Unsupported where there is no remote read */
    async remoteRead(request: Uint8Array, signal: AbortSignal): Promise<Response> {
      const headers = {
        'Content-Type': 'application/x-protobuf',
        'Content-Encoding': 'snappy',
        'X-Prometheus-Remote-Read-Version': '0.1.0',
      };
      try {
        return await send('POST', '/api/v1/read', headers, compress(Buffer.from(request)), signal);
      } catch (error) {
        // What is no such endpoint says so in many ways: 400, 404, 405, 415, 501.
        const isAbsent = error instanceof ServerError && (!error.isTransient || error.status === 501);
        if (isAbsent && !isForbidden(error)) throw new Unsupported(error.message);
        throw error;
      }
    },
  };
}

/** Whether credentials are missing or wrong: nothing else that is asked will be answered. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ServerError && (error.status === 401 || error.status === 403);
}

/** Whether the server is not there, or too busy: it will be again. */
export function isOutage(error: unknown): boolean {
  return error instanceof ServerError && [undefined, 429, 502, 503, 504].includes(error.status);
}
