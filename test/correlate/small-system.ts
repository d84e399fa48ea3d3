import type {
  CorrelatedFiring,
  CorrelationWindows,
  Decision,
  FiringPlacement,
  ObservedOnset,
} from '../../src/correlate/correlator.ts';
import { ExplainingCorrelator } from '../../src/correlate/explaining-correlator.ts';
import { HandMadeLinks } from '../../src/incidents/hand-made-links.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import { fingerprint } from '../../src/model/fingerprint.ts';
import { firingKey } from '../../src/model/incident.ts';
import { createLabels } from '../../src/model/labels.ts';
import { identifyingLabels } from '../../src/topology/identifying-labels.ts';
import type { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { learnStorm, type StormTopology } from '../topology/storm-topology.ts';

export const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** When every scenario begins. */
export const START = Date.UTC(2026, 0, 1);

type Labels = Readonly<Record<string, string>>;

/** A shop with a database, a platform and a few lonely services, small enough to be seen as a whole. */
const SHOP: StormTopology = {
  services: [
    ...['web', 'mobile', 'cart', 'orders', 'search', 'stock', 'mail', 'tax', 'geo', 'news'].map((name) => ({
      name,
      namespace: 'shop',
      kind: 'Deployment',
    })),
    { name: 'db', namespace: 'data', kind: 'StatefulSet' },
    { name: 'bank', namespace: 'ext', kind: 'External' },
    { name: 'coredns', namespace: 'kube-system', kind: 'Deployment' },
  ],
  edges: [
    ['web', 'cart'],
    ['web', 'search'],
    ['mobile', 'cart'],
    ['cart', 'orders'],
    ['cart', 'stock'],
    ['orders', 'db'],
    ['stock', 'db'],
    ['tax', 'bank'],
    ['news', 'mail'],
    ['geo', 'mail'],
  ],
  pods: [
    ...['web', 'mobile', 'cart', 'orders', 'search', 'stock'].map((service) => podOf(service, 'n1')),
    ...['mail', 'tax', 'geo', 'news', 'coredns'].map((service) => podOf(service, 'n2')),
    podOf('db', 'n3'),
  ],
  nodes: [
    { node: 'n1', ip: '10.0.0.1' },
    { node: 'n2', ip: '10.0.0.2' },
    { node: 'n3', ip: '10.0.0.3' },
  ],
};

export const errors = (service: string): Labels => ({
  alertname: 'HighErrors',
  destination_workload: service,
  destination_workload_namespace: 'shop',
});
export const latency = (service: string): Labels => ({ ...errors(service), alertname: 'HighLatency' });
export const pod = (service: string, alertname: string): Labels => ({
  alertname,
  namespace: service === 'db' ? 'data' : service === 'coredns' ? 'kube-system' : 'shop',
  pod: `${service}-0`,
});

/** An alert that begins so many seconds after the start of the scenario, and ends, or not. */
export function alertOf(labels: Labels, from: number, to?: number): Alert {
  const all = createLabels([...Object.entries(labels), ['cluster', 'c']]);
  return {
    fingerprint: fingerprint(all),
    labels: all,
    replica: '',
    annotations: new Map(),
    startsAt: START + from * SECOND,
    endsAt: to === undefined ? undefined : START + to * SECOND,
    expiresAt: undefined,
    generatorUrl: '',
    group: '',
    extra: {},
  };
}

/** A correlator on a small system, and what came of its decisions. */
export class SmallSystem {
  readonly topology: LearntTopology;
  windows: CorrelationWindows = {
    joinWindowMs: 15 * MINUTE,
    freezeAfterMs: 90 * MINUTE,
    reopenWithinMs: 30 * MINUTE,
  };
  /** What people said. */
  readonly word = new HandMadeLinks([]);
  correlator: ExplainingCorrelator;
  readonly placed = new Map<string, FiringPlacement>();
  readonly views = new Map<string, Decision['incidents'][number]>();
  readonly merged: Decision['merged'][number][] = [];
  readonly anomalies: Decision['anomalies'][number][] = [];
  readonly #names = new Map<string, string>();

  constructor(system = SHOP) {
    this.topology = learnStorm(system, 'c');
    this.correlator = this.#create();
  }

  /** Delivers alerts at a second of the scenario. */
  deliver(at: number, alerts: readonly Alert[]): Decision {
    this.correlator.take(
      alerts.map((alert) => this.firing(alert)),
      START + at * SECOND,
    );
    return this.decide(at);
  }

  decide(at: number): Decision {
    const decision = this.correlator.decide(START + at * SECOND);
    for (const placement of decision.placements) this.placed.set(placement.key, placement);
    for (const view of decision.incidents) this.views.set(view.incidentId, view);
    this.merged.push(...decision.merged);
    this.anomalies.push(...decision.anomalies);
    return decision;
  }

  /** A rule is pending for these labels since a second of the scenario. */
  pending(at: number, labels: Labels, from: number): void {
    const all = createLabels([...Object.entries(labels), ['cluster', 'c']]);
    const activeAt = START + from * SECOND;
    const subject = this.topology.subjectOf(all, activeAt);
    const identity = { cluster: 'c', labels: all, fingerprint: fingerprint(all) };
    const onset: ObservedOnset = { ...identity, subject, activeAt, endedAt: undefined };
    this.correlator.takeOnsets([onset], START + at * SECOND);
  }

  anomaly(at: number, anomaly: Anomaly): void {
    const subject = this.topology.subjectOf(anomaly.labels, anomaly.startsAt);
    this.correlator.takeAnomaly(anomaly, subject, START + at * SECOND);
  }

  firing(alert: Alert): CorrelatedFiring {
    const key = firingKey(alert);
    const thing = ['destination_workload', 'pod', 'node', 'instance', 'alertname'].map((name) =>
      alert.labels.get(name),
    );
    this.#names.set(key, `${alert.labels.get('alertname')} ${thing.find((name) => name !== undefined)}`);
    const onset = { earliest: alert.startsAt, latest: alert.startsAt };
    const subject = this.topology.subjectOf(alert.labels, alert.startsAt);
    return { key, alert, cluster: 'c', onset, subject };
  }

  /** Forgets all and is told what was decided. */
  restart(at: number, alerts: readonly Alert[]): void {
    this.correlator = this.#create(this.correlator.learnt());
    const firings = alerts.map((alert) => {
      const firing = this.firing(alert);
      return { ...firing, incidentId: this.placed.get(firing.key)!.incidentId };
    });
    const incidents = [...this.views.values()].map(({ incidentId, cluster, causes }) => ({
      incidentId,
      cluster,
      causes,
    }));
    this.correlator.restore(firings, incidents, START + at * SECOND);
  }

  /** Members of each incident by name, sorted: the partition without its ids. */
  partition(): string[][] {
    const groups = Map.groupBy(this.placed.values(), ({ incidentId }) => incidentId);
    const names = [...groups.values()].map((placements) => placements.map(({ key }) => this.#names.get(key)!).sort());
    return names.sort((a, b) => b.length - a.length || (a.join() < b.join() ? -1 : 1));
  }

  /** The placement of an alert. */
  of(alert: Alert): FiringPlacement {
    return this.placed.get(firingKey(alert))!;
  }

  /** The first cause of the incident that an alert is in. */
  causeOf(alert: Alert): string | undefined {
    return this.views.get(this.of(alert).incidentId)?.causes[0]?.entity.name;
  }

  #create(learnt?: unknown): ExplainingCorrelator {
    const { topology, word } = this;
    return new ExplainingCorrelator({ topology, identifyingLabels, windows: () => this.windows, learnt, word });
  }
}

function podOf(service: string, node: string): StormTopology['pods'][number] {
  const namespace = service === 'db' ? 'data' : service === 'coredns' ? 'kube-system' : 'shop';
  const ip = `10.1.${node.slice(1)}.${service.length}${service.charCodeAt(0) % 10}`;
  return { pod: `${service}-0`, service, namespace, node, ip, from: null, until: null };
}
