import { type Entity, formatEntity, isSameEntity } from '../model/entity.ts';
import type { EdgeKind } from '../model/topology.ts';
import { isUrl, parseAddress } from './address.ts';
import type { Claim } from './claims.ts';
import type { LinkFact } from './fact.ts';
import type { Lifting } from './lifting.ts';

/** An end that is less sure than that makes no edge: a host that is only named like something here. */
const MIN_CONFIDENCE = 0.35;

/** So many are looked at again in one go: some milliseconds. */
const RELIFT_SLICE = 2000;

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
  readonly #byClaim = new Map<Claim, Link>();
  /** Claims with an end that may mean something else tomorrow, or is not known yet. */
  readonly #movable = new Set<Claim>();
  #round = this.#movable.values();

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
    return this.#byClaim.get(claim);
  }

  begin(claim: Claim, fact: LinkFact): void {
    if (isMovable(fact.from) || isMovable(fact.to)) this.#movable.add(claim);
    this.#place(claim, fact);
  }

  end(claim: Claim): void {
    this.#movable.delete(claim);
    this.#unplace(claim);
  }

  /** Looks again at who is meant by pods and addresses, at some of them: a slice of all. @returns whether an edge has moved */
  relift(): boolean {
    let hasMoved = false;
    for (let count = 0; count < RELIFT_SLICE; count++) {
      const { value: claim, done } = this.#round.next();
      if (done) {
        this.#round = this.#movable.values();
        break;
      }
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
    const before = this.#byClaim.get(claim);
    if (before !== undefined && isSameEntity(before.from, start) && isSameEntity(before.to, end)) return;
    this.#unplace(claim);
    const key = keyOf(edge, start, end);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { edge, from: start, to: end, claims: new Set() };
      this.#links.set(key, link);
    }
    link.claims.add(claim);
    this.#byClaim.set(claim, link);
  }

  #unplace(claim: Claim): void {
    const link = this.#byClaim.get(claim);
    if (link === undefined) return;
    this.#byClaim.delete(claim);
    link.claims.delete(claim);
    if (link.claims.size === 0) this.#links.delete(keyOf(link.edge, link.from, link.to));
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

function keyOf(edge: EdgeKind, from: Entity, to: Entity): string {
  return `${edge} ${formatEntity(from)} ${formatEntity(to)}`;
}

function isMovable({ kind }: Entity): boolean {
  return kind === 'pod' || kind === 'instance';
}
