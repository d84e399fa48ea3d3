import type { Labels } from './labels.ts';

const OFFSET = 14695981039346656037n;
const PRIME = 1099511628211n;
const SEPARATOR = 0xff;

/** FNV-1a, 64 bits, over UTF-8 bytes, each text followed by the byte 0xff; as 16 hexadecimal digits. */
export function fnv1a64(texts: Iterable<string>): string {
  let hash = OFFSET;
  for (const text of texts) {
    for (const byte of Buffer.from(text, 'utf8')) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
    hash = BigInt.asUintN(64, (hash ^ BigInt(SEPARATOR)) * PRIME);
  }
  return hash.toString(16).padStart(16, '0');
}

/**
 * The identity of an alert, equal to Alertmanager's (prometheus/common model/signature.go): FNV-1a over the sorted
 * label names and values. The empty set gives `cbf29ce484222325`.
 */
export function fingerprint(labels: Labels): string {
  return fnv1a64([...labels].flat());
}
