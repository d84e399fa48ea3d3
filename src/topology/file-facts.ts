import type { TopologyFile } from '../config/topology-schema.ts';
import type { Entity, EntityKind } from '../model/entity.ts';
import type { Fact } from './fact.ts';

/** Kinds that live in a namespace. */
const NAMESPACED: ReadonlySet<EntityKind> = new Set(['service', 'workload', 'ingress']);

/** What a file of known dependencies says, as facts. */
export function factsOfFile(written: TopologyFile): Fact[] {
  const file = inCluster(written);
  const names = new FileNames(file);
  return [
    ...file.services.flatMap((service) => {
      const entity = entityOf(service);
      const needs = service.needs.map((name) => link('calls', entity, names.find(service.cluster, name)));
      return [...known(entity, service.addresses), ...service.hosts.flatMap((host) => running(entity, host)), ...needs];
    }),
    ...file.edges.map(({ from, to, kind, cluster }) => link(kind, names.find(cluster, from), names.find(cluster, to))),
    ...file.hosts.flatMap(({ name, cluster = '', addresses, rack, zone }) => {
      const host: Entity = { cluster, kind: 'node', namespace: '', name };
      const places = [rack, zone].filter((place) => place !== undefined);
      const zones = places.map((place): Entity => ({ cluster, kind: 'zone', namespace: '', name: place }));
      return [...known(host, addresses), ...zones.map((place) => link('member-of', host, place))];
    }),
  ];
}

/** The same, with the cluster of the file where an entry has none of its own. */
function inCluster(file: TopologyFile): TopologyFile {
  const place = <T extends { readonly cluster: string | undefined }>(entry: T): T => ({
    ...entry,
    cluster: entry.cluster ?? file.cluster,
  });
  return { ...file, services: file.services.map(place), edges: file.edges.map(place), hosts: file.hosts.map(place) };
}

type FileService = TopologyFile['services'][number];

/** Names in the file: what it lists itself, else what may be learnt. */
class FileNames {
  readonly #entities = new Map<string, Entity>();

  constructor({ services, hosts }: TopologyFile) {
    for (const { name, cluster = '' } of hosts) {
      this.#entities.set(`${cluster} ${name}`, { cluster, kind: 'node', namespace: '', name });
    }
    for (const service of services) {
      const { cluster = '', namespace, name } = service;
      this.#entities.set(`${cluster} ${name}`, entityOf(service));
      if (namespace !== undefined) this.#entities.set(`${cluster} ${namespace}/${name}`, entityOf(service));
    }
  }

  find(cluster: string | undefined, reference: string): Entity {
    const listed = this.#entities.get(`${cluster ?? ''} ${reference}`);
    if (listed !== undefined) return listed;
    const [first, second] = reference.split('/') as [string, string?];
    const [namespace, name] = second === undefined ? ['', first] : [first, second];
    return { cluster: cluster ?? '', kind: 'service', namespace, name };
  }
}

function entityOf({ cluster = '', kind, namespace = '', name }: FileService): Entity {
  return { cluster, kind, namespace: NAMESPACED.has(kind) ? namespace : '', name };
}

function known(entity: Entity, addresses: readonly string[]): Fact[] {
  return [{ kind: 'entity', entity, addresses }];
}

/** What runs on a host is, to all that asks where things are, a pod on a node. */
function running(entity: Entity, host: string): Fact[] {
  const { cluster, namespace, name } = entity;
  const pod = `${name}@${host}`;
  const by: Entity = { cluster, kind: 'pod', namespace, name: pod };
  const facts: Fact[] = [
    { kind: 'pod', cluster, namespace, pod, node: host, owner: { kind: 'File', name }, from: null },
  ];
  return entity.kind === 'service' ? [...facts, { kind: 'serves', service: entity, by }] : facts;
}

function link(edge: Extract<Fact, { kind: 'link' }>['edge'], from: Entity, to: Entity): Fact {
  return { kind: 'link', edge, from, to };
}
