import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebConfig } from '../config/web-load.ts';
import { errorAnswer, RequestError } from '../model/errors.ts';
import { BasicAuth, type CompareHash, type Verdict } from './basic-auth.ts';

const RETRY_AFTER_SECONDS = 5;
/** As Go's server: a body of up to so many bytes is thrown away as it comes, a larger one costs the connection. */
const MAX_DISCARDED_BYTES = 256 * 1024;

const REFUSED = errorAnswer(
  new RequestError(401, 'unauthorized', 'this needs the name and password of a user (HTTP basic authentication)'),
);
const BUSY = errorAnswer(
  new RequestError(503, 'unavailable', 'too many passwords are waiting to be checked, try again later'),
);

/** What a web configuration has to say about every request before it is answered. */
export class WebAccess {
  readonly #auth: BasicAuth;
  #config!: WebConfig;

  constructor(config: WebConfig, compareHash: CompareHash) {
    this.#auth = new BasicAuth(compareHash);
    this.configure(config);
  }

  configure(config: WebConfig): void {
    this.#config = config;
    if (config.users.size > 0) this.#auth.configure(config.users);
  }

  /** Sets the headers, then lets the request go on, or refuses it. Nothing of its body has been read until then. */
  admit(request: IncomingMessage, response: ServerResponse, goOn: () => void): void {
    for (const [name, value] of this.#config.headers) response.setHeader(name, value);
    const verdict = this.#config.users.size === 0 ? 'accepted' : this.#auth.check(request.headers.authorization);
    const conclude = (final: Verdict) => {
      if (final === 'accepted') goOn();
      else refuse(request, response, final);
    };
    if (typeof verdict === 'string') conclude(verdict);
    // Who asked may have gone away meanwhile.
    else verdict.then((final) => response.destroyed || conclude(final));
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, verdict: 'refused' | 'busy'): void {
  const { status, body } = verdict === 'refused' ? REFUSED : BUSY;
  if (verdict === 'refused') response.setHeader('WWW-Authenticate', 'Basic realm="pronoia", charset="UTF-8"');
  else response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
  const isLong = Number(request.headers['content-length'] ?? 0) > MAX_DISCARDED_BYTES;
  if (isLong || request.headers['transfer-encoding'] !== undefined) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
