import { type Entity, type EntityKind, formatEntity } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import type { Neighbour, Subject } from '../model/topology.ts';
import { withoutGeneratedSuffix } from '../model/workload-of-pod.ts';
import { isUrl, parseAddress } from './address.ts';
import type { Directory } from './directory.ts';
import { exporterOf, subjectLabel } from './exporter-target.ts';
import { HomeDomains } from './home-domains.ts';
import { type CanonicalLabel, findAlias, resolveCluster } from './label-aliases.ts';
import { HOST_GUESS, type Lifted, type Lifting } from './lifting.ts';
import { type MeshEnds, meshEnds } from './mesh-labels.ts';
import { parseUpstream } from './upstream-name.ts';

/** How far labels are to be trusted that name no known thing, or more than the thing itself. */
const UNKNOWN = 0.5;
const NAMESPACE = 0.3;
/** Rules about the cluster as a whole, whose alerts have no label that says so. */
const CLUSTER_ALERT =
  /^(KubeAPI|KubeAggregatedAPI|Kubelet|KubeScheduler|KubeControllerManager|KubeProxy|KubeClient|KubeVersion|KubeCPU|KubeMemory|etcd)/;
/** Rules about what is scraped, which may be an exporter for its own sake. */
const TARGET_ALERT = /Target|Exporter|Instance.*Down|ScrapeFail/;

/** What the resolver needs of the topology. */
export interface KnownThings {
  readonly directory: Directory;
  readonly lifting: Lifting;
  neededBy(entity: Entity): readonly Neighbour[];
}

/** One alert or series, as the ways to its subject look at it. */
interface Case {
  readonly labels: Labels;
  readonly at: number;
  readonly cluster: string;
  readonly namespace: string;
  /** A label where it speaks about the subject, not about the exporter that was scraped. */
  readonly subject: (canonical: CanonicalLabel) => string | undefined;
  readonly isFromExporter: boolean;
  /** Who calls whom, where it is about calls. */
  readonly ends: MeshEnds;
  readonly known: KnownThings;
  readonly home: HomeDomains;
}

type Way = (alert: Case) => Lifted | undefined;

/** How to find the subject: explicit labels of an object before inferred ones, the most specific first. */
const WAYS: readonly Way[] = [
  (alert) => destination(alert),
  objective,
  (alert) => (alert.isFromExporter ? messaging(alert) : undefined),
  workload,
  (alert) => lifted(alert, 'pod', alert.subject('pod')),
  scaledWorkload,
  volumeClaim,
  ingress,
  cloudDatabase,
  node,
  (alert) => address(alert),
  messaging,
  (alert) => service(alert, alert.subject('service')),
  namesake,
  unknownInstance,
  target,
  (alert) => given(alert, 'namespace', alert.subject('namespace'), NAMESPACE),
  (alert) =>
    CLUSTER_ALERT.test(alert.labels.get('alertname') ?? '')
      ? given(alert, 'cluster', alert.cluster || 'cluster', UNKNOWN)
      : undefined,
];

/** Says what an alert or a series is about. */
export class SubjectResolver {
  readonly #known: KnownThings;
  readonly #clusterLabel: string;
  readonly #home = new HomeDomains();

  /** @param clusterLabel the label that holds the cluster, tried before its usual spellings */
  constructor(known: KnownThings, clusterLabel: string) {
    this.#known = known;
    this.#clusterLabel = clusterLabel;
  }

  /** Labels that name nothing have no subject: a default would make strangers look alike. @param at epoch milliseconds */
  resolve(labels: Labels, at: number): Subject {
    const exporter = exporterOf(labels);
    const subject = (canonical: CanonicalLabel) => subjectLabel(labels, exporter, canonical);
    const cluster = resolveCluster(labels, { clusterLabel: this.#clusterLabel });
    const namespace = subject('namespace') ?? '';
    const isFromExporter = exporter !== undefined;
    const alert: Case = {
      labels,
      at,
      cluster,
      namespace,
      subject,
      isFromExporter,
      ends: meshEnds(labels, cluster),
      known: this.#known,
      home: this.#home,
    };
    let found: Lifted | undefined;
    for (const way of WAYS) {
      found = way(alert);
      if (found !== undefined) break;
    }
    const { pod, node } = this.#place(alert, found);
    const { caller, callee } = neighbours(alert);
    return { entity: found?.entity, confidence: found?.confidence ?? 0, pod, node, caller, callee };
  }

  /** Where it runs: for co-location. */
  #place(alert: Case, found: Lifted | undefined): Pick<Subject, 'pod' | 'node'> {
    const { cluster, namespace, subject, at } = alert;
    const name = subject('pod');
    const instance = subject('instance');
    const pod =
      name !== undefined
        ? this.#known.lifting.podOf({ cluster, kind: 'pod', namespace, name }, at)
        : this.#known.lifting.podOf({ cluster, kind: 'instance', namespace: '', name: instance ?? '' }, at);
    const node = found?.entity.kind === 'node' ? found.entity.name : (pod?.node ?? subject('node'));
    return { pod: name ?? pod?.name, node };
  }
}

/** Alerts about an edge: who calls, or who is called. */
function neighbours(alert: Case): Pick<Subject, 'caller' | 'callee'> {
  const { source } = alert.ends;
  const upstream = parseUpstream(alert.labels, alert.cluster);
  const callee = upstream === undefined ? broker(alert) : lift(alert, upstream);
  return { caller: source && lift(alert, source)?.entity, callee: callee?.entity };
}

/** A consumer that lags needs the broker whose exporter says so. */
function broker(alert: Case): Lifted | undefined {
  const { labels, isFromExporter } = alert;
  if (!isFromExporter || !(labels.has('consumergroup') || labels.has('consumer_group'))) return undefined;
  return address(alert);
}

/** In a mesh the destination is the subject; the source suffers. */
function destination(alert: Case): Lifted | undefined {
  const { destination: end } = alert.ends;
  return end && lift(alert, end);
}

/** The namespace of such an alert may be that of its rule. */
function objective(alert: Case): Lifted | undefined {
  const name = alert.labels.get('sloth_service');
  const here = service(alert, name);
  if (here === undefined || here.confidence > UNKNOWN) return here;
  const anywhere = lift(alert, { cluster: alert.cluster, kind: 'service', namespace: '', name: name! });
  return anywhere !== undefined && anywhere.confidence > here.confidence ? anywhere : here;
}

function service(alert: Case, name: string | undefined): Lifted | undefined {
  return lifted(alert, 'service', name);
}

function workload(alert: Case): Lifted | undefined {
  const found = findAlias(alert.labels, 'workload');
  if (found === undefined) return undefined;
  const [label, name] = found;
  const known = lifted(alert, 'workload', name);
  const isGenerated = label === 'job_name' || label === 'replicaset';
  if (!isGenerated || (known?.confidence ?? 0) > UNKNOWN) return known;
  return given(alert, 'workload', withoutGeneratedSuffix(name), UNKNOWN);
}

function scaledWorkload(alert: Case): Lifted | undefined {
  const name = alert.labels.get('horizontalpodautoscaler') ?? alert.labels.get('hpa');
  if (name === undefined) return undefined;
  const { cluster, namespace } = alert;
  const scaler: Entity = { cluster, kind: 'autoscaler', namespace, name };
  const isKnown = alert.known.directory.targets(scaler).length > 0;
  return isKnown ? lift(alert, scaler) : lifted(alert, 'workload', name);
}

/** A volume claim is the business of who stores there. */
function volumeClaim(alert: Case): Lifted | undefined {
  const claim = given(alert, 'persistentvolumeclaim', alert.labels.get('persistentvolumeclaim'), UNKNOWN);
  if (claim === undefined) return undefined;
  const users = alert.known.neededBy(claim.entity);
  if (users.length === 1) return { entity: users[0]!.entity, confidence: users[0]!.confidence };
  if (users.length > 1) return { entity: claim.entity, confidence: 0.99 };
  // The claims of a StatefulSet are named template-set-ordinal.
  const parts = claim.entity.name.replace(/-\d+$/, '').split('-');
  for (let from = 1; from < parts.length; from++) {
    const owner: Entity = { ...claim.entity, kind: 'workload', name: parts.slice(from).join('-') };
    if (alert.known.directory.has(owner)) return { entity: owner, confidence: 0.6 };
  }
  return claim;
}

function ingress(alert: Case): Lifted | undefined {
  const name = alert.labels.get('ingress');
  if (name === undefined) return undefined;
  const behind = alert.labels.get('exported_service') ?? alert.labels.get('service');
  return service(alert, behind) ?? given(alert, 'ingress', name, UNKNOWN);
}

/** Of databases that a cloud runs there is only a name, as its exporters spell it. */
function cloudDatabase(alert: Case): Lifted | undefined {
  const names = ['dbinstance_identifier', 'dimension_DBInstanceIdentifier', 'rds_instance_id'];
  return lifted(
    alert,
    'database',
    names.map((name) => alert.labels.get(name)).find((name) => name !== undefined),
  );
}

/** The targets of node_exporter and the kubelet are nodes, whatever port they are scraped at. */
function node(alert: Case): Lifted | undefined {
  const name = alert.subject('node');
  if (name !== undefined) return given(alert, 'node', name, 0.9);
  const exporter = exporterOf(alert.labels);
  const instance = alert.labels.get('instance');
  if ((exporter !== 'node' && exporter !== 'kubelet') || instance === undefined) return undefined;
  const { host } = parseAddress(instance);
  const known = [
    ...alert.known.directory.at(alert.cluster, instance),
    ...alert.known.directory.at(alert.cluster, host),
    ...alert.known.directory.named(alert.cluster, host),
  ].find(({ kind }) => kind === 'node');
  return known === undefined ? given(alert, 'node', host, UNKNOWN) : { entity: known, confidence: 0.9 };
}

function address(alert: Case): Lifted | undefined {
  const instance = alert.subject('instance') ?? alert.labels.get('target');
  if (instance === undefined) return undefined;
  const isHome = alert.home.mayBeHome(instance);
  const found = lift(alert, { cluster: alert.cluster, kind: 'instance', namespace: '', name: instance });
  // A guess from the name alone is worth nothing in a domain of somebody else.
  return isHome || (found?.confidence ?? 0) > HOST_GUESS ? found : undefined;
}

function messaging(alert: Case): Lifted | undefined {
  const group = alert.labels.get('consumergroup') ?? alert.labels.get('consumer_group');
  return (
    lifted(alert, 'consumergroup', group) ??
    given(alert, 'topic', alert.labels.get('topic'), UNKNOWN) ??
    given(alert, 'queue', alert.labels.get('queue'), UNKNOWN)
  );
}

/** Names that say little by themselves, if they are those of known things. */
function namesake(alert: Case): Lifted | undefined {
  const { cluster, namespace, labels, subject, known } = alert;
  for (const name of [labels.get('container'), subject('job')]) {
    if (name === undefined) continue;
    const fits = known.directory
      .named(cluster, name)
      .filter((entity) => namespace === '' || entity.namespace === '' || entity.namespace === namespace);
    const things = new Map(
      fits.flatMap((entity) => lift(alert, entity) ?? []).map((each) => [formatEntity(each.entity), each]),
    );
    if (things.size > 0) return { entity: [...things.values()][0]!.entity, confidence: 0.8 / things.size };
  }
  return undefined;
}

/** An address of which nothing is known is still the same thing when it comes again; a probed URL by its host. */
function unknownInstance(alert: Case): Lifted | undefined {
  const instance = alert.subject('instance') ?? alert.labels.get('target');
  if (instance === undefined) return undefined;
  if (isUrl(instance)) return given(alert, 'host', parseAddress(instance).host, UNKNOWN);
  return given(alert, 'instance', instance, UNKNOWN);
}

/** An alert about the exporter itself. */
function target(alert: Case): Lifted | undefined {
  if (!alert.isFromExporter || !TARGET_ALERT.test(alert.labels.get('alertname') ?? '')) return undefined;
  const name = alert.labels.get('service') ?? alert.labels.get('job');
  const namespace = alert.labels.get('namespace') ?? '';
  return name === undefined ? undefined : lift(alert, { cluster: alert.cluster, kind: 'service', namespace, name });
}

/** Kinds that live in a namespace; the names of the others are unique in their cluster. */
const NAMESPACED: ReadonlySet<EntityKind> = new Set(['pod', 'workload', 'service', 'persistentvolumeclaim', 'ingress']);

function given(alert: Case, kind: EntityKind, name: string | undefined, confidence: number): Lifted | undefined {
  if (name === undefined) return undefined;
  const namespace = NAMESPACED.has(kind) ? alert.namespace : '';
  return { entity: { cluster: alert.cluster, kind, namespace, name }, confidence };
}

function lifted(alert: Case, kind: EntityKind, name: string | undefined): Lifted | undefined {
  const entity = given(alert, kind, name, 1)?.entity;
  return entity && lift(alert, entity);
}

function lift(alert: Case, entity: Entity): Lifted | undefined {
  return alert.known.lifting.lift(entity, alert.at);
}
