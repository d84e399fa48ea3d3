import type { Labels } from './labels.ts';

const SEPARATOR = 0xff;
/** The prime 0x100000001b3 without its highest bit: multiplying by that bit is a shift by 40. */
const PRIME_LOW = 0x1b3;

/**
 * FNV-1a, 64 bits, over UTF-8 bytes, each text followed by the byte 0xff; as 16 hexadecimal digits. The state is kept
 * in two halves of 32 bits, because a BigInt per byte is four times slower and a delivery can bring 20,000 label sets.
 */
export function fnv1a64(texts: Iterable<string>): string {
  let high = 0xcbf29ce4 | 0;
  let low = 0x84222325 | 0;
  for (const text of texts) {
    const bytes = isAscii(text) ? undefined : Buffer.from(text, 'utf8');
    const length = bytes === undefined ? text.length : bytes.length;
    for (let i = 0; i <= length; i++) {
      low ^= i === length ? SEPARATOR : bytes === undefined ? text.charCodeAt(i) : bytes[i]!;
      // By the low part of the prime in two steps, so that every number stays a small integer.
      const lower = (low & 0xffff) * PRIME_LOW;
      const upper = (low >>> 16) * PRIME_LOW + (lower >>> 16);
      high = (Math.imul(high, PRIME_LOW) + (upper >>> 16) + (low << 8)) | 0;
      low = (upper << 16) | (lower & 0xffff);
    }
  }
  return toHex(high) + toHex(low);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function toHex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}

/**
 * The identity of an alert, equal to Alertmanager's (prometheus/common model/signature.go): FNV-1a over the sorted
 * label names and values. The empty set gives `cbf29ce484222325`.
 */
export function fingerprint(labels: Labels): string {
  return fnv1a64(namesAndValues(labels));
}

function namesAndValues(labels: Labels): string[] {
  const texts: string[] = [];
  for (const [name, value] of labels) texts.push(name, value);
  return texts;
}
