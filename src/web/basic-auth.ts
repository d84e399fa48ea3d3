import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { Secret } from '../config/secret.ts';

/** Passwords that may wait for their check; further ones are to come again later. */
const MAX_PENDING = 64;
/** Results that are remembered, for right and for wrong passwords each. */
const MAX_REMEMBERED = 1000;

/** `busy`: ask again later. */
export type Verdict = 'accepted' | 'refused' | 'busy';

/** Whether a bcrypt hash was made from a password. */
export type CompareHash = (password: string, hash: string) => Promise<boolean>;

/**
 * Passwords of HTTP basic authentication (RFC 7617). A bcrypt check costs as much as thousands of requests, so its result is
 * remembered: not the password but a keyed digest of user, hash and password, with a key that dies with the process. A hash
 * that changes makes other digests, so nothing has to be forgotten then. A user who is not known is checked as well, against
 * a hash that nothing matches, so that the time of an answer does not tell who exists.
 */
export class BasicAuth {
  readonly #compareHash: CompareHash;
  /** As a KeyObject: a digest with raw bytes takes eight times as long. */
  readonly #key = createSecretKey(randomBytes(32));
  #users: ReadonlyMap<string, Secret> = new Map();
  #hashOfNobody = '';
  readonly #accepted = new Set<string>();
  /** Apart from the accepted ones, so that guesses cannot drive those out. */
  readonly #refused = new Set<string>();
  readonly #pending = new Map<string, Promise<Verdict>>();

  constructor(compareHash: CompareHash) {
    this.#compareHash = compareHash;
  }

  /** @param users bcrypt hashes by user, at least one */
  configure(users: ReadonlyMap<string, Secret>): void {
    this.#users = users;
    const costs = [...users.values()].map((hash) => hash.reveal().slice(4, 6));
    this.#hashOfNobody = `$2b$${costs.sort().at(-1)}$${'.'.repeat(53)}`;
  }

  /**
   * Checks the value of an `Authorization` header. The answer is there at once when these credentials were seen before.
   * @param authorization undefined when there was no such header
   */
  check(authorization: string | undefined): Verdict | Promise<Verdict> {
    const credentials = authorization === undefined ? undefined : readCredentials(authorization);
    if (credentials === undefined) return 'refused';
    const { user, password } = credentials;
    const known = this.#users.get(user)?.reveal();
    const hash = known ?? this.#hashOfNobody;
    const digest = this.#digestOf(user, hash, password);
    if (this.#accepted.has(digest)) return 'accepted';
    if (this.#refused.has(digest)) return 'refused';
    const pending = this.#pending.get(digest);
    if (pending !== undefined) return pending;
    if (this.#pending.size >= MAX_PENDING) return 'busy';
    const verdict = this.#compareHash(password, hash).then((matches) =>
      this.#settle(digest, matches && known !== undefined),
    );
    this.#pending.set(digest, verdict);
    return verdict;
  }

  #settle(digest: string, isAccepted: boolean): Verdict {
    this.#pending.delete(digest);
    remember(isAccepted ? this.#accepted : this.#refused, digest);
    return isAccepted ? 'accepted' : 'refused';
  }

  #digestOf(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64');
  }
}

function readCredentials(authorization: string): { user: string; password: string } | undefined {
  const encoded = /^basic +([\w+/=-]+) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** The oldest is forgotten when there are too many. */
function remember(digests: Set<string>, digest: string): void {
  if (digests.size >= MAX_REMEMBERED) digests.delete(digests.values().next().value!);
  digests.add(digest);
}
