import type { TopologyChange } from '../model/topology.ts';

const KEEP_MS = 24 * 3_600_000;
/** More than a rollout of everything makes; beyond that the oldest are forgotten. */
const MAX_CHANGES = 20_000;

/** Changes that were seen lately, in the order in which they were seen. */
export class Changes {
  total = 0;
  #changes: TopologyChange[] = [];

  add(change: TopologyChange): void {
    this.total++;
    this.#changes.push(change);
    if (this.#changes.length > MAX_CHANGES) this.#changes.splice(0, MAX_CHANGES / 10);
  }

  between(from: number, to: number): TopologyChange[] {
    return this.#changes.filter(({ at }) => from <= at && at < to).sort((a, b) => a.at - b.at);
  }

  forget(now: number): void {
    if ((this.#changes[0]?.at ?? now) < now - KEEP_MS) this.#changes = this.between(now - KEEP_MS, Infinity);
  }
}
