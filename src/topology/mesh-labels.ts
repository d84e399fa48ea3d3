import type { Entity, EntityKind } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import { serviceOfDnsName } from './address.ts';

/** Who calls whom, as the labels of a mesh, of Hubble or of a service graph say it. */
export interface MeshEnds {
  readonly source: Entity | undefined;
  readonly destination: Entity | undefined;
}

/** Placeholders for "we do not know" and "from outside". */
const NOBODY: ReadonlySet<string> = new Set(['unknown', '', 'user', 'world', 'host', 'remote-node', 'kube-apiserver']);

/** How the names of all labels begin that are read here. Hardly any alert has one: the others are told at a glance. */
const SPEAKS_OF_CALLS = /^(source|destination|dst_|backend_|client|server)/;

/** Reads both ends of a call from labels of Istio, Linkerd, Hubble or a service graph; undefined where they say nothing. */
export function meshEnds(labels: Labels, cluster: string): MeshEnds {
  if (!speaksOfCalls(labels)) return NONE;
  return (
    istio(labels, cluster) ??
    linkerd(labels, cluster) ??
    hubble(labels, cluster) ??
    serviceGraph(labels, cluster) ??
    NONE
  );
}

function speaksOfCalls(labels: Labels): boolean {
  for (const name of labels.keys()) if (SPEAKS_OF_CALLS.test(name)) return true;
  return false;
}

const NONE: MeshEnds = { source: undefined, destination: undefined };

function istio(labels: Labels, cluster: string): MeshEnds | undefined {
  const value = (name: string) => known(labels.get(name));
  // The names of clusters are the mesh's own: they are needed only where a call leaves one.
  const [here, there] = [value('source_cluster'), value('destination_cluster')];
  const isAbroad = here !== undefined && there !== undefined && here !== there;
  const namespace = value('destination_workload_namespace') ?? value('destination_service_namespace') ?? '';
  const [host, hostNamespace = ''] = serviceHost(value('destination_service'));
  const destination = first(isAbroad ? there : cluster, [
    ['workload', namespace, value('destination_workload')],
    ['service', namespace, value('destination_canonical_service')],
    ['service', value('destination_service_namespace') ?? namespace, value('destination_service_name')],
    ['service', hostNamespace, host],
  ]);
  const sourceNamespace = value('source_workload_namespace') ?? '';
  const source = first(cluster, [
    ['workload', sourceNamespace, value('source_workload')],
    ['service', sourceNamespace, value('source_canonical_service')],
  ]);
  return ends(source, destination);
}

function serviceHost(host: string | undefined): readonly (string | undefined)[] {
  if (host === undefined) return [];
  const service = serviceOfDnsName(host);
  return service === undefined ? host.split('.') : [service.name, service.namespace];
}

function linkerd(labels: Labels, cluster: string): MeshEnds | undefined {
  if (labels.get('direction') === 'inbound') return undefined;
  const value = (name: string) => known(labels.get(name));
  const namespace = value('dst_namespace') ?? '';
  const destination = first(cluster, [
    ['workload', namespace, value('dst_deployment') ?? value('dst_statefulset') ?? value('dst_daemonset')],
    ['service', namespace, value('dst_service')],
    ['pod', namespace, value('dst_pod')],
    [
      'service',
      value('backend_namespace') ?? '',
      value('backend_kind') === 'Service' ? value('backend_name') : undefined,
    ],
  ]);
  if (destination === undefined) return undefined;
  const home = value('namespace') ?? '';
  const source = first(cluster, [
    ['workload', home, value('deployment') ?? value('statefulset') ?? value('daemonset')],
    ['pod', home, value('pod')],
  ]);
  return ends(source, destination);
}

function hubble(labels: Labels, cluster: string): MeshEnds | undefined {
  const end = (side: 'source' | 'destination') => {
    const value = (name: string) => known(labels.get(`${side}_${name}`));
    const namespace = value('namespace') ?? '';
    // Without labels of its own, the context is `namespace/pod`, or a workload's name in some set-ups.
    const [context = '', name] = (known(labels.get(side)) ?? '').split('/');
    return first(cluster, [
      ['workload', namespace, value('workload')],
      ['pod', namespace, value('pod')],
      ['service', namespace, value('app')],
      ['pod', context, name],
    ]);
  };
  return ends(end('source'), end('destination'));
}

function serviceGraph(labels: Labels, cluster: string): MeshEnds | undefined {
  const value = (name: string) => known(labels.get(name));
  const [client, server] = [labels.get('client'), value('server')];
  if (client === undefined || server === undefined) return undefined;
  const clientNamespace = value('client_k8s_namespace_name') ?? value('client_service_namespace') ?? '';
  const namespace = value('server_k8s_namespace_name') ?? value('server_service_namespace') ?? '';
  return ends(
    first(cluster, [['service', clientNamespace, known(client)]]),
    serverOf(cluster, namespace, server, labels),
  );
}

function serverOf(cluster: string, namespace: string, name: string, labels: Labels): Entity {
  const isAddress = /[.:]/.test(name);
  if (isAddress) return { cluster, kind: 'instance', namespace: '', name };
  // What is not instrumented itself was made up from the client's attributes: a database by its name.
  const kind = labels.get('connection_type') === 'database' ? 'database' : 'service';
  return { cluster, kind, namespace: kind === 'service' ? namespace : '', name };
}

function first(
  cluster: string,
  candidates: readonly (readonly [EntityKind, string, string | undefined])[],
): Entity | undefined {
  for (const [kind, namespace, name] of candidates) if (name !== undefined) return { cluster, kind, namespace, name };
  return undefined;
}

function ends(source: Entity | undefined, destination: Entity | undefined): MeshEnds | undefined {
  return source === undefined && destination === undefined ? undefined : { source, destination };
}

function known(value: string | undefined): string | undefined {
  return value === undefined || NOBODY.has(value) ? undefined : value;
}
