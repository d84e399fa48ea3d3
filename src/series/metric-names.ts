import { familiesOf, type Kind, kindOf, type MetricType, metricsOf } from './kinds.ts';

/** Families remembered from metadata; beyond that the oldest is forgotten. */
const MAX_FAMILIES = 100_000;

interface Entry {
  readonly id: number;
  readonly name: string;
  kind: Kind;
  /** How many series have the name. */
  series: number;
}

/**
 * The metric names in use, each with a number and a kind. What remote write's metadata says of a family may come after
 * the first series of that family, and then changes the kind of those that are there.
 */
export class MetricNames {
  readonly #byName = new Map<string, Entry>();
  readonly #byId: (Entry | undefined)[] = [undefined];
  readonly #freeIds: number[] = [];
  readonly #types = new Map<string, MetricType>();

  /** Counts one more series with the name. @returns the name's number, > 0, and the kind of its series */
  acquire(name: string): { readonly id: number; readonly kind: Kind } {
    let entry = this.#byName.get(name);
    if (entry === undefined) {
      const id = this.#freeIds.pop() ?? this.#byId.length;
      entry = { id, name, kind: kindOf(name, this.#typeOf(name)), series: 0 };
      this.#byName.set(name, entry);
      this.#byId[id] = entry;
    }
    entry.series++;
    return entry;
  }

  /** Counts one series less; the last one frees the number for another name. */
  release(id: number): void {
    const entry = this.#byId[id];
    if (entry === undefined || --entry.series > 0) return;
    this.#byName.delete(entry.name);
    this.#byId[id] = undefined;
    this.#freeIds.push(id);
  }

  /** @returns the names, by number, whose kind is another one now */
  setType(family: string, type: MetricType): { readonly id: number; readonly kind: Kind }[] {
    if (type === 'unknown' || this.#types.get(family) === type) return [];
    if (this.#types.size >= MAX_FAMILIES) this.#types.delete(this.#types.keys().next().value!);
    this.#types.set(family, type);
    const changed: Entry[] = [];
    for (const name of metricsOf(family)) {
      const entry = this.#byName.get(name);
      if (entry === undefined) continue;
      const kind = kindOf(name, this.#typeOf(name));
      if (kind !== entry.kind) changed.push(entry);
      entry.kind = kind;
    }
    return changed;
  }

  /** What metadata has said so far: for the snapshot. */
  types(): ReadonlyMap<string, MetricType> {
    return this.#types;
  }

  #typeOf(name: string): MetricType | undefined {
    for (const family of familiesOf(name)) {
      const type = this.#types.get(family);
      if (type !== undefined) return type;
    }
    return undefined;
  }
}
