import type { Labels } from './labels.ts';

const SEPARATOR = 0xff;
/** The prime 0x100000001b3 without its highest bit: multiplying by that bit is a shift by 40. */
const PRIME_LOW = 0x1b3;

/**
 * FNV-1a, 64 bits, over UTF-8 bytes, each text followed by the byte 0xff; as 16 hexadecimal digits. The state is kept
 * in two halves of 32 bits, because a BigInt per byte is four times slower and a delivery can bring 20,000 label sets.
 */
export function fnv1a64(texts: Iterable<string>): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const text of texts) {
    const bytes = Buffer.from(text, 'utf8');
    for (let i = 0; i <= bytes.length; i++) {
      low = (low ^ (i < bytes.length ? bytes[i]! : SEPARATOR)) >>> 0;
      const product = low * PRIME_LOW;
      high = (Math.imul(high, PRIME_LOW) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
      low = product >>> 0;
    }
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

/**
 * The identity of an alert, equal to Alertmanager's (prometheus/common model/signature.go): FNV-1a over the sorted
 * label names and values. The empty set gives `cbf29ce484222325`.
 */
export function fingerprint(labels: Labels): string {
  return fnv1a64([...labels].flat());
}
