import type { Siblings } from '../series/workloads.ts';
import type { Anomalies } from './anomalies.ts';
import type { Engine } from './engine.ts';
import type { SampleClock } from './sample-clock.ts';

/** A replica that has been silent for so long is not asked while others may live. */
const LIVE_MS = 10 * 60_000;
/** The past that a history brings does not inherit from the present. */
const AHEAD_MS = 3_600_000;
/** A workload is searched at most so often: a rollout brings hundreds of replicas at once. */
const SEARCH_MS = 60_000;

interface Found {
  readonly donor: number;
  readonly at: number;
}

/** Lets a new replica begin with what is known of its workload: of the sibling that was seen last and is not in trouble. */
export class Inheritance {
  inheritedTotal = 0;
  readonly #workloads: Siblings;
  readonly #engine: Engine;
  readonly #clock: SampleClock;
  readonly #anomalies: Anomalies;
  /** What the latest search of each workload has found. */
  readonly #found: (Found | undefined)[] = [];

  constructor(workloads: Siblings, engine: Engine, clock: SampleClock, anomalies: Anomalies) {
    this.#workloads = workloads;
    this.#engine = engine;
    this.#clock = clock;
    this.#anomalies = anomalies;
  }

  /** Called with the first sample of a series. @param timestamp of that sample, milliseconds */
  begin(slot: number, timestamp: number): void {
    const workload = this.#workloads.numbers[slot]!;
    if (workload === 0) return;
    const donor = this.#donor(workload, timestamp);
    if (donor === 0) return;
    this.#engine.inherit(slot, donor, timestamp);
    this.#clock.takeInterval(slot, donor);
    this.inheritedTotal++;
  }

  #donor(workload: number, timestamp: number): number {
    const found = this.#found[workload];
    const isKnown = found !== undefined && this.#isGood(found.donor, workload, timestamp);
    if (isKnown && timestamp - this.#clock.lastAt(found.donor) < LIVE_MS) return found.donor;
    if (found !== undefined && Math.abs(timestamp - found.at) < SEARCH_MS) return isKnown ? found.donor : 0;
    let donor = 0;
    for (const member of this.#workloads.members(workload)) {
      const isLater = donor === 0 || this.#clock.lastAt(member) > this.#clock.lastAt(donor);
      if (isLater && this.#isGood(member, workload, timestamp)) donor = member;
    }
    this.#found[workload] = { donor, at: timestamp };
    return donor;
  }

  #isGood(slot: number, workload: number, timestamp: number): boolean {
    return (
      this.#workloads.numbers[slot] === workload &&
      this.#clock.lastAt(slot) < timestamp + AHEAD_MS &&
      this.#engine.isMature(slot) &&
      !this.#anomalies.isOpen(slot)
    );
  }
}
