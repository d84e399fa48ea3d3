import { type Anomaly, anomalyKey } from '../model/anomaly.ts';
import type { Entity } from '../model/entity.ts';
import type { Subject } from '../model/topology.ts';

/** An anomaly and what it is about. */
interface PlacedAnomaly {
  readonly anomaly: Anomaly;
  readonly entity: Entity;
  readonly subject: Subject;
}

const MAX_ANOMALIES = 100_000;

/** The anomalies that are open or ended lately: those that correlation has not heard of yet, and all it may refer to. */
export class AnomalyInbox {
  readonly #byKey = new Map<string, PlacedAnomaly>();
  readonly #pending = new Set<string>();
  /** Dropped because there were too many, the oldest first. */
  droppedTotal = 0;

  /** Adds an anomaly, or what has become of it; it is pending then. */
  put(placed: PlacedAnomaly): void {
    const key = anomalyKey(placed.anomaly);
    this.#byKey.delete(key);
    if (this.#byKey.size >= MAX_ANOMALIES) {
      const oldest = this.#byKey.keys().next().value!;
      this.#byKey.delete(oldest);
      this.#pending.delete(oldest);
      this.droppedTotal++;
    }
    this.#byKey.set(key, placed);
    this.#pending.add(key);
  }

  get(key: string): PlacedAnomaly | undefined {
    return this.#byKey.get(key);
  }

  /** Those that wait to be looked at. */
  pending(): (PlacedAnomaly & { readonly key: string })[] {
    return [...this.#pending].map((key) => ({ key, ...this.#byKey.get(key)! }));
  }

  /** All of them wait again: whoever had heard of them has forgotten. */
  lookAgain(): void {
    for (const key of this.#byKey.keys()) this.#pending.add(key);
  }

  /** The pending ones have been looked at. */
  settle(): void {
    this.#pending.clear();
  }

  /** Drops what ended before `endedBefore`. */
  forget(endedBefore: number): void {
    for (const [key, { anomaly }] of this.#byKey) {
      if (anomaly.endsAt === undefined || anomaly.endsAt >= endedBefore) continue;
      this.#byKey.delete(key);
      this.#pending.delete(key);
    }
  }
}
