import { distinct, type Entity, formatEntity } from '../model/entity.ts';
import type { Claim } from './claims.ts';
import type { AliasFact, EntityFact, ServesFact } from './fact.ts';

/** Things that are known to exist, by name and by address; what stands for what; who answers for a service. */
export class Directory {
  readonly #byKey = new Index((claim) => entityOf(claim));
  readonly #byName = new Index((claim) => entityOf(claim));
  readonly #byAddress = new Index((claim) => entityOf(claim));
  readonly #targets = new Index((claim) => (claim.fact as AliasFact).target);
  readonly #servers = new Index((claim) => (claim.fact as ServesFact).by);
  /** Grows when a name or an alias comes or goes: what pods belong to may be something else then. */
  epoch = 0;

  begin(claim: Claim): void {
    this.#change(claim, true);
  }

  end(claim: Claim): void {
    this.#change(claim, false);
  }

  has(entity: Entity): boolean {
    return this.#byKey.has(formatEntity(entity));
  }

  /** Everything of that name that the cluster has. */
  named(cluster: string, name: string): Entity[] {
    return this.#byName.get(`${cluster} ${name}`);
  }

  /** Everything of that name, or `namespace/name`, or id, wherever it is. Looks at all that is known. */
  namedAnywhere(name: string): Entity[] {
    return [...this.#byKey.values()].filter((entity) => {
      return [entity.name, `${entity.namespace}/${entity.name}`, formatEntity(entity)].includes(name);
    });
  }

  /** What is reached at that address: `ip`, `ip:port` or host name. */
  at(cluster: string, address: string): Entity[] {
    return this.#byAddress.get(`${cluster} ${address}`);
  }

  /** What the entity is part of or stands for. */
  targets(entity: Entity): Entity[] {
    return this.#targets.get(formatEntity(entity));
  }

  /** Pods (or addresses of pods) that answer for a service. */
  servers(service: Entity): Entity[] {
    return this.#servers.get(formatEntity(service));
  }

  /** Who says so. */
  serverClaims(service: Entity): readonly Claim[] {
    return this.#servers.claims(formatEntity(service));
  }

  #change(claim: Claim, isTrue: boolean): void {
    const { fact } = claim;
    if (fact.kind === 'entity') this.#changeEntity(claim, fact, isTrue);
    else if (fact.kind === 'alias') this.#changeAlias(claim, fact, isTrue);
    else if (fact.kind === 'serves') this.#changeServer(claim, fact, isTrue);
  }

  #changeEntity(claim: Claim, { entity, addresses }: EntityFact, isTrue: boolean): void {
    for (const address of new Set(addresses)) this.#byAddress.change(`${entity.cluster} ${address}`, claim, isTrue);
    // A pod is known by its own facts; here it only has an address.
    if (entity.kind !== 'pod') this.#know(claim, entity, isTrue);
  }

  #changeAlias(claim: Claim, { entity }: AliasFact, isTrue: boolean): void {
    this.#targets.change(formatEntity(entity), claim, isTrue);
    this.epoch++;
  }

  #changeServer(claim: Claim, { service }: ServesFact, isTrue: boolean): void {
    this.#servers.change(formatEntity(service), claim, isTrue);
    this.#know(claim, service, isTrue);
  }

  #know(claim: Claim, entity: Entity, isTrue: boolean): void {
    this.#byName.change(`${entity.cluster} ${entity.name}`, claim, isTrue);
    const isNews = this.#byKey.change(formatEntity(entity), claim, isTrue);
    if (isNews) this.epoch++;
  }
}

/** What a claim of an entity, or of who answers for it, speaks of. */
function entityOf({ fact }: Claim): Entity {
  return fact.kind === 'serves' ? fact.service : (fact as EntityFact).entity;
}

/** Entities under a key, each for as long as some claim says so. */
class Index {
  readonly #byKey = new Map<string, Claim[]>();
  readonly #read: (claim: Claim) => Entity;

  constructor(read: (claim: Claim) => Entity) {
    this.#read = read;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  claims(key: string): readonly Claim[] {
    return this.#byKey.get(key) ?? [];
  }

  /** Without repetitions. */
  get(key: string): Entity[] {
    const claims = this.#byKey.get(key);
    if (claims === undefined) return [];
    if (claims.length === 1) return [this.#read(claims[0]!)];
    return distinct(claims.map(this.#read));
  }

  /** One entity for each key. */
  *values(): Generator<Entity> {
    for (const [claim] of this.#byKey.values()) yield this.#read(claim!);
  }

  /** @returns whether the key has come, or gone */
  change(key: string, claim: Claim, isTrue: boolean): boolean {
    const claims = this.#byKey.get(key);
    if (isTrue) {
      if (claims === undefined) this.#byKey.set(key, [claim]);
      else claims.push(claim);
      return claims === undefined;
    }
    const place = claims?.indexOf(claim) ?? -1;
    if (place >= 0) claims!.splice(place, 1);
    const isGone = place >= 0 && claims!.length === 0;
    if (isGone) this.#byKey.delete(key);
    return isGone;
  }
}
