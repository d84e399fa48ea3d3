import { createLabels, type Labels } from '../model/labels.ts';
import type { SampleClock } from './sample-clock.ts';

/** What groups may cost in memory is bounded; series of further ones are in none. */
const MAX_GROUPS = 10_000;
/** A series without samples for so long is not live, as in Prometheus. */
const STALE_MS = 5 * 60_000;
/** Slots looked at in one slice: a millisecond at most. */
const SLICE = 250_000;

/** Of a slot: whether its groups are known, whether it counts as live, whether its score is above 1. */
const JOINED = 1;
const LIVE = 2;
const ABOVE = 4;

/** Series that share the labels that one entry of `groups:` names. */
export interface Group {
  /** Never used again for another group. */
  readonly id: number;
  readonly key: string;
  readonly labels: Labels;
  /** Series that have it, live or not. */
  members: number;
  live: number;
  /** Live series with a score above 1. */
  above: number;
  /** Timestamp of the latest sample, milliseconds. */
  at: number;
}

/**
 * How many of a group's live series are anomalous, for every group: counted as scores cross 1, so that nobody has to go
 * through the series to know. A series is in the group of an entry when it has all the labels that the entry names.
 */
export class GroupRates {
  /** Series that are in no group because there are too many groups. */
  ungroupedTotal = 0;
  readonly #labels: (slot: number) => Labels | undefined;
  readonly #clock: SampleClock;
  readonly #states: Uint8Array;
  readonly #groups = new Map<string, Group>();
  /** By entry of `groups:`, then by slot. */
  #groupsOf: (Group | undefined)[][] = [];
  #entries: readonly (readonly string[])[] = [];
  #nextId = 1;
  #nextSlot = 0;

  constructor(capacity: number, clock: SampleClock, labels: (slot: number) => Labels | undefined) {
    this.#states = new Uint8Array(capacity);
    this.#clock = clock;
    this.#labels = labels;
  }

  /** @param entries names of the labels that make a group, one list for each kind of group */
  configure(entries: readonly (readonly string[])[]): void {
    if (JSON.stringify(entries) === JSON.stringify(this.#entries)) return;
    this.#entries = entries;
    this.#groups.clear();
    this.#groupsOf = entries.map(() => []);
    this.#states.fill(0);
  }

  get size(): number {
    return this.#groups.size;
  }

  all(): Iterable<Group> {
    return this.#groups.values();
  }

  /** Takes in that a series had a sample. @param isAbove whether its score is above 1, undefined when it is what it was */
  observe(slot: number, timestamp: number, isAbove: boolean | undefined): void {
    if (this.#entries.length === 0) return;
    const before = this.#states[slot]!;
    if ((before & JOINED) === 0) this.#join(slot);
    const above = isAbove === undefined ? before & ABOVE : isAbove ? ABOVE : 0;
    const after = JOINED | LIVE | above;
    for (const groups of this.#groupsOf) {
      const group = groups[slot];
      if (group === undefined) continue;
      if (timestamp > group.at) group.at = timestamp;
      if (after !== before) count(group, before, after);
    }
    this.#states[slot] = after;
  }

  /** The series has ended, for now. */
  end(slot: number): void {
    const before = this.#states[slot]!;
    if ((before & LIVE) === 0) return;
    for (const groups of this.#groupsOf) if (groups[slot] !== undefined) count(groups[slot], before, JOINED);
    this.#states[slot] = JOINED;
  }

  /** The slot goes to another series, or its labels may mean another group now. */
  forget(slot: number): void {
    if (this.#states[slot] === 0) return;
    this.end(slot);
    this.#states[slot] = 0;
    for (const groups of this.#groupsOf) {
      const group = groups[slot];
      if (group === undefined) continue;
      groups[slot] = undefined;
      if (--group.members === 0) this.#groups.delete(group.key);
    }
  }

  /** Looks for series that have fallen silent, in a slice of all. @param now clock time, milliseconds. @param highest slot */
  sweep(now: number, highest: number): void {
    if (this.#entries.length === 0) return;
    const end = Math.min(highest + 1, this.#nextSlot + SLICE);
    const oldest = now - STALE_MS;
    for (let slot = this.#nextSlot; slot < end; slot++) {
      if ((this.#states[slot]! & LIVE) !== 0 && this.#clock.lastAt(slot) < oldest) this.end(slot);
    }
    this.#nextSlot = end > highest ? 0 : end;
  }

  #join(slot: number): void {
    const labels = this.#labels(slot);
    if (labels === undefined) return;
    for (const [entry, names] of this.#entries.entries()) {
      if (!names.every((name) => labels.has(name))) continue;
      const pairs = names.map((name) => [name, labels.get(name)!] as const);
      const group = this.#groupOf(`${entry} ${JSON.stringify(pairs)}`, pairs);
      if (group === undefined) continue;
      group.members++;
      this.#groupsOf[entry]![slot] = group;
    }
  }

  #groupOf(key: string, pairs: readonly (readonly [string, string])[]): Group | undefined {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_GROUPS) {
      this.ungroupedTotal++;
      return undefined;
    }
    const group = { id: this.#nextId++, key, labels: createLabels(pairs), members: 0, live: 0, above: 0, at: 0 };
    this.#groups.set(key, group);
    return group;
  }
}

function count(group: Group, before: number, after: number): void {
  group.live += ((after & LIVE) - (before & LIVE)) / LIVE;
  group.above += ((after & ABOVE) - (before & ABOVE)) / ABOVE;
}
