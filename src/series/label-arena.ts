/** Bytes of one unit of allocation: an address counts units, so that 32 bits reach 64 GiB. */
const UNIT = 16;
const CHUNK = 4 * 1024 * 1024;
const CHUNK_UNITS = CHUNK / UNIT;

/**
 * Keeps the label bytes of every series, outside the garbage collector's view: chunks of 4 MiB, and a free list per
 * size, so that the labels of a new pod take the place of those of an old one. A freed place is never given back to the
 * system; memory is bounded by the largest use of each size.
 */
export class LabelArena {
  readonly #chunks: Uint8Array[] = [];
  readonly #free = new Map<number, number[]>();
  #next = 0;

  /**
   * Copies `bytes` (at most 4 MiB) in.
   * @returns their address, > 0
   */
  store(bytes: Uint8Array): number {
    const units = unitsOf(bytes.length);
    const address = this.#free.get(units)?.pop() ?? this.#allocate(units);
    this.#chunk(address).set(bytes, (address % CHUNK_UNITS) * UNIT);
    return address;
  }

  /** The bytes at an address that `store` gave for as many bytes. A view: valid until they are released. */
  read(address: number, length: number): Uint8Array {
    const start = (address % CHUNK_UNITS) * UNIT;
    return this.#chunk(address).subarray(start, start + length);
  }

  release(address: number, length: number): void {
    const units = unitsOf(length);
    const list = this.#free.get(units);
    if (list === undefined) this.#free.set(units, [address]);
    else list.push(address);
  }

  #chunk(address: number): Uint8Array {
    return this.#chunks[Math.floor(address / CHUNK_UNITS)]!;
  }

  #allocate(units: number): number {
    const left = this.#chunks.length * CHUNK_UNITS - this.#next;
    if (left < units) {
      // What is left of the last chunk is not lost: it serves a smaller label set.
      if (left > 0) this.release(this.#next, left * UNIT);
      this.#next = this.#chunks.length * CHUNK_UNITS;
      this.#chunks.push(new Uint8Array(CHUNK));
      // Address 0 means "no labels stored".
      if (this.#next === 0) this.#next = 1;
    }
    const address = this.#next;
    this.#next += units;
    return address;
  }
}

function unitsOf(length: number): number {
  return Math.max(1, Math.ceil(length / UNIT));
}
