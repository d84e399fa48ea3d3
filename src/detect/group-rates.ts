import { createLabels, type Labels } from '../model/labels.ts';
import type { GoldenGroup } from '../series/learn-rule.ts';
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

/** Where the golden series of presets are; the entries of `groups:` come behind it. */
const GOLDEN = 0;

/** Series that share the labels that one entry of `groups:` names, or golden series of a preset. */
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
 * through the series to know. A series is in the group of an entry when it has all the labels that the entry names; a
 * golden series is in the group of its preset as well.
 */
export class GroupRates {
  /** Series that are in no group because there are too many groups. */
  ungroupedTotal = 0;
  readonly #labels: (slot: number) => Labels | undefined;
  readonly #golden: (slot: number) => GoldenGroup | undefined;
  readonly #clock: SampleClock;
  readonly #states: Uint8Array;
  readonly #groups = new Map<string, Group>();
  /** Of presets, then by entry of `groups:`; each by slot. */
  #groupsOf: (Group | undefined)[][] = [[]];
  #entries: readonly (readonly string[])[] = [];
  #nextId = 1;
  #nextSlot = 0;

  /** @param golden the group of a series' preset, undefined when it is none of its golden series */
  constructor(
    capacity: number,
    clock: SampleClock,
    labels: (slot: number) => Labels | undefined,
    golden: (slot: number) => GoldenGroup | undefined = () => undefined,
  ) {
    this.#golden = golden;
    this.#states = new Uint8Array(capacity);
    this.#clock = clock;
    this.#labels = labels;
  }

  /** @param entries names of the labels that make a group, one list for each kind of group */
  configure(entries: readonly (readonly string[])[]): void {
    if (JSON.stringify(entries) === JSON.stringify(this.#entries)) return;
    this.#entries = entries;
    this.#groups.clear();
    this.#groupsOf = [[], ...entries.map(() => [])];
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
    // Without entries most series are in no group, and a million of them need not be read to find that out.
    if (this.#entries.length === 0 && this.#golden(slot) === undefined) return;
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
    const golden = this.#golden(slot);
    if (golden !== undefined) {
      const names = golden.by.filter((name) => labels.has(name));
      this.#enter(slot, GOLDEN, [['preset', golden.preset], ...pairsOf(labels, names)]);
    }
    for (const [entry, names] of this.#entries.entries()) {
      if (names.every((name) => labels.has(name))) this.#enter(slot, GOLDEN + 1 + entry, pairsOf(labels, names));
    }
  }

  #enter(slot: number, place: number, pairs: Pairs): void {
    const group = this.#groupOf(`${place} ${JSON.stringify(pairs)}`, pairs);
    if (group === undefined) return;
    group.members++;
    this.#groupsOf[place]![slot] = group;
  }

  #groupOf(key: string, pairs: Pairs): Group | undefined {
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

type Pairs = readonly (readonly [name: string, value: string])[];

function pairsOf(labels: Labels, names: readonly string[]): Pairs {
  return names.map((name) => [name, labels.get(name)!] as const);
}

function count(group: Group, before: number, after: number): void {
  group.live += ((after & LIVE) - (before & LIVE)) / LIVE;
  group.above += ((after & ABOVE) - (before & ABOVE)) / ABOVE;
}
