import { type Entity, formatEntity } from '../model/entity.ts';
import type { EdgeKind, Neighbour } from '../model/topology.ts';
import type { Claim } from './claims.ts';

/** Kinds of edges along which failure travels. The others say where a thing is, or what it belongs to. */
const CARRIES_FAILURE: ReadonlySet<EdgeKind> = new Set([
  'calls',
  'routes-to',
  'stores-on',
  'replicates-from',
  'consumes',
]);

/** An edge between the things to speak of, with all who claim it. */
export interface Edge {
  readonly edge: EdgeKind;
  readonly from: Entity;
  readonly to: Entity;
  /** 0..1, of independent sources together. */
  readonly confidence: number;
  /** Per second, of the source that counts most; undefined when none counts. */
  readonly rate: number | undefined;
  readonly claims: readonly Claim[];
}

/** An edge before its sources were weighed. */
export type CollectedEdge = Omit<Edge, 'confidence' | 'rate'>;

/** The graph of one moment. */
export class Graph {
  readonly edges: readonly Edge[];
  readonly #needs = new Map<string, Neighbour[]>();
  readonly #neededBy = new Map<string, Neighbour[]>();

  /** @param confidenceOf what is left of a claim's confidence */
  constructor(collected: Iterable<CollectedEdge>, confidenceOf: (claim: Claim) => number) {
    this.edges = [...collected].map(({ edge, from, to, claims }) => ({
      edge,
      from,
      to,
      claims,
      confidence: combine(claims, confidenceOf),
      rate: rateOf(claims),
    }));
    for (const { edge, from, to, claims, confidence, rate } of this.edges) {
      if (!CARRIES_FAILURE.has(edge)) continue;
      const source = sourcesOf(claims).join(', ');
      push(this.#needs, from, { entity: to, kind: edge, confidence, source, rate });
      push(this.#neededBy, to, { entity: from, kind: edge, confidence, source, rate });
    }
  }

  needs(entity: Entity): readonly Neighbour[] {
    return this.#needs.get(formatEntity(entity)) ?? [];
  }

  neededBy(entity: Entity): readonly Neighbour[] {
    return this.#neededBy.get(formatEntity(entity)) ?? [];
  }
}

export function sourcesOf(claims: readonly Claim[]): string[] {
  return [...new Set(claims.map(({ source }) => source.name))].sort();
}

/** Claims of one source are one witness, however many series it has; independent ones combine as 1 - prod(1 - c). */
function combine(claims: readonly Claim[], confidenceOf: (claim: Claim) => number): number {
  const bySource = new Map<string, number>();
  for (const claim of claims) {
    const name = claim.source.name;
    bySource.set(name, Math.max(bySource.get(name) ?? 0, confidenceOf(claim)));
  }
  return 1 - [...bySource.values()].reduce((doubt, confidence) => doubt * (1 - confidence), 1);
}

/** Sources count the same requests: the one that sees most is taken, not the sum. */
function rateOf(claims: readonly Claim[]): number | undefined {
  const bySource = new Map<string, number>();
  for (const { source, isTraffic, rate } of claims) {
    if (isTraffic) bySource.set(source.name, (bySource.get(source.name) ?? 0) + rate);
  }
  return bySource.size === 0 ? undefined : Math.max(...bySource.values());
}

function push(index: Map<string, Neighbour[]>, entity: Entity, neighbour: Neighbour): void {
  const key = formatEntity(entity);
  const neighbours = index.get(key);
  if (neighbours === undefined) index.set(key, [neighbour]);
  else neighbours.push(neighbour);
}
