import { isUrl, parseAddress } from './address.ts';

/** Domains beyond that many are somebody else's for sure. */
const MAX_DOMAINS = 1000;

/**
 * Whose host is `checkout.example.com`: that of the checkout which is known here, or a partner's? Names under the domain
 * that most of the probed names belong to are ours; the same name under another domain is somebody else's.
 */
export class HomeDomains {
  readonly #names = new Map<string, Set<string>>();

  /** Remembers a probed address. @returns whether its domain may be our own: no other has more names */
  mayBeHome(instance: string): boolean {
    if (!isUrl(instance)) return true;
    const { host, isIp } = parseAddress(instance);
    const dot = host.indexOf('.');
    if (isIp || dot === -1) return true;
    const names = this.#namesOf(host.slice(dot + 1));
    names.add(host.slice(0, dot));
    return Math.max(...[...this.#names.values()].map(({ size }) => size)) <= names.size;
  }

  #namesOf(domain: string): Set<string> {
    const known = this.#names.get(domain);
    if (known !== undefined) return known;
    const names = new Set<string>();
    if (this.#names.size < MAX_DOMAINS) this.#names.set(domain, names);
    return names;
  }
}
