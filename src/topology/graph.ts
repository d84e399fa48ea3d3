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
    this.edges = [...collected].map((edge) => {
      const witnesses = witnessesOf(edge.claims, confidenceOf);
      return { ...edge, confidence: combine(witnesses), rate: rateOf(witnesses) };
    });
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

/** What the claims of one source say together. */
interface Witness {
  confidence: number;
  /** Per second, by fact: several groups (both proxies of a call) count the same requests. */
  readonly rates: Map<string, number>;
  isSeenTwice: boolean;
  isTraffic: boolean;
}

/** Claims of one source are one witness, however many series it has. */
function witnessesOf(claims: readonly Claim[], confidenceOf: (claim: Claim) => number): Witness[] {
  const witnesses = new Map<string, Witness>();
  for (const claim of claims) {
    const { source, key, isTraffic, rate } = claim;
    const witness = witnesses.get(source.name) ?? {
      confidence: 0,
      rates: new Map(),
      isSeenTwice: false,
      isTraffic: false,
    };
    witnesses.set(source.name, witness);
    const fact = key.slice(source.name.length + source.group.length + 2);
    witness.confidence = Math.max(witness.confidence, confidenceOf(claim));
    witness.isSeenTwice ||= witness.rates.has(fact);
    witness.isTraffic ||= isTraffic;
    witness.rates.set(fact, Math.max(witness.rates.get(fact) ?? 0, rate));
  }
  return [...witnesses.values()];
}

/** Independent witnesses combine as 1 - prod(1 - c); one that looked from both ends is little more than one. */
function combine(witnesses: readonly Witness[]): number {
  const doubts = witnesses.map(({ confidence, isSeenTwice }) => (1 - confidence) * (isSeenTwice ? 0.4 : 1));
  return 1 - doubts.reduce((product, doubt) => product * doubt, 1);
}

/** Sources count the same requests: the one that sees most is taken, not the sum. */
function rateOf(witnesses: readonly Witness[]): number | undefined {
  const rates = witnesses
    .filter(({ isTraffic }) => isTraffic)
    .map((each) => [...each.rates.values()].reduce((a, b) => a + b, 0));
  return rates.length === 0 ? undefined : Math.max(...rates);
}

function push(index: Map<string, Neighbour[]>, entity: Entity, neighbour: Neighbour): void {
  const key = formatEntity(entity);
  const neighbours = index.get(key);
  if (neighbours === undefined) index.set(key, [neighbour]);
  else neighbours.push(neighbour);
}
