import type { Labels } from '../model/labels.ts';

/** The leader keeps its office until it has been silent for so long … */
const FAILOVER_MS = 30_000;
/** … and a cluster is forgotten after so long. */
const FORGET_MS = 30 * 60_000;
/** More clusters than anybody has; beyond that requests are taken as they are. */
const MAX_CLUSTERS = 10_000;

interface Leader {
  replica: string;
  seenAt: number;
}

/**
 * Follows one replica of each pair of Prometheus servers, as Mimir's and Cortex' tracker does: two of them would
 * interleave two slightly different cadences in one series. Requests without both labels are taken as they are.
 */
export class ReplicaElection {
  readonly #leaders = new Map<string, Leader>();
  #replicaLabel: string;
  #clusterLabel: string;
  failoverTotal = 0;

  constructor(replicaLabel: string, clusterLabel: string) {
    this.#replicaLabel = replicaLabel;
    this.#clusterLabel = clusterLabel;
  }

  configure(replicaLabel: string, clusterLabel: string): void {
    this.#replicaLabel = replicaLabel;
    this.#clusterLabel = clusterLabel;
  }

  /**
   * Whether a request is to be taken in.
   * @param labels of the request's first series, replica label included
   */
  accepts(labels: Labels, now: number): boolean {
    const replica = labels.get(this.#replicaLabel);
    const cluster = labels.get(this.#clusterLabel);
    if (replica === undefined || cluster === undefined) return true;
    const leader = this.#leaders.get(cluster);
    if (leader === undefined) {
      if (this.#leaders.size >= MAX_CLUSTERS) this.#forget(now);
      if (this.#leaders.size < MAX_CLUSTERS) this.#leaders.set(cluster, { replica, seenAt: now });
      return true;
    }
    // A clock that went back must not keep a silent leader in office.
    const silence = Math.abs(now - leader.seenAt);
    if (leader.replica !== replica) {
      if (silence <= FAILOVER_MS) return false;
      leader.replica = replica;
      this.failoverTotal++;
    }
    leader.seenAt = now;
    return true;
  }

  #forget(now: number): void {
    for (const [cluster, leader] of this.#leaders) {
      if (now - leader.seenAt > FORGET_MS) this.#leaders.delete(cluster);
    }
  }
}
