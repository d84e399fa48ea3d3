import { readFileSync } from 'node:fs';
import { type Entity, formatEntity } from '../../src/model/entity.ts';
import type { Labels } from '../../src/model/labels.ts';
import type { Neighbour, PodPlace, Subject, Topology, TopologyChange } from '../../src/model/topology.ts';
import { resolveEntity } from '../../src/topology/resolve-entity.ts';

interface File {
  services: { name: string; namespace: string; kind: string }[];
  edges: [string, string][];
  pods: {
    pod: string;
    service: string;
    namespace: string;
    node: string;
    ip: string;
    from: number | null;
    until: number | null;
  }[];
  nodes: { node: string; ip: string }[];
}

export class StormTopology implements Topology {
  readonly version = 1;
  readonly #entities = new Map<string, Entity>();
  readonly #needs = new Map<string, Neighbour[]>();
  readonly #neededBy = new Map<string, Neighbour[]>();
  readonly #pods: File['pods'];
  readonly #byPod = new Map<string, File['pods'][number]>();
  readonly #byIp = new Map<string, string>();
  readonly #nodes = new Map<string, string>();

  constructor(path: string, cluster: string) {
    const file = JSON.parse(readFileSync(path, 'utf8')) as File;
    for (const { name, namespace, kind } of file.services)
      this.#entities.set(name, { cluster, kind: kind === 'External' ? 'external' : 'workload', namespace, name });
    for (const [caller, callee] of file.edges) {
      const [a, b] = [this.#entities.get(caller)!, this.#entities.get(callee)!];
      push(this.#needs, formatEntity(a), neighbour(b));
      push(this.#neededBy, formatEntity(b), neighbour(a));
    }
    this.#pods = file.pods;
    for (const pod of file.pods) {
      this.#byPod.set(pod.pod, pod);
      this.#byIp.set(pod.ip, pod.service);
    }
    for (const { node, ip } of file.nodes) {
      this.#nodes.set(ip, node);
      this.#nodes.set(node, node);
    }
  }

  subjectOf(labels: Labels, _at: number): Subject {
    const cluster = labels.get('cluster') ?? '';
    const nodeName =
      this.#nodes.get(labels.get('node') ?? '') ??
      this.#nodes.get((labels.get('instance') ?? '').replace(/:\d+$/, '').replace(/\.lan$/, ''));
    const pod = this.#byPod.get(labels.get('pod') ?? '');
    const envoy = /\|\|([^.]+)\./.exec(labels.get('envoy_cluster_name') ?? '')?.[1];
    const caller = this.#entities.get(labels.get('source_canonical_service') ?? '');
    const broker = labels.has('consumergroup')
      ? this.#byIp.get((labels.get('instance') ?? '').replace(/:\d+$/, ''))
      : undefined;
    const callee = this.#entities.get(envoy ?? broker ?? '');
    const entity = this.#find(labels, cluster, nodeName);
    return { entity, confidence: 1, pod: pod?.pod, node: pod?.node ?? nodeName, caller, callee };
  }

  #find(labels: Labels, cluster: string, nodeName: string | undefined): Entity | undefined {
    const service = (name: string | undefined) => this.#entities.get(name ?? '');
    const pvc = /^data-(.+)-\d+$/.exec(labels.get('persistentvolumeclaim') ?? '')?.[1];
    const host = /^https?:\/\/([^.]+)\.prod\./.exec(labels.get('instance') ?? '')?.[1];
    const ip = this.#byIp.get((labels.get('instance') ?? '').replace(/:\d+$/, ''));
    const job =
      labels.get('service') === 'kube-dns' || labels.get('job') === 'kube-dns' ? 'coredns' : labels.get('service');
    const known =
      service(labels.get('destination_workload')) ??
      service(labels.get('destination_canonical_service')) ??
      service(labels.get('destination_service_name')) ??
      service(labels.get('consumergroup')) ??
      service(labels.get('sloth_service')) ??
      service(
        labels.get('deployment') ??
          labels.get('statefulset') ??
          labels.get('daemonset') ??
          labels.get('horizontalpodautoscaler'),
      ) ??
      service(pvc) ??
      service(this.#byPod.get(labels.get('pod') ?? '')?.service) ??
      service(host) ??
      service(ip) ??
      service(job) ??
      service(labels.get('job')) ??
      service(labels.get('container'));
    if (known !== undefined) return known;
    if (nodeName !== undefined) return { cluster, kind: 'node', namespace: '', name: nodeName };
    const entity = resolveEntity(labels, { clusterLabel: 'cluster' });
    return entity;
  }

  needs(entity: Entity): readonly Neighbour[] {
    return this.#needs.get(formatEntity(entity)) ?? [];
  }

  neededBy(entity: Entity): readonly Neighbour[] {
    return this.#neededBy.get(formatEntity(entity)) ?? [];
  }

  podsOn(node: Entity, at: number): readonly PodPlace[] {
    return this.#pods
      .filter((pod) => pod.node === node.name && lived(pod, at))
      .map(({ pod, service }) => ({ pod, workload: this.#entities.get(service)! }));
  }

  podsOf(workload: Entity, at: number): readonly { readonly pod: string; readonly node: string | undefined }[] {
    return this.#pods.filter((pod) => pod.service === workload.name && lived(pod, at));
  }

  changesBetween(): readonly TopologyChange[] {
    return [];
  }
}

function lived({ from, until }: { from: number | null; until: number | null }, at: number): boolean {
  return (from ?? 0) * 1000 <= at && at < (until ?? Number.POSITIVE_INFINITY) * 1000;
}

function neighbour(entity: Entity): Neighbour {
  return { entity, kind: 'calls', confidence: 1, source: 'file', rate: undefined };
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
