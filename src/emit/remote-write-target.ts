/** Where output series are sent to: one entry of the configuration's `remote_write` section. */
export interface RemoteWriteTarget {
  /** May carry `user:password@`, which counts as basic auth unless another credential is given. */
  readonly url: string;
  /** Sent with every request. The headers of the protocol and the credentials below win over them. */
  readonly headers: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  readonly basicAuth?:
    | { readonly username: string; readonly password?: string | undefined; readonly passwordFile?: string | undefined }
    | undefined;
  readonly bearerToken?: string | undefined;
  /** Credential files are read at every request, so that a rotated secret is used at once. */
  readonly bearerTokenFile?: string | undefined;
  readonly remoteTimeoutMs: number;
  readonly queue: {
    /** Samples, > 0. */
    readonly capacity: number;
    readonly maxSamplesPerSend: number;
    readonly flushIntervalMs: number;
    /** A batch that could not be delivered for so long is given up. */
    readonly maxAgeMs: number;
  };
}

/** Gives the text of a file that holds a secret; rejects when it can't be read. */
export type ReadSecret = (path: string) => Promise<string>;

/** The URL as it may be logged: without user, password, and the query, in which tokens travel as well. */
export function loggableUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** The URL to fetch, which refuses URLs that contain credentials. */
export function urlWithoutCredentials(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href;
}

/** The value of the header `Authorization`, and what of it must not be seen in a log. */
export interface Authorization {
  readonly header: string | undefined;
  readonly secrets: readonly string[];
}

/** Reads the credentials of this moment. Rejects when a file can't be read. */
export async function readAuthorization(target: RemoteWriteTarget, readSecret: ReadSecret): Promise<Authorization> {
  const { bearerToken, bearerTokenFile, basicAuth } = target;
  const token = await readCredential(bearerToken, bearerTokenFile, readSecret);
  if (token !== undefined) return { header: `Bearer ${token}`, secrets: [token] };
  if (basicAuth !== undefined) {
    const password = await readCredential(basicAuth.password, basicAuth.passwordFile, readSecret);
    return basicAuthorization(basicAuth.username, password ?? '');
  }
  const { username, password } = new URL(target.url);
  if (username === '' && password === '') return { header: undefined, secrets: [] };
  return basicAuthorization(decodeURIComponent(username), decodeURIComponent(password));
}

async function readCredential(inline: string | undefined, file: string | undefined, readSecret: ReadSecret) {
  return inline ?? (file === undefined ? undefined : (await readSecret(file)).trim());
}

function basicAuthorization(username: string, password: string): Authorization {
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  return { header: `Basic ${encoded}`, secrets: [encoded, password] };
}
