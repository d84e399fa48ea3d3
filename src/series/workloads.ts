import type { Kernel } from '../kernel/kernel.ts';
import type { Columns } from './columns.ts';
import { copyLabelsWithout } from './label-bytes.ts';

const NO_MEMBERS: readonly number[] = [];

/** What detection has to know of workloads. */
export interface Siblings {
  /** Number of each slot's workload, 0 for none. */
  readonly numbers: Uint32Array;
  /** Slots of a workload's series; in no order, and valid until the next change. */
  members(number: number): readonly number[];
}

/** For series that stand alone. */
export function withoutSiblings(columns: Columns): Siblings {
  return { numbers: new Uint32Array(columns.capacity), members: () => NO_MEMBERS };
}

/**
 * Which series are alike but for the labels that `identity_drop` leaves out: replicas of one workload, those that have
 * ended included until they are forgotten. Made anew at each start, since it follows from labels and rules.
 */
export class Workloads implements Siblings {
  readonly numbers: Uint32Array;
  readonly #kernel: Kernel;
  readonly #numberOfKey = new Map<number, number>();
  readonly #keys: number[] = [0];
  readonly #members: (number[] | undefined)[] = [undefined];
  readonly #free: number[] = [];
  /** Where each slot stands among its workload's members. */
  readonly #places: Uint32Array;

  constructor(capacity: number, kernel: Kernel) {
    this.numbers = new Uint32Array(capacity);
    this.#places = new Uint32Array(capacity);
    this.#kernel = kernel;
  }

  members(number: number): readonly number[] {
    return this.#members[number] ?? NO_MEMBERS;
  }

  /**
   * Puts a series where it belongs, and takes it away from where it was.
   * @param labelBytes as `writeLabels` writes them. @param drop names, in UTF-8, of labels that do not count
   */
  place(slot: number, labelBytes: Uint8Array, drop: readonly Uint8Array[]): void {
    this.remove(slot);
    if (drop.length === 0) return;
    const kept = copyLabelsWithout(labelBytes, drop, this.#kernel.scratch);
    // Without any of these labels a series has no siblings.
    if (kept === labelBytes.length) return;
    this.#kernel.hashScratch(kept);
    // 53 of the hash's 64 bits: all that a number holds.
    const key = (this.#kernel.high & 0x1f_ffff) * 2 ** 32 + (this.#kernel.low >>> 0);
    const number = this.#numberOfKey.get(key) ?? this.#create(key);
    const members = this.#members[number]!;
    this.numbers[slot] = number;
    this.#places[slot] = members.push(slot) - 1;
  }

  remove(slot: number): void {
    const number = this.numbers[slot]!;
    if (number === 0) return;
    const members = this.#members[number]!;
    const last = members.pop()!;
    if (last !== slot) {
      members[this.#places[slot]!] = last;
      this.#places[last] = this.#places[slot]!;
    }
    this.numbers[slot] = 0;
    if (members.length > 0) return;
    this.#numberOfKey.delete(this.#keys[number]!);
    this.#members[number] = undefined;
    this.#free.push(number);
  }

  #create(key: number): number {
    const number = this.#free.pop() ?? this.#members.length;
    this.#numberOfKey.set(key, number);
    this.#keys[number] = key;
    this.#members[number] = [];
    return number;
  }
}
