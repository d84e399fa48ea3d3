/** Kubernetes makes random suffixes of these characters only, so that they form no words. */
const RANDOM = '[bcdfghjklmnpqrstvwxz2456789]';
/** What controllers append: Deployment (ReplicaSet hash and suffix), CronJob (minutes and suffix), DaemonSet or Job, StatefulSet. */
const SUFFIXES = [
  new RegExp(`-${RANDOM}{8,10}-${RANDOM}{5}$`),
  new RegExp(`-\\d{8,10}-${RANDOM}{5}$`),
  new RegExp(`-${RANDOM}{5}$`),
  /-\d{1,4}$/,
];

/** The workload that a pod's name betrays, undefined when the name shows none. A guess: owner metrics know better. */
export function workloadOfPod(pod: string): string | undefined {
  for (const pattern of SUFFIXES) {
    const start = pod.search(pattern);
    if (start >= 0) return pod.slice(0, start) || undefined;
  }
  return undefined;
}

/** A ReplicaSet without the hash that its Deployment gave it, a Job without the minutes that its CronJob gave it. */
export function withoutGeneratedSuffix(name: string): string {
  return name.replace(new RegExp(`-(${RANDOM}{8,10}|\\d{8,10})$`), '') || name;
}
