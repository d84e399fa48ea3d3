/** Slot value of an empty entry. */
const EMPTY = -1;

/**
 * Open addressing with linear probing from a 64-bit hash to a slot, in three typed arrays; 12 bytes an entry, at most
 * 5/8 full. Deletion shifts the following entries back, so there are no tombstones and churn leaves no traces.
 */
export class SlotIndex {
  #low: Int32Array;
  #high: Int32Array;
  #slots: Int32Array;
  #mask: number;
  #size = 0;

  constructor(initialCapacity = 1024) {
    this.#low = new Int32Array(initialCapacity);
    this.#high = new Int32Array(initialCapacity);
    this.#slots = new Int32Array(initialCapacity).fill(EMPTY);
    this.#mask = initialCapacity - 1;
  }

  /** @returns the slot, or -1 */
  get(low: number, high: number): number {
    const mask = this.#mask;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const slot = this.#slots[at]!;
      if (slot === EMPTY || (this.#low[at] === low && this.#high[at] === high)) return slot;
    }
  }

  /** Sets the slot of a hash, replacing the one that it had. */
  set(low: number, high: number, slot: number): void {
    if ((this.#size + 1) * 8 > this.#slots.length * 5) this.#grow();
    const mask = this.#mask;
    let at = low & mask;
    while (this.#slots[at] !== EMPTY && !(this.#low[at] === low && this.#high[at] === high)) at = (at + 1) & mask;
    if (this.#slots[at] === EMPTY) this.#size++;
    this.#low[at] = low;
    this.#high[at] = high;
    this.#slots[at] = slot;
  }

  /** Removes a hash if it leads to this slot. */
  delete(low: number, high: number, slot: number): void {
    const mask = this.#mask;
    let at = low & mask;
    for (;;) {
      if (this.#slots[at] === EMPTY) return;
      if (this.#low[at] === low && this.#high[at] === high) break;
      at = (at + 1) & mask;
    }
    if (this.#slots[at] !== slot) return;
    this.#size--;
    // Knuth, The Art of Computer Programming 3, section 6.4, algorithm R.
    let hole = at;
    for (let next = (at + 1) & mask; this.#slots[next] !== EMPTY; next = (next + 1) & mask) {
      const home = this.#low[next]! & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      this.#low[hole] = this.#low[next]!;
      this.#high[hole] = this.#high[next]!;
      this.#slots[hole] = this.#slots[next]!;
      hole = next;
    }
    this.#slots[hole] = EMPTY;
  }

  #grow(): void {
    const low = this.#low;
    const high = this.#high;
    const slots = this.#slots;
    const capacity = slots.length * 2;
    this.#low = new Int32Array(capacity);
    this.#high = new Int32Array(capacity);
    this.#slots = new Int32Array(capacity).fill(EMPTY);
    this.#mask = capacity - 1;
    this.#size = 0;
    for (let at = 0; at < slots.length; at++) {
      if (slots[at] !== EMPTY) this.set(low[at]!, high[at]!, slots[at]!);
    }
  }
}
