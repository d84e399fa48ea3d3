import { Secret } from '../config/secret.ts';
import type { Outcome } from '../emit/http-client.ts';
import type { ReadSecret } from '../emit/remote-write-target.ts';
import { messageOf } from '../model/errors.ts';

/** A URL that whoever knows it may post to. The file is read at every request, so that a new one is used at once. */
interface SecretUrl {
  readonly url?: Secret | undefined;
  readonly urlFile?: string | undefined;
}

/** Does something with a URL. A file that can't be read, or holds no URL, may be mended: it is tried again later. */
export async function readUrl(
  { url, urlFile }: SecretUrl,
  readSecret: ReadSecret,
  use: (url: Secret) => Promise<Outcome>,
): Promise<Outcome> {
  const later = (answer: string): Outcome => ({ kind: 'later', status: undefined, answer, retryAfterMs: undefined });
  if (url !== undefined) return use(url);
  let text: string;
  try {
    text = (await readSecret(urlFile!)).trim();
  } catch (error) {
    return later(`url_file cannot be read: ${messageOf(error)}`);
  }
  return URL.canParse(text) ? use(new Secret(text)) : later(`url_file ${urlFile} does not hold a URL`);
}
