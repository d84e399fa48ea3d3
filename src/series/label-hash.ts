/**
 * 64-bit hash of a run of bytes, as two 32-bit lanes, because JavaScript multiplies 32-bit integers fast and 64-bit ones
 * not at all. Of each 8 bytes both words enter both lanes: one by a step that is one-to-one in the word (xor, then
 * multiplication by an odd constant), the other by addition, after a rotation that differs between the lanes, so that no
 * difference can cancel itself in both. The two halves of the input run through lanes of their own: four short chains
 * instead of two long ones keep the multiplier busy. Seeded, so that nobody who chooses labels can choose collisions.
 *
 * A million series collide with a probability of 3e-8 (birthday bound for 64 bits).
 */
export class LabelHash {
  /** The two halves of the latest hash. */
  low = 0;
  high = 0;
  readonly #view: DataView;
  readonly #seedLow: number;
  readonly #seedHigh: number;

  /** @param bytes the buffer to hash from; 4 bytes behind the last one hashed must be readable */
  constructor(bytes: Uint8Array<ArrayBuffer>, seed: readonly [number, number]) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#seedLow = seed[0];
    this.#seedHigh = seed[1];
  }

  /** Hashes bytes [start, end) into `low` and `high`. */
  update(start: number, end: number): void {
    const view = this.#view;
    const length = end - start;
    const half = (length >>> 4) << 3;
    let a = this.#seedLow ^ length;
    let b = this.#seedHigh;
    let c = this.#seedHigh ^ 0x3c6ef372;
    let d = this.#seedLow ^ 0x1f83d9ab;
    for (let at = start; at < start + half; at += 8) {
      const first = view.getInt32(at, true);
      const second = view.getInt32(at + 4, true);
      a = (Math.imul(((a << 15) | (a >>> 17)) ^ first, 0xcc9e2d51) + second) | 0;
      b = (Math.imul(((b << 11) | (b >>> 21)) ^ second, 0x1b873593) + first) | 0;
      const third = view.getInt32(at + half, true);
      const fourth = view.getInt32(at + half + 4, true);
      c = (Math.imul(((c << 15) | (c >>> 17)) ^ third, 0x85ebca6b) + fourth) | 0;
      d = (Math.imul(((d << 11) | (d >>> 21)) ^ fourth, 0xc2b2ae35) + third) | 0;
    }
    // Up to 15 bytes are left; the last word is masked to its length.
    for (let at = start + 2 * half; at < end; at += 4) {
      const left = end - at;
      const word = left >= 4 ? view.getInt32(at, true) : view.getInt32(at, true) & (2 ** (8 * left) - 1);
      a = Math.imul(((a << 15) | (a >>> 17)) ^ word, 0xcc9e2d51);
      b = Math.imul(((b << 11) | (b >>> 21)) ^ word, 0x1b873593);
    }
    this.low = mix(a ^ ((d << 16) | (d >>> 16)));
    this.high = mix(b ^ ((c << 16) | (c >>> 16)));
  }
}

/** Finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
