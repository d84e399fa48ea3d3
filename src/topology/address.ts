import { isIP } from 'node:net';

/** `host:port`, `[v6]:port`, a host or a URL, taken apart. */
export interface Address {
  readonly host: string;
  /** Empty when there is none. */
  readonly port: string;
  readonly isIp: boolean;
}

export function parseAddress(text: string): Address {
  const host = hostOf(text);
  const match = /^\[([^\]]+)\](?::(\d+))?$/.exec(host) ?? /^([^:]+):(\d+)$/.exec(host);
  const name = (match?.[1] ?? host).toLowerCase().replace(/\.$/, '');
  return { host: name, port: match?.[2] ?? '', isIp: isIP(name) !== 0 };
}

/** A service by the name that Kubernetes' DNS gives it; undefined for any other name. */
export function serviceOfDnsName(host: string): { readonly namespace: string; readonly name: string } | undefined {
  const parts = host.split('.');
  // service.namespace.svc…, and pod.service.namespace.svc… of a headless one
  const svc = parts.indexOf('svc');
  if (svc !== 2 && svc !== 3) return undefined;
  return { name: parts[svc - 2]!, namespace: parts[svc - 1]! };
}

export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

function hostOf(text: string): string {
  if (!isUrl(text)) return text.replace(/\/.*$/, '');
  return URL.parse(text)?.host ?? text;
}
