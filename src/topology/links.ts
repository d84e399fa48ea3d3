import { type Entity, formatEntity } from '../model/entity.ts';
import type { EdgeKind } from '../model/topology.ts';
import { isUrl, parseAddress } from './address.ts';
import type { Claim } from './claims.ts';
import type { LinkFact } from './fact.ts';
import type { Lifting } from './lifting.ts';

/** An end that is less sure than that makes no edge: a host that is only named like something here. */
const MIN_CONFIDENCE = 0.35;

/** An edge between things that stay, with all who claim it. */
export interface Link {
  readonly edge: EdgeKind;
  readonly from: Entity;
  readonly to: Entity;
  readonly claims: Set<Claim>;
}

/** Edges by their lifted ends. A claim about a pod or an address moves with what is learnt of these. */
export class Links {
  readonly #lifting: Lifting;
  readonly #links = new Map<string, Link>();
  readonly #byClaim = new Map<Claim, string>();
  /** Claims with an end that may mean something else tomorrow, or is not known yet. */
  readonly #movable = new Set<Claim>();

  constructor(lifting: Lifting) {
    this.#lifting = lifting;
  }

  get size(): number {
    return this.#links.size;
  }

  all(): IterableIterator<Link> {
    return this.#links.values();
  }

  /** Claims with an end of which nothing is known. */
  unresolved(): Claim[] {
    return [...this.#movable].filter((claim) => !this.#byClaim.has(claim));
  }

  /** The link that the claim has been put to; none while an end is not known. */
  of(claim: Claim): Link | undefined {
    return this.#links.get(this.#byClaim.get(claim) ?? '');
  }

  begin(claim: Claim, fact: LinkFact): void {
    if (isMovable(fact.from) || isMovable(fact.to)) this.#movable.add(claim);
    this.#place(claim, fact);
  }

  end(claim: Claim): void {
    this.#movable.delete(claim);
    this.#unplace(claim);
  }

  /** Looks again at who is meant by pods and addresses. @returns whether an edge has moved */
  relift(): boolean {
    let hasMoved = false;
    for (const claim of this.#movable) {
      const before = this.#byClaim.get(claim);
      this.#place(claim, claim.fact as LinkFact);
      if (this.#byClaim.get(claim) !== before) hasMoved = true;
    }
    return hasMoved;
  }

  #place(claim: Claim, { edge, from, to }: LinkFact): void {
    // Who had the address when the traffic was there, not who has it now.
    const start = this.#end(from, claim.lastAt);
    const end = this.#end(to, claim.lastAt);
    if (start === undefined || end === undefined) {
      this.#unplace(claim);
      return;
    }
    const key = `${edge} ${formatEntity(start)} ${formatEntity(end)}`;
    if (this.#byClaim.get(claim) === key) return;
    this.#unplace(claim);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { edge, from: start, to: end, claims: new Set() };
      this.#links.set(key, link);
    }
    link.claims.add(claim);
    this.#byClaim.set(claim, key);
  }

  #unplace(claim: Claim): void {
    const key = this.#byClaim.get(claim);
    if (key === undefined) return;
    this.#byClaim.delete(claim);
    const link = this.#links.get(key)!;
    link.claims.delete(claim);
    if (link.claims.size === 0) this.#links.delete(key);
  }

  #end(entity: Entity, at: number): Entity | undefined {
    if (!isMovable(entity)) return entity;
    const lifted = this.#lifting.lift(entity, at);
    if (entity.kind === 'pod' || (lifted?.confidence ?? 0) >= MIN_CONFIDENCE) return lifted?.entity;
    // A name that nobody here has is somebody outside; an address alone says nothing.
    const { host, isIp } = parseAddress(entity.name);
    const isName = !isIp && (isUrl(entity.name) || host.includes('.'));
    return isName ? { cluster: entity.cluster, kind: 'external', namespace: '', name: host } : undefined;
  }
}

function isMovable({ kind }: Entity): boolean {
  return kind === 'pod' || kind === 'instance';
}
