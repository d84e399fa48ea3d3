import { type Entity, formatEntity, isSameEntity } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import type { Neighbour, PodPlace, Subject, Topology, TopologyChange } from '../model/topology.ts';
import { Changes } from './changes.ts';
import { type Claim, Claims, FILE_SOURCE } from './claims.ts';
import { Directory } from './directory.ts';
import { Dormant } from './dormant.ts';
import type { Fact, Provenance } from './fact.ts';
import { type CollectedEdge, type Edge, Graph } from './graph.ts';
import { Lifting } from './lifting.ts';
import { Links } from './links.ts';
import { livesAt, type Pod, Pods } from './pods.ts';
import { restoreTopology, saveTopology } from './saved-topology.ts';
import { SubjectResolver } from './subject.ts';

/** How often what has ended is looked for. */
const SWEEP_EVERY_MS = 60_000;
const KNOWN: Provenance = {
  source: FILE_SOURCE,
  confidence: 1,
  group: '',
  isView: false,
  isTraffic: false,
  series: '',
};

export interface TopologyOptions {
  readonly clusterLabel: string;
  /** Largest number of claims that are remembered; further ones are refused and counted. */
  readonly maxClaims?: number;
}

/**
 * What is known about how things depend on each other: facts go in, each with its source, and the graph of those that
 * hold comes out. Facts count at once for the question what an alert is about, and for edges at the latest from the next
 * `advance` on.
 */
export class LearntTopology implements Topology {
  readonly claims: Claims;
  readonly changes = new Changes();
  readonly pods = new Pods();
  readonly directory = new Directory();
  readonly lifting = new Lifting(this.pods, this.directory);
  readonly links = new Links(this.lifting);
  readonly dormant = new Dormant(this.links);
  #clusterLabel: string;
  #subjects: SubjectResolver;
  #version = 1;
  #hasChanged = false;
  #now = 0;
  #sweptAt = 0;
  #graph: Graph | undefined;
  #podsByWorkload: Map<string, Pod[]> | undefined;

  constructor({ clusterLabel, maxClaims = 250_000 }: TopologyOptions) {
    this.claims = new Claims(maxClaims);
    this.claims.onBegin = (claim) => this.#begin(claim);
    this.claims.onEnd = (claim) => this.#end(claim);
    this.claims.onForget = (claim) => this.pods.forget(claim);
    this.#clusterLabel = clusterLabel;
    this.#subjects = new SubjectResolver(this, clusterLabel);
  }

  get version(): number {
    return this.#version;
  }

  /** The graph as of the latest `advance`. */
  get graph(): Graph {
    this.#graph ??= new Graph(this.#collect(), (claim) => this.claims.confidenceOf(claim));
    return this.#graph;
  }

  configure({ clusterLabel }: Pick<TopologyOptions, 'clusterLabel'>): void {
    if (clusterLabel === this.#clusterLabel) return;
    this.#clusterLabel = clusterLabel;
    this.#subjects = new SubjectResolver(this, clusterLabel);
  }

  /** Takes a fact in. @returns the claim, for those who know when it ends; undefined when there is no room for it */
  observe(fact: Fact, at: number, provenance: Provenance = KNOWN): Claim | undefined {
    return this.claims.hold(fact, provenance, at);
  }

  /** Takes what people know, in place of what they said before. */
  useFile(facts: readonly Fact[], at: number): void {
    this.claims.retract(KNOWN.source, at);
    for (const fact of facts) this.observe(fact, at);
    this.advance(at);
  }

  /** Lets time pass: edges are what was observed until now. Call it every few seconds. @param now epoch milliseconds */
  advance(now: number): void {
    this.#now = now;
    if (now - this.#sweptAt >= SWEEP_EVERY_MS) {
      this.#sweptAt = now;
      this.claims.sweep(now);
      this.dormant.sweep();
      this.changes.forget(now);
      // Traffic fades and rates change, even when nothing begins or ends.
      this.#hasChanged = true;
    }
    if (this.links.relift()) this.#hasChanged = true;
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    this.#version++;
    this.#graph = undefined;
    this.#podsByWorkload = undefined;
    this.lifting.refresh();
  }

  subjectOf(labels: Labels, at: number): Subject {
    return this.#subjects.resolve(labels, at);
  }

  needs(entity: Entity): readonly Neighbour[] {
    return this.graph.needs(entity);
  }

  neededBy(entity: Entity): readonly Neighbour[] {
    return this.graph.neededBy(entity);
  }

  podsOn(node: Entity, at: number): readonly PodPlace[] {
    return this.pods
      .on(node.cluster, node.name, at)
      .map((pod) => ({ pod: pod.name, workload: this.#workloadOf(pod, at) }));
  }

  podsOf(workload: Entity, at: number): readonly { readonly pod: string; readonly node: string | undefined }[] {
    this.#podsByWorkload ??= Map.groupBy(this.pods.all(), (pod) => formatEntity(this.#workloadOf(pod, this.#now)));
    const pods = this.#podsByWorkload.get(formatEntity(workload)) ?? [];
    return pods.filter((pod) => livesAt(pod, at)).map(({ name, node }) => ({ pod: name, node }));
  }

  /** Which workloads have pods on which nodes, as edges. */
  places(now: number): Edge[] {
    const places = new Map<string, { from: Entity; to: Entity; claims: Claim[] }>();
    for (const pod of this.pods.all()) {
      if (pod.node === undefined || !livesAt(pod, now)) continue;
      const from = this.#workloadOf(pod, now);
      const to: Entity = { cluster: pod.cluster, kind: 'node', namespace: '', name: pod.node };
      const key = `${formatEntity(from)} ${formatEntity(to)}`;
      const place = places.get(key);
      if (place === undefined) places.set(key, { from, to, claims: [...pod.claims] });
      else place.claims.push(...pod.claims);
    }
    return [...places.values()].map((place) => {
      const confidence = Math.max(...place.claims.map((claim) => claim.confidence));
      return { edge: 'runs-on', ...place, confidence, rate: undefined };
    });
  }

  changesBetween(from: number, to: number): readonly TopologyChange[] {
    return this.changes.between(from, to);
  }

  /** What has to survive a restart, as blocks for a snapshot. */
  save(): Generator<Buffer> {
    return saveTopology(this.claims, this.dormant);
  }

  /** Takes a block of a snapshot in. */
  restore(block: Buffer): void {
    restoreTopology(this.claims, this.dormant, block);
  }

  #begin(claim: Claim): void {
    this.#hasChanged = true;
    const { fact } = claim;
    if (fact.kind === 'pod') this.pods.begin(claim, fact);
    else if (fact.kind === 'link') this.links.begin(claim, fact);
    else this.directory.begin(claim);
  }

  #end(claim: Claim): void {
    this.#hasChanged = true;
    const { kind } = claim.fact;
    if (claim.isTraffic) this.dormant.end(claim);
    if (kind === 'pod') this.pods.end(claim);
    else if (kind === 'link') this.links.end(claim);
    else this.directory.end(claim);
  }

  #workloadOf({ cluster, namespace, name }: Pod, at: number): Entity {
    const pod: Entity = { cluster, kind: 'pod', namespace, name };
    return this.lifting.lift(pod, at)?.entity ?? pod;
  }

  /** All links, between the things to speak of: a service is the workload whose pods answer for it. */
  *#collect(): Generator<CollectedEdge> {
    const edges = new Map<string, CollectedEdge & { claims: Claim[] }>();
    const services = new Map<string, Entity>();
    for (const { edge, from, to, claims } of this.links.all()) {
      const [start, end] = [this.#spokenOf(from), this.#spokenOf(to)];
      for (const each of [start, end]) if (each.kind === 'service') services.set(formatEntity(each), each);
      if (isSameEntity(start, end)) continue;
      const key = `${edge} ${formatEntity(start)} ${formatEntity(end)}`;
      const known = edges.get(key);
      if (known === undefined) edges.set(key, { edge, from: start, to: end, claims: [...claims] });
      else known.claims.push(...claims);
    }
    yield* edges.values();
    for (const service of services.values()) {
      const claims = this.directory.serverClaims(service);
      for (const to of this.lifting.partsOf(service, this.#now)) yield { edge: 'routes-to', from: service, to, claims };
    }
  }

  #spokenOf(entity: Entity): Entity {
    return this.lifting.lift(entity, this.#now)?.entity ?? entity;
  }
}
