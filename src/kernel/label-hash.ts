/**
 * 64-bit hash of a run of bytes, as two 32-bit lanes, because JavaScript multiplies 32-bit integers fast and 64-bit ones
 * not at all. Each word of 4 bytes enters both lanes by steps that are one-to-one in the word: xor or addition, and
 * multiplication by an odd constant, which carries differences upwards. What brings them down again differs between the
 * lanes, a shift here and a rotation there, so that what the next word would have to be to cancel a difference in one lane
 * is wrong for the other. The two halves of the input run through lanes of their own: four short chains instead of two
 * long ones keep the multiplier busy. Seeded, so that nobody who chooses labels can choose collisions.
 *
 * A million series collide with a probability of 3e-8 if all goes by chance (birthday bound for 64 bits). Names that differ
 * in a few digits may meet in one lane some thirty times more often than by chance, which makes it 1e-6.
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
    const half = (length >>> 3) << 2;
    let a = this.#seedLow ^ length;
    let b = this.#seedHigh;
    let c = this.#seedHigh ^ 0x3c6ef372;
    let d = this.#seedLow ^ 0x1f83d9ab;
    for (let at = start; at < start + half; at += 4) {
      const first = view.getInt32(at, true);
      a = Math.imul(a ^ first, 0xcc9e2d51);
      a ^= a >>> 15;
      b = Math.imul((((b << 17) | (b >>> 15)) + first) | 0, 0x9e3779b1);
      const second = view.getInt32(at + half, true);
      c = Math.imul(c ^ second, 0x1b873593);
      c ^= c >>> 15;
      d = Math.imul((((d << 17) | (d >>> 15)) + second) | 0, 0x85ebca6b);
    }
    // Up to 7 bytes are left; the last word is masked to its length.
    for (let at = start + 2 * half; at < end; at += 4) {
      const left = end - at;
      const word = left >= 4 ? view.getInt32(at, true) : view.getInt32(at, true) & (2 ** (8 * left) - 1);
      a = Math.imul(a ^ word, 0xcc9e2d51);
      a ^= a >>> 15;
      b = Math.imul((((b << 17) | (b >>> 15)) + word) | 0, 0x9e3779b1);
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
