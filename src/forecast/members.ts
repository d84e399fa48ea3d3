import { ROLES, type Role } from './capacity-rule.ts';

const FIRST_CAPACITY = 1024;
/** A value that is older than this counts no more. */
const MAX_AGE_MS = 15 * 60_000;

/**
 * Which series play which part in what owner, with the latest value of each: columns of numbers, because an object for each
 * would take 200 bytes, and a file system has four. A member is a number from 1 on, and 0 is none. It is in two lists: that
 * of its owner, who keeps the first one, and that of its slot.
 */
export class Members<Owner> {
  /** First member of each slot. */
  readonly ofSlot: Uint32Array;
  readonly owners: (Owner | undefined)[] = [undefined];
  slots = new Uint32Array(FIRST_CAPACITY);
  values = new Float64Array(FIRST_CAPACITY);
  /** When it had that value, in seconds since the epoch; 0 when it never had one or the series has ended. */
  times = new Uint32Array(FIRST_CAPACITY);
  nextOfOwner = new Uint32Array(FIRST_CAPACITY);
  nextOfSlot = new Uint32Array(FIRST_CAPACITY);
  #roles = new Uint8Array(FIRST_CAPACITY);
  /** Numbers that are free again, chained by `nextOfOwner`. */
  #free = 0;

  /** @param slots how many there can be */
  constructor(slots: number) {
    this.ofSlot = new Uint32Array(slots);
  }

  role(member: number): Role {
    return ROLES[this.#roles[member]!]!;
  }

  /** The members of an owner, in the order in which they came. @param first its first one */
  *from(first: number): Generator<number> {
    for (let member = first; member !== 0; member = this.nextOfOwner[member]!) yield member;
  }

  /** The owners of which a slot is a member. */
  ownersOf(slot: number): Owner[] {
    const found = new Set<Owner>();
    for (let at = this.ofSlot[slot]!; at !== 0; at = this.nextOfSlot[at]!) found.add(this.owners[at]!);
    return [...found];
  }

  /** Adds a member behind the others of its owner. @param first the owner's first one. @returns the first one from now on */
  add(first: number, owner: Owner, slot: number, role: Role): number {
    const member = this.#take();
    this.owners[member] = owner;
    this.slots[member] = slot;
    this.#roles[member] = ROLES.indexOf(role);
    this.times[member] = 0;
    this.nextOfOwner[member] = 0;
    this.nextOfSlot[member] = this.ofSlot[slot]!;
    this.ofSlot[slot] = member;
    if (first === 0) return member;
    let last = first;
    while (this.nextOfOwner[last] !== 0) last = this.nextOfOwner[last]!;
    this.nextOfOwner[last] = member;
    return first;
  }

  /** Removes those of an owner that belong to a slot, or all. @returns the first of those that are left, 0 for none */
  remove(first: number, slot?: number): number {
    let left = 0;
    let last = 0;
    for (let member = first, next = 0; member !== 0; member = next) {
      next = this.nextOfOwner[member]!;
      if (slot === undefined || this.slots[member] === slot) {
        this.#release(member);
        continue;
      }
      if (last === 0) left = member;
      else this.nextOfOwner[last] = member;
      last = member;
    }
    if (last !== 0) this.nextOfOwner[last] = 0;
    return left;
  }

  /**
   * The value of a role, NaN when no series has one that is fresh. Limits of 0 and less are none.
   * @param first the owner's first member
   * @param at milliseconds
   */
  combine(first: number, role: Role, at: number, how: 'sum' | 'max' | 'min'): number {
    const oldest = (at - MAX_AGE_MS) / 1000;
    let result = Number.NaN;
    for (let member = first; member !== 0; member = this.nextOfOwner[member]!) {
      const value = this.values[member]!;
      const time = this.times[member]!;
      if (time === 0 || time < oldest || this.role(member) !== role) continue;
      if (role === 'limit' && value <= 0) continue;
      if (Number.isNaN(result)) result = value;
      else result = how === 'sum' ? result + value : Math[how](result, value);
    }
    return result;
  }

  #release(member: number): void {
    const slot = this.slots[member]!;
    const next = this.nextOfSlot[member]!;
    if (this.ofSlot[slot] === member) this.ofSlot[slot] = next;
    else {
      let before = this.ofSlot[slot]!;
      while (this.nextOfSlot[before] !== member) before = this.nextOfSlot[before]!;
      this.nextOfSlot[before] = next;
    }
    this.owners[member] = undefined;
    this.nextOfOwner[member] = this.#free;
    this.#free = member;
  }

  #take(): number {
    const member = this.#free;
    if (member !== 0) {
      this.#free = this.nextOfOwner[member]!;
      return member;
    }
    if (this.owners.length === this.slots.length) this.#grow();
    return this.owners.push(undefined) - 1;
  }

  /** By half: what is twice as large stands half empty. */
  #grow(): void {
    const capacity = this.slots.length + (this.slots.length >> 1);
    this.slots = grown(this.slots, new Uint32Array(capacity));
    this.values = grown(this.values, new Float64Array(capacity));
    this.times = grown(this.times, new Uint32Array(capacity));
    this.nextOfOwner = grown(this.nextOfOwner, new Uint32Array(capacity));
    this.nextOfSlot = grown(this.nextOfSlot, new Uint32Array(capacity));
    this.#roles = grown(this.#roles, new Uint8Array(capacity));
  }
}

function grown<Column extends Uint8Array | Uint32Array | Float64Array>(column: Column, larger: Column): Column {
  larger.set(column);
  return larger;
}
