import type { Claim } from './claims.ts';
import type { PodFact } from './fact.ts';

/** What was seen so soon after its source was there before it. */
const FIRST_LOOK_MS = 5 * 60_000;
/** A pod that is back so soon had never gone. */
const GAP_MS = 5 * 60_000;
/** An address is still that of its last owner for so long, if nobody else has it. */
const ADDRESS_AFTERLIFE_MS = 3_600_000;

/** One life of a pod. Times are epoch milliseconds. */
export interface Pod {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  uid: string | undefined;
  node: string | undefined;
  readonly ips: string[];
  owner: PodFact['owner'];
  isOnHostNetwork: boolean;
  from: number;
  /** Infinity while it lives. */
  until: number;
  readonly claims: Set<Claim>;
}

/** Pods by name, address and node. A name or an address may have belonged to several, one after the other. */
export class Pods {
  readonly #byName = new Map<string, Pod[]>();
  readonly #byIp = new Map<string, Pod[]>();
  readonly #byNode = new Map<string, Pod[]>();
  readonly #byClaim = new Map<Claim, Pod>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  *all(): Generator<Pod> {
    for (const pods of this.#byName.values()) yield* pods;
  }

  /** A source says that there is this pod. */
  begin(claim: Claim, fact: PodFact): void {
    const isFirstLook = claim.firstAt - claim.source.firstAt < FIRST_LOOK_MS;
    const from =
      fact.from === null || (fact.from === undefined && isFirstLook) ? -Infinity : (fact.from ?? claim.firstAt);
    const namesakes = this.#byName.get(key(fact.cluster, fact.pod)) ?? [];
    const lives = namesakes.filter(({ namespace }) => namespace === fact.namespace);
    const latest = lives.at(-1);
    let pod = this.#byClaim.get(claim);
    if (pod === undefined && latest !== undefined && isSame(latest, fact, claim.firstAt)) pod = latest;
    if (pod === undefined) {
      if (latest?.until === Infinity) latest.until = Math.max(latest.from, claim.firstAt);
      pod = this.#add(fact, from);
    }
    pod.from = Math.min(pod.from, from);
    pod.until = fact.until ?? Infinity;
    pod.uid ??= fact.uid;
    pod.owner ??= fact.owner;
    pod.isOnHostNetwork ||= fact.isOnHostNetwork === true;
    if (fact.ip !== undefined && !pod.ips.includes(fact.ip)) {
      pod.ips.push(fact.ip);
      put(this.#byIp, key(pod.cluster, fact.ip), pod);
    }
    if (fact.node !== undefined && pod.node === undefined) {
      pod.node = fact.node;
      put(this.#byNode, key(pod.cluster, fact.node), pod);
    }
    pod.claims.add(claim);
    this.#byClaim.set(claim, pod);
  }

  /** A source no longer says so; the pod has ended when no other one does that has spoken since. */
  end(claim: Claim): void {
    const pod = this.#byClaim.get(claim);
    if (pod === undefined) return;
    const endedAt = claim.endedAt!;
    const others = [...pod.claims].filter((each) => each !== claim && each.endedAt === undefined);
    if (others.some(({ source }) => source.lastAt >= endedAt)) return;
    if (pod.until === Infinity) pod.until = endedAt;
  }

  /** A claim is gone for good, and the pod with its last one. */
  forget(claim: Claim): void {
    const pod = this.#byClaim.get(claim);
    if (pod === undefined) return;
    this.#byClaim.delete(claim);
    pod.claims.delete(claim);
    if (pod.claims.size > 0) return;
    this.#size--;
    take(this.#byName, key(pod.cluster, pod.name), pod);
    for (const ip of pod.ips) take(this.#byIp, key(pod.cluster, ip), pod);
    if (pod.node !== undefined) take(this.#byNode, key(pod.cluster, pod.node), pod);
  }

  #add({ cluster, namespace, pod: name }: PodFact, from: number): Pod {
    const unknown = { uid: undefined, node: undefined, ips: [], owner: undefined, isOnHostNetwork: false };
    const pod: Pod = { cluster, namespace, name, ...unknown, from, until: Infinity, claims: new Set() };
    put(this.#byName, key(cluster, name), pod);
    this.#size++;
    return pod;
  }

  /**
   * The pods of that name at that time, else the last ones before it; of more than one namespace when none is given and
   * several have one.
   */
  named(cluster: string, namespace: string, name: string, at: number): Pod[] {
    const namesakes = this.#byName.get(key(cluster, name));
    if (namesakes === undefined) return [];
    const lives = namesakes.filter((pod) => namespace === '' || pod.namespace === namespace);
    const latest = new Map<string, Pod>();
    for (const pod of lives) {
      const other = latest.get(pod.namespace);
      if (other === undefined || isNearer(pod, other, at)) latest.set(pod.namespace, pod);
    }
    return [...latest.values()];
  }

  /** Who had the address at that time. The pods of a node's own network are not told apart by it. */
  withIp(cluster: string, ip: string, at: number): { readonly pod: Pod; readonly isLate: boolean } | undefined {
    const owners = (this.#byIp.get(key(cluster, ip)) ?? []).filter((pod) => !pod.isOnHostNetwork);
    const alive = owners.filter((pod) => livesAt(pod, at));
    if (alive.length > 0) return { pod: alive.at(-1)!, isLate: false };
    const late = owners.filter((pod) => pod.until <= at && at - pod.until < ADDRESS_AFTERLIFE_MS);
    const last = late.reduce<Pod | undefined>((a, b) => (a === undefined || b.until > a.until ? b : a), undefined);
    return last && { pod: last, isLate: true };
  }

  on(cluster: string, node: string, at: number): Pod[] {
    return (this.#byNode.get(key(cluster, node)) ?? []).filter((pod) => livesAt(pod, at));
  }
}

export function livesAt(pod: Pod, at: number): boolean {
  return pod.from <= at && at < pod.until;
}

/** Whether the fact may be about this life of the pod: nothing in it contradicts, and no long gap lies between. */
function isSame(pod: Pod, fact: PodFact, at: number): boolean {
  if (pod.uid !== undefined && fact.uid !== undefined) return pod.uid === fact.uid;
  if (fact.ip !== undefined && pod.ips.length > 0 && !pod.ips.includes(fact.ip)) return false;
  if (fact.node !== undefined && pod.node !== undefined && pod.node !== fact.node) return false;
  return (fact.from ?? at) - pod.until < GAP_MS;
}

function isNearer(pod: Pod, other: Pod, at: number): boolean {
  if (livesAt(pod, at) !== livesAt(other, at)) return livesAt(pod, at);
  return pod.from <= at && pod.from >= other.from;
}

function key(cluster: string, name: string): string {
  return `${cluster} ${name}`;
}

function put(index: Map<string, Pod[]>, at: string, pod: Pod): void {
  const pods = index.get(at);
  if (pods === undefined) index.set(at, [pod]);
  else pods.push(pod);
}

function take(index: Map<string, Pod[]>, at: string, pod: Pod): void {
  const left = (index.get(at) ?? []).filter((other) => other !== pod);
  if (left.length === 0) index.delete(at);
  else index.set(at, left);
}
