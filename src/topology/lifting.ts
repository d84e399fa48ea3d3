import { distinct, type Entity, formatEntity } from '../model/entity.ts';
import { withoutGeneratedSuffix, workloadOfPod } from '../model/workload-of-pod.ts';
import { parseAddress, serviceOfDnsName } from './address.ts';
import type { Directory } from './directory.ts';
import type { Pod, Pods } from './pods.ts';

/** How far each step is to be trusted. */
const INVENTORY = 0.99;
const ADDRESS = 0.8;
const LATE_ADDRESS = 0.6;
const UNKNOWN_NAME = 0.5;
const GUESS = 0.4;
/** A host is named like something here, in a domain that may be anybody's. */
export const HOST_GUESS = 0.3;
/** Domains that nobody outside can have. */
const PRIVATE_DOMAIN = /\.(lan|local|localdomain|internal|intranet|corp|home|private)$/;
/** What everybody calls by another name than that of its workload. */
const WELL_KNOWN: ReadonlyMap<string, string> = new Map([['kube-dns', 'coredns']]);
/** Chains are short: pod, ReplicaSet, Deployment. A longer one goes in a circle. */
const MAX_STEPS = 5;

export interface Lifted {
  readonly entity: Entity;
  readonly confidence: number;
}

/**
 * Brings what labels name to the level that stays when pods come and go: pod to workload, ReplicaSet to Deployment,
 * service to the workload whose pods answer for it, address to whoever had it at that time.
 */
export class Lifting {
  readonly #pods: Pods;
  readonly #directory: Directory;
  readonly #services = new Map<string, Lifted>();
  /** Of pods whose owner is known, until the directory changes. */
  #owners = new WeakMap<Pod, Lifted>();
  #epoch = 0;

  constructor(pods: Pods, directory: Directory) {
    this.#pods = pods;
    this.#directory = directory;
  }

  /** Services are looked at anew. */
  refresh(): void {
    this.#services.clear();
  }

  /** @returns undefined for an address that nobody is known to have (had) */
  lift(entity: Entity, at: number): Lifted | undefined {
    return this.#lift(entity, at, 0);
  }

  /** The pod that is meant, undefined when none is known or several are. */
  podOf(entity: Entity, at: number): Pod | undefined {
    if (entity.kind === 'pod') return only(this.#pods.named(entity.cluster, entity.namespace, entity.name, at));
    if (entity.kind !== 'instance') return undefined;
    const { host, isIp } = parseAddress(entity.name);
    if (isIp) return this.#pods.withIp(entity.cluster, host, at)?.pod;
    const pod = this.#directory.at(entity.cluster, entity.name).find(({ kind }) => kind === 'pod');
    return pod && this.podOf(pod, at);
  }

  #lift(entity: Entity, at: number, step: number): Lifted | undefined {
    if (entity.kind === 'pod') return this.#liftPod(entity, at, step);
    if (entity.kind === 'instance') return this.#liftAddress(entity, at, step);
    if (step < MAX_STEPS) {
      const target = only(this.#directory.targets(entity));
      if (target !== undefined) return scaled(this.#lift(target, at, step + 1), INVENTORY);
    }
    if (entity.kind === 'service') return this.#liftService(entity, at, step);
    if (entity.kind === 'workload') return this.#liftWorkload(entity);
    const consumer = entity.kind === 'consumergroup' ? this.#consumerOf(entity) : undefined;
    return consumer ?? { entity, confidence: this.#directory.has(entity) ? INVENTORY : UNKNOWN_NAME };
  }

  #liftPod(entity: Entity, at: number, step: number): Lifted {
    const pods = this.#pods.named(entity.cluster, entity.namespace, entity.name, at);
    if (pods.length === 0) return this.#guess(entity);
    const lifted = this.#liftOwner(pods[0]!, at, step);
    // In several namespaces: one of them is said, and that it is not sure.
    return { entity: lifted.entity, confidence: lifted.confidence / pods.length };
  }

  #liftOwner(pod: Pod, at: number, step: number): Lifted {
    if (pod.owner === undefined) return this.#findOwner(pod, at, step);
    if (this.#epoch !== this.#directory.epoch) this.#owners = new WeakMap();
    this.#epoch = this.#directory.epoch;
    const found = this.#owners.get(pod) ?? this.#findOwner(pod, at, step);
    this.#owners.set(pod, found);
    return found;
  }

  #findOwner(pod: Pod, at: number, step: number): Lifted {
    const { cluster, namespace, name, owner, node } = pod;
    if (owner === undefined) return this.#guess({ cluster, kind: 'pod', namespace, name });
    // A static pod: its node is appended to its name.
    if (owner.kind === 'Node') {
      const staticName = node !== undefined && name.endsWith(`-${node}`) ? name.slice(0, -node.length - 1) : name;
      return { entity: { cluster, kind: 'workload', namespace, name: staticName }, confidence: INVENTORY };
    }
    const workload: Entity = { cluster, kind: 'workload', namespace, name: owner.name };
    const target = only(this.#directory.targets(workload));
    if (target !== undefined && step < MAX_STEPS) return this.#lift(target, at, step + 1) ?? named(workload);
    if (owner.kind !== 'ReplicaSet' && owner.kind !== 'Job') return named(workload);
    const stem = withoutGeneratedSuffix(owner.name);
    if (stem === owner.name) return named(workload);
    const guessed: Entity = { ...workload, name: stem };
    return { entity: guessed, confidence: this.#directory.has(guessed) ? ADDRESS : GUESS };
  }

  /** From the name alone. */
  #guess(pod: Entity): Lifted {
    const name = workloadOfPod(pod.name);
    if (name === undefined) return { entity: pod, confidence: GUESS };
    const workload = this.#liftWorkload({ ...pod, kind: 'workload', name });
    return { ...workload, confidence: workload.confidence > UNKNOWN_NAME ? ADDRESS : GUESS };
  }

  #liftWorkload(workload: Entity): Lifted {
    if (this.#directory.has(workload)) return named(workload);
    if (workload.namespace === '') {
      const known = this.#directory.named(workload.cluster, workload.name).filter(({ kind }) => kind === 'workload');
      if (known.length > 0) return { entity: known[0]!, confidence: ADDRESS / known.length };
    }
    return { entity: workload, confidence: UNKNOWN_NAME };
  }

  /** People name the group after the workload that it is of. */
  #consumerOf({ cluster, name }: Entity): Lifted | undefined {
    const known = only(this.#directory.named(cluster, name).filter(({ kind }) => kind === 'workload'));
    return known && { entity: known, confidence: LATE_ADDRESS };
  }

  #liftService(service: Entity, at: number, step: number): Lifted {
    const key = formatEntity(service);
    const found = this.#services.get(key) ?? this.#findService(service, at, step);
    this.#services.set(key, found);
    return found;
  }

  #findService(service: Entity, at: number, step: number): Lifted {
    const workloads = this.#workloadsBehind(service, at, step);
    if (workloads.length === 1) return { entity: workloads[0]!, confidence: INVENTORY };
    if (workloads.length > 1) return named(service);
    const { cluster, name, namespace } = service;
    if (namespace !== '') {
      const namesake: Entity = { ...service, kind: 'workload', name: WELL_KNOWN.get(name) ?? name };
      if (this.#directory.has(namesake)) return { entity: namesake, confidence: ADDRESS };
      return { entity: service, confidence: this.#directory.has(service) ? INVENTORY : UNKNOWN_NAME };
    }
    const known = this.#directory
      .named(cluster, WELL_KNOWN.get(name) ?? name)
      .filter((other) => formatEntity(other) !== formatEntity(service));
    if (step >= MAX_STEPS) return { entity: service, confidence: UNKNOWN_NAME };
    const lifted = distinct(known.flatMap((other) => this.#lift(other, at, step + 1)?.entity ?? []));
    if (lifted.length === 1) return { entity: lifted[0]!, confidence: ADDRESS };
    return { entity: service, confidence: lifted.length > 1 ? GUESS : UNKNOWN_NAME };
  }

  #workloadsBehind(service: Entity, at: number, step: number): Entity[] {
    if (step >= MAX_STEPS) return [];
    const lifted = this.#directory.servers(service).map((server) => this.#lift(server, at, step + 1));
    return distinct(
      lifted.flatMap((each) => (each !== undefined && each.entity.kind !== 'service' ? [each.entity] : [])),
    );
  }

  /** Workloads that answer for a service, where there is more than one. */
  partsOf(service: Entity, at: number): Entity[] {
    return this.#workloadsBehind(service, at, 0);
  }

  #liftAddress(entity: Entity, at: number, step: number): Lifted | undefined {
    const { cluster, name } = entity;
    const { host, port, isIp } = parseAddress(name);
    if (step >= MAX_STEPS) return undefined;
    if (isIp) {
      const owner = this.#pods.withIp(cluster, host, at);
      if (owner !== undefined) {
        return scaled(this.#liftOwner(owner.pod, at, step), owner.isLate ? LATE_ADDRESS : ADDRESS);
      }
    }
    const exact = port === '' ? undefined : this.#directory.at(cluster, name).at(-1);
    const here = this.#directory.at(cluster, host);
    // A port is that of something on the host.
    const known = exact ?? here.find(({ kind }) => (kind === 'node') === (port === '')) ?? here[0];
    if (known !== undefined) return scaled(this.#lift(known, at, step + 1), ADDRESS);
    const service = isIp ? undefined : serviceOfDnsName(host);
    if (service !== undefined)
      return scaled(this.#lift({ cluster, kind: 'service', ...service }, at, step + 1), ADDRESS);
    return this.#liftName(cluster, host, at, step);
  }

  /** A name without a domain that is the search path's business: of a service here or in another namespace, of a host. */
  #liftName(cluster: string, host: string, at: number, step: number): Lifted | undefined {
    const [name, namespace, ...rest] = host.split('.');
    if (name !== undefined && namespace !== undefined && rest.length === 0) {
      const service: Entity = { cluster, kind: 'service', namespace, name };
      if (this.#directory.has(service)) return scaled(this.#lift(service, at, step + 1), ADDRESS);
    }
    const known = this.#directory.named(cluster, host).filter(({ kind }) => kind !== 'namespace');
    const lifted = distinct(known.flatMap((other) => this.#lift(other, at, step + 1)?.entity ?? []));
    if (lifted.length > 0) return { entity: lifted[0]!, confidence: ADDRESS / lifted.length };
    return namespace === undefined ? undefined : this.#guessHost(cluster, host, at, step);
  }

  /** `checkout.example.com` may be the checkout that is known here, or that of a partner. */
  #guessHost(cluster: string, host: string, at: number, step: number): Lifted | undefined {
    const name = host.slice(0, host.indexOf('.'));
    const known = this.#directory.named(cluster, name).filter(({ kind }) => HOSTS.has(kind));
    const lifted = distinct(known.flatMap((other) => this.#lift(other, at, step + 1)?.entity ?? []));
    const confidence = PRIVATE_DOMAIN.test(host) ? LATE_ADDRESS : HOST_GUESS;
    return lifted.length === 1 ? { entity: lifted[0]!, confidence } : undefined;
  }
}

/** What a host may be named after. */
const HOSTS: ReadonlySet<Entity['kind']> = new Set(['workload', 'service', 'node', 'database']);

function named(entity: Entity): Lifted {
  return { entity, confidence: INVENTORY };
}

function scaled(lifted: Lifted | undefined, factor: number): Lifted | undefined {
  return lifted && { entity: lifted.entity, confidence: lifted.confidence * factor };
}

function only<T>(values: readonly T[]): T | undefined {
  return values.length === 1 ? values[0] : undefined;
}
