import { type Entity, formatEntity } from '../model/entity.ts';
import type { EdgeKind, Neighbour } from '../model/topology.ts';
import type { Claim, Source } from './claims.ts';

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
  /** Per second, by group. */
  readonly rates: Map<Source, number>;
  isTraffic: boolean;
}

/** Claims of one source are one witness, however many series it has. */
function witnessesOf(claims: readonly Claim[], confidenceOf: (claim: Claim) => number): Witness[] {
  const witnesses = new Map<string, Witness>();
  for (const claim of claims) {
    const { source, isTraffic, rate } = claim;
    let witness = witnesses.get(source.name);
    if (witness === undefined) {
      witness = { confidence: 0, rates: new Map(), isTraffic };
      witnesses.set(source.name, witness);
    }
    witness.confidence = Math.max(witness.confidence, confidenceOf(claim));
    witness.isTraffic ||= isTraffic;
    witness.rates.set(source, (witness.rates.get(source) ?? 0) + rate);
  }
  return [...witnesses.values()];
}

/** Whether its groups look at the same requests. */
function isViewed({ rates }: Witness): boolean {
  return rates.keys().next().value!.isView;
}

/** Independent witnesses combine as 1 - prod(1 - c); one that looked from both ends is little more than one. */
function combine(witnesses: readonly Witness[]): number {
  const doubts = witnesses.map((witness) => {
    const isSeenTwice = isViewed(witness) && witness.rates.size > 1;
    return (1 - witness.confidence) * (isSeenTwice ? 0.4 : 1);
  });
  return 1 - doubts.reduce((product, doubt) => product * doubt, 1);
}

/** Sources count the same requests: the one that sees most is taken, not the sum. So do views of one source. */
function rateOf(witnesses: readonly Witness[]): number | undefined {
  const rates = witnesses
    .filter(({ isTraffic }) => isTraffic)
    .map((witness) => {
      const parts = [...witness.rates.values()];
      return isViewed(witness) ? Math.max(...parts) : parts.reduce((a, b) => a + b, 0);
    });
  return rates.length === 0 ? undefined : Math.max(...rates);
}

function push(index: Map<string, Neighbour[]>, entity: Entity, neighbour: Neighbour): void {
  const key = formatEntity(entity);
  const neighbours = index.get(key);
  if (neighbours === undefined) index.set(key, [neighbour]);
  else neighbours.push(neighbour);
}
