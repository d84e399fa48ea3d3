/**
 * Reader of XOR chunks, the form in which Prometheus stores float samples (prometheus/prometheus tsdb/chunkenc/xor.go;
 * Pelkonen et al., "Gorilla", VLDB 2015): times as differences of differences, values as what changed in their bits.
 */

/** Bits of a difference of differences, by how many ones stand before it; 0 ones is no difference at all. */
const DOD_BITS = [0, 14, 17, 20, 64] as const;
/** More bits than this do not always lie within four bytes, whatever bit they begin at. */
const WINDOW_BITS = 25;

const words = new Uint32Array(2);
const number = new Float64Array(words.buffer);
const bigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;
const LOW = bigEndian ? 1 : 0;
const HIGH = 1 - LOW;

/**
 * Decodes a chunk.
 * @param chunk the bytes after the chunk's encoding byte
 * @param add called for every sample in the order of the chunk, times in milliseconds since the epoch
 * @throws Error when the chunk ends early
 */
export function readXorChunk(chunk: Uint8Array, add: (timestamp: number, value: number) => void): void {
  const bits = new BitReader(chunk);
  const count = bits.read(16);
  if (count === 0) return;
  let timestamp = bits.zigzag();
  let high = bits.read(32);
  let low = bits.read(32);
  add(timestamp, float(high, low));
  let delta = 0;
  let leading = 0;
  let length = 0;
  for (let i = 1; i < count; i++) {
    delta = i === 1 ? bits.varint() : delta + differenceOfDifferences(bits);
    timestamp += delta;
    if (bits.read(1) === 1) {
      if (bits.read(1) === 1) {
        leading = bits.read(5);
        length = bits.read(6) || 64;
      }
      const trailing = 64 - leading - length;
      if (trailing < 0) throw new Error('a chunk has a value of more than 64 bits');
      // `length` bits, moved left by `trailing`, are what changed.
      const upper = length > 32 ? bits.read(length - 32) : 0;
      const lower = bits.read(Math.min(length, 32));
      high ^= trailing >= 32 ? lower << (trailing - 32) : (upper << trailing) | shiftedOut(lower, trailing);
      low ^= trailing >= 32 ? 0 : lower << trailing;
    }
    add(timestamp, float(high, low));
  }
}

/** What leaves 32 bits at the top when they are moved left. */
function shiftedOut(bits: number, by: number): number {
  return by === 0 ? 0 : bits >>> (32 - by);
}

function differenceOfDifferences(bits: BitReader): number {
  let ones = 0;
  while (ones < 4 && bits.read(1) === 1) ones++;
  const size = DOD_BITS[ones]!;
  if (size === 0) return 0;
  if (size === 64) return (bits.read(32) | 0) * 2 ** 32 + bits.read(32);
  const value = bits.read(size);
  return value > 2 ** (size - 1) ? value - 2 ** size : value;
}

function float(high: number, low: number): number {
  words[HIGH] = high;
  words[LOW] = low;
  return number[0]!;
}

/** Reads bits, the highest of each byte first. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @param count 1 to 32 @returns an unsigned number */
  read(count: number): number {
    if (count > WINDOW_BITS) {
      const upper = this.read(count - 16);
      return upper * 65_536 + this.read(16);
    }
    const at = this.#at;
    this.#at = at + count;
    const bytes = this.#bytes;
    if (this.#at > bytes.length * 8) throw new Error('a chunk ends before its last sample');
    const byte = at >>> 3;
    // Past the end come zeros, which the check above keeps from being used.
    const window =
      (bytes[byte]! << 24) | ((bytes[byte + 1] ?? 0) << 16) | ((bytes[byte + 2] ?? 0) << 8) | (bytes[byte + 3] ?? 0);
    return (window << (at & 7)) >>> (32 - count);
  }

  /** An unsigned varint; up to 2^53 it is exact. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.read(8);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a chunk has a number of more than ten bytes');
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
