import { type Anomaly, anomalyKey } from '../../../src/model/anomaly.ts';
import { type Entity, formatEntity } from '../../../src/model/entity.ts';

/** An anomaly and what it is about. */
interface PlacedAnomaly {
  readonly anomaly: Anomaly;
  readonly entity: Entity;
}

/** The anomalies that are open or ended lately, by entity: an incident that opens later finds its evidence here. */
export class RecentAnomalies {
  readonly #capacity: number;
  readonly #byKey = new Map<string, PlacedAnomaly>();
  readonly #keysByEntity = new Map<string, Set<string>>();
  readonly #pending = new Set<string>();
  /** Dropped because there were too many, the oldest first. */
  droppedTotal = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds an anomaly, or what has become of it; it is pending then. */
  put(placed: PlacedAnomaly): void {
    const key = anomalyKey(placed.anomaly);
    this.#remove(key);
    if (this.#byKey.size >= this.#capacity) {
      this.#remove(this.#byKey.keys().next().value!);
      this.droppedTotal++;
    }
    this.#byKey.set(key, placed);
    const entityKey = formatEntity(placed.entity);
    const keys = this.#keysByEntity.get(entityKey);
    if (keys === undefined) this.#keysByEntity.set(entityKey, new Set([key]));
    else keys.add(key);
    this.#pending.add(key);
  }

  /** Those that wait to be looked at. */
  pending(): PlacedAnomaly[] {
    return [...this.#pending].map((key) => this.#byKey.get(key)!);
  }

  /** Lets all anomalies of an entity be looked at again, because an incident may want them now. */
  lookAgain(entity: Entity): void {
    for (const key of this.#keysByEntity.get(formatEntity(entity)) ?? []) this.#pending.add(key);
  }

  /** The pending ones have been looked at. */
  settle(): void {
    this.#pending.clear();
  }

  /** Drops what ended before `endedBefore`. */
  forget(endedBefore: number): void {
    for (const [key, { anomaly }] of this.#byKey) {
      if (anomaly.endsAt !== undefined && anomaly.endsAt < endedBefore) this.#remove(key);
    }
  }

  #remove(key: string): void {
    const placed = this.#byKey.get(key);
    if (placed === undefined) return;
    this.#byKey.delete(key);
    this.#pending.delete(key);
    const entityKey = formatEntity(placed.entity);
    const keys = this.#keysByEntity.get(entityKey)!;
    keys.delete(key);
    if (keys.size === 0) this.#keysByEntity.delete(entityKey);
  }
}
