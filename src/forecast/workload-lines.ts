import type { Labels } from '../model/labels.ts';
import { workloadOfPod } from '../model/workload-of-pod.ts';
import type { Resource } from './resource.ts';
import type { ResourceHistory } from './resource-history.ts';

/** A pod that ended longer ago than this has no successor. */
const MAX_GAP_SECONDS = 86_400;
/** What is known for a shorter time is not worth going on with: pods that begin together know nothing of each other. */
const MIN_KNOWN_SECONDS = 30 * 60;
/** Of a workload only its newest pods are looked at. */
const MAX_SEARCHED = 50;

/**
 * Which resources are the same but for the pod: a container's memory belongs to one pod, what it is like to its workload.
 * A new pod goes on with what is known of the one that was seen last. Resources leave when their series are forgotten, so
 * this holds nothing that is not held anyway.
 */
export class WorkloadLines {
  readonly #lines = new Map<string, Resource[]>();

  add(line: string, resource: Resource): void {
    const found = this.#lines.get(line);
    if (found === undefined) this.#lines.set(line, [resource]);
    else found.push(resource);
  }

  remove(line: string, resource: Resource): void {
    const left = (this.#lines.get(line) ?? []).filter((other) => other !== resource);
    if (left.length > 0) this.#lines.set(line, left);
    else this.#lines.delete(line);
  }

  /** The history of the pod that was seen last before a time. @param at seconds since the epoch */
  latest(line: string, at: number): ResourceHistory | undefined {
    let latest: ResourceHistory | undefined;
    for (const { history } of (this.#lines.get(line) ?? []).slice(-MAX_SEARCHED)) {
      const isBefore = history.lastAt <= at && at - history.lastAt < MAX_GAP_SECONDS;
      if (isBefore && history.age >= MIN_KNOWN_SECONDS && history.lastAt > (latest?.lastAt ?? 0)) latest = history;
    }
    return latest;
  }
}

/** The labels with the workload in the place of the pod; undefined where the pod's name shows none. */
export function withoutPod(labels: Labels): Labels | undefined {
  const workload = workloadOfPod(labels.get('pod') ?? '');
  return workload === undefined ? undefined : new Map([...labels, ['pod', workload]]);
}
