import type { Labels } from '../model/labels.ts';
import { workloadOfPod } from '../model/workload-of-pod.ts';
import type { ResourceHistory } from './resource-history.ts';

/** A pod that ended longer ago than this has no successor. */
const MAX_GAP_SECONDS = 86_400;
/** What is known for a shorter time is not worth going on with: pods that begin together know nothing of each other. */
const MIN_KNOWN_SECONDS = 30 * 60;
/** Of a workload only its newest pods are looked at. */
const MAX_SEARCHED = 50;

/** The resources that are the same but for the pod: what a container's memory is like belongs to its workload. */
export class WorkloadLine {
  readonly key: string;
  /** How many resources are of it; those of which something is known have a history. */
  size = 0;
  histories: ResourceHistory[] = [];

  constructor(key: string) {
    this.key = key;
  }

  /** Makes the history of one resource more known to the others. */
  add(history: ResourceHistory): void {
    // An array that is pushed to keeps room for sixteen more.
    this.histories = this.histories.concat(history);
  }

  /** The history of the pod that was seen last before a time. @param at seconds since the epoch */
  latest(at: number): ResourceHistory | undefined {
    let latest: ResourceHistory | undefined;
    for (const history of this.histories.slice(-MAX_SEARCHED)) {
      const isBefore = history.lastAt <= at && at - history.lastAt < MAX_GAP_SECONDS;
      if (isBefore && history.age >= MIN_KNOWN_SECONDS && history.lastAt > (latest?.lastAt ?? 0)) latest = history;
    }
    return latest;
  }
}

/**
 * The lines of all workloads. A new pod goes on with what is known of the one that was seen last. Resources leave when
 * their series are forgotten, so this holds nothing that is not held anyway.
 */
export class WorkloadLines {
  readonly #lines = new Map<string, WorkloadLine>();

  /** The line of a workload, for one resource more. */
  join(key: string): WorkloadLine {
    const line = this.#lines.get(key) ?? new WorkloadLine(key);
    this.#lines.set(key, line);
    line.size++;
    return line;
  }

  /** A resource leaves. */
  leave(line: WorkloadLine, history: ResourceHistory): void {
    line.histories = line.histories.filter((other) => other !== history);
    if (--line.size === 0) this.#lines.delete(line.key);
  }
}

/** The labels with the workload in the place of the pod, and without its address; undefined where its name shows none. */
export function withoutPod(labels: Labels): Labels | undefined {
  const workload = workloadOfPod(labels.get('pod') ?? '');
  if (workload === undefined) return undefined;
  const shared = new Map([...labels, ['pod', workload]]);
  for (const name of OF_ONE_POD) shared.delete(name);
  return shared;
}

/** Labels that are another with each pod. */
const OF_ONE_POD = ['instance', 'node', 'uid', 'pod_ip', 'id', 'name'];
