import { type Entity, formatEntity } from '../model/entity.ts';
import { RequestError } from '../model/errors.ts';
import { type Edge, sourcesOf } from './graph.ts';
import type { LearntTopology } from './learnt-topology.ts';
import type { SeriesTap } from './series-tap.ts';
import type { SourceRule } from './source-rule.ts';
import { SOURCE_RULES } from './sources.ts';

/** More series that say the same tell nobody more. */
const MAX_SERIES = 10;
const MAX_UNRESOLVED = 20;

export interface TopologyQuery {
  readonly limit: number;
  /** Only edges (and their ends) of this kind, source, cluster, namespace or entity; undefined for all. */
  readonly kind: string | undefined;
  readonly source: string | undefined;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
  readonly entity: string | undefined;
}

/** What the topology's endpoints show. */
export class TopologyReport {
  readonly #topology: LearntTopology;
  readonly #tap: SeriesTap;

  constructor(topology: LearntTopology, tap: SeriesTap) {
    this.#topology = topology;
    this.#tap = tap;
  }

  /** The graph, or the part of it that is asked for; the surest and busiest edges first. */
  graph(query: TopologyQuery, now: number) {
    const edges = [...this.#topology.graph.edges, ...this.#topology.places(now)].filter((edge) => fits(edge, query));
    edges.sort((a, b) => b.confidence - a.confidence || (b.rate ?? 0) - (a.rate ?? 0));
    const shown = edges.slice(0, query.limit);
    const entities = new Map(
      shown.flatMap(({ from, to }) => [from, to]).map((entity) => [formatEntity(entity), entity]),
    );
    return {
      entities: [...entities].map(([id, entity]) => ({ id, ...entity })),
      edges: shown.map((edge) => this.#edge(edge)),
      total_edges: edges.length,
    };
  }

  /** Why there are the edges that an entity has, and which series would make more. @throws RequestError 404 */
  explain(name: string, now: number) {
    const all = [...this.#topology.graph.edges, ...this.#topology.places(now)];
    const ends = new Map(all.flatMap(({ from, to }) => [from, to]).map((entity) => [formatEntity(entity), entity]));
    const wanted = [...ends.values()].filter((entity) => isNamed(entity, name));
    const known = wanted.length > 0 ? wanted : this.#topology.directory.namedAnywhere(name);
    if (known.length === 0) throw new RequestError(404, 'not_found', this.#unknown(name));
    return known.map((entity) => this.#explain(entity, all, now));
  }

  /** Which sources were seen, and what they lack. */
  coverage() {
    const edges = new Map<string, number>();
    for (const { claims } of this.#topology.graph.edges) {
      for (const source of sourcesOf(claims)) edges.set(source, (edges.get(source) ?? 0) + 1);
    }
    return [...Map.groupBy(SOURCE_RULES, ({ source }) => source)].map(([source, rules]) => ({
      source,
      ...this.#sighting(rules),
      edges: edges.get(source) ?? 0,
      makes: [...new Set(rules.map(({ makes }) => makes))],
      metrics: rules.flatMap(({ metrics }) => metrics),
    }));
  }

  #explain(entity: Entity, all: readonly Edge[], now: number) {
    const id = formatEntity(entity);
    const mine = all.filter(({ from, to }) => formatEntity(from) === id || formatEntity(to) === id);
    const seen = new Set(mine.flatMap(({ claims }) => sourcesOf(claims)));
    const pods = this.#topology.podsOf(entity, now);
    return {
      entity: id,
      pods: pods.map(({ pod, node }) => ({ pod, node: node ?? null })),
      needs: mine.filter(({ from }) => formatEntity(from) === id).map((edge) => this.#explained(edge)),
      needed_by: mine.filter(({ to }) => formatEntity(to) === id).map((edge) => this.#explained(edge)),
      unresolved: this.#unresolved(entity, now),
      would_make_more: this.coverage()
        .filter(
          ({ source, makes }) =>
            !seen.has(source) && makes.some((text) => /calls|needs|replicates|consumes|routes/.test(text)),
        )
        .map(({ source, makes, metrics, series }) => ({ source, makes, metrics, seen_elsewhere: series > 0 })),
    };
  }

  /** Series about the entity with another end of which nothing is known. */
  #unresolved(entity: Entity, now: number) {
    const id = formatEntity(entity);
    const isMine = (end: Entity) => formatEntity(this.#topology.lifting.lift(end, now)?.entity ?? end) === id;
    return this.#topology.links
      .unresolved()
      .filter(({ fact }) => fact.kind === 'link' && (isMine(fact.from) || isMine(fact.to)))
      .slice(0, MAX_UNRESOLVED)
      .map(({ source, series }) => ({
        source: source.name,
        series,
        why: 'nothing is known of the address at its other end',
      }));
  }

  #explained(edge: Edge) {
    const series = edge.claims.map((claim) => claim.series).filter((text) => text !== '');
    return {
      ...this.#edge(edge),
      series: series.slice(0, MAX_SERIES),
      more_series: Math.max(0, series.length - MAX_SERIES),
    };
  }

  #edge({ from, to, edge, confidence, rate, claims }: Edge) {
    const sources = [...Map.groupBy(claims, ({ source }) => source.name)].map(([source, each]) => ({
      source,
      confidence: rounded(Math.max(...each.map((claim) => this.#topology.claims.confidenceOf(claim)))),
      first_seen: dateOf(Math.min(...each.map(({ firstAt }) => firstAt))),
      last_seen: dateOf(Math.max(...each.map(({ lastAt }) => lastAt))),
    }));
    return {
      from: formatEntity(from),
      to: formatEntity(to),
      kind: edge,
      confidence: rounded(confidence),
      rate: rate === undefined ? null : rounded(rate),
      sources,
    };
  }

  #sighting(rules: readonly SourceRule[]) {
    const seen = rules.flatMap((rule) => this.#tap.sightings.get(rule) ?? []);
    const times = seen.filter(({ lastAt }) => lastAt > 0);
    const missing = new Map<string, number>();
    for (const sighting of seen)
      for (const [label, count] of sighting.missing) missing.set(label, (missing.get(label) ?? 0) + count);
    return {
      seen: times.length > 0,
      first_seen: times.length === 0 ? null : dateOf(Math.min(...times.map(({ firstAt }) => firstAt))),
      last_seen: times.length === 0 ? null : dateOf(Math.max(...times.map(({ lastAt }) => lastAt))),
      series: seen.reduce((sum, { series }) => sum + series, 0),
      missing_labels: [...missing].map(([label, series]) => ({ label, series })),
    };
  }

  #unknown(name: string): string {
    const shown = JSON.stringify(name.slice(0, 100));
    return `nothing named ${shown} is known: give a name, namespace/name or an id as /api/v1/topology has it, and see /api/v1/topology/coverage for the series that are missing`;
  }
}

function fits({ edge, from, to, claims }: Edge, query: TopologyQuery): boolean {
  const { kind, source, cluster, namespace, entity } = query;
  const ends = [from, to];
  return (
    (kind === undefined || edge === kind) &&
    (source === undefined || sourcesOf(claims).includes(source)) &&
    (cluster === undefined || ends.some((end) => end.cluster === cluster)) &&
    (namespace === undefined || ends.some((end) => end.namespace === namespace)) &&
    (entity === undefined || ends.some((end) => isNamed(end, entity)))
  );
}

function isNamed(entity: Entity, name: string): boolean {
  return name === entity.name || name === `${entity.namespace}/${entity.name}` || name === formatEntity(entity);
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function dateOf(at: number): string {
  return new Date(at).toISOString();
}
