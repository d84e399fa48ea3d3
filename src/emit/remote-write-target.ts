import type { Secret } from '../config/secret.ts';

/** Where output series are sent to: one entry of the configuration's `remote_write` section. */
export interface RemoteWriteTarget extends Credentials {
  /** Without user and password. */
  readonly url: string;
  /** Sent with every request. The headers of the protocol and the credentials below win over them. */
  readonly headers: ReadonlyMap<string, Secret>;
  readonly remoteTimeoutMs: number;
  readonly queue: {
    /** Samples, > 0. More than are put out at one flush, or some are dropped at each. */
    readonly capacity: number;
    readonly maxSamplesPerSend: number;
    readonly flushIntervalMs: number;
    /** A batch that could not be delivered for so long is given up. */
    readonly maxAgeMs: number;
  };
}

/** Who we are for a server, at most one way of saying it. */
export interface Credentials {
  readonly basicAuth?: BasicAuth | undefined;
  readonly bearerToken?: Secret | undefined;
  /** Credential files are read at every request, so that a rotated secret is used at once. */
  readonly bearerTokenFile?: string | undefined;
}

interface BasicAuth {
  readonly username: string;
  readonly password?: Secret | undefined;
  readonly passwordFile?: string | undefined;
}

/** Gives the text of a file that holds a secret; rejects when it can't be read. */
export type ReadSecret = (path: string) => Promise<string>;

/** The URL as it may be logged: without the query, in which tokens may travel. */
export function loggableUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** The value of the header `Authorization`, and what must not be seen in a log. */
export interface Authorization {
  readonly header: string | undefined;
  readonly secrets: readonly string[];
}

/** Reads the credentials of this moment. Rejects when a file can't be read. */
export async function readAuthorization(credentials: Credentials, readSecret: ReadSecret): Promise<Authorization> {
  const { bearerToken, bearerTokenFile, basicAuth } = credentials;
  const token = await readCredential(bearerToken, bearerTokenFile, readSecret);
  if (token !== undefined) return { header: `Bearer ${token}`, secrets: [token] };
  if (basicAuth === undefined) return { header: undefined, secrets: [] };
  const password = (await readCredential(basicAuth.password, basicAuth.passwordFile, readSecret)) ?? '';
  const encoded = Buffer.from(`${basicAuth.username}:${password}`).toString('base64');
  return { header: `Basic ${encoded}`, secrets: [encoded, password] };
}

async function readCredential(inline: Secret | undefined, file: string | undefined, readSecret: ReadSecret) {
  return inline?.reveal() ?? (file === undefined ? undefined : (await readSecret(file)).trim());
}
