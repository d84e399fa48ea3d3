import { type Entity, formatEntity } from '../model/entity.ts';
import type { Claim } from './claims.ts';
import type { AliasFact, EntityFact, ServesFact } from './fact.ts';

/** Things that are known to exist, by name and by address; what stands for what; who answers for a service. */
export class Directory {
  readonly #byKey = new Map<string, Set<Claim>>();
  readonly #byName = new Index<Entity>();
  readonly #byAddress = new Index<Entity>();
  readonly #targets = new Index<Entity>();
  readonly #servers = new Index<Entity>();

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
    const found: Entity[] = [];
    for (const [key, claims] of this.#byKey) {
      const [claim] = claims;
      const entity = entityOf(claim!);
      const names = [key, entity.name, `${entity.namespace}/${entity.name}`];
      if (names.includes(name)) found.push(entity);
    }
    return found;
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
  serverClaims(service: Entity): Claim[] {
    return this.#servers.claims(formatEntity(service));
  }

  #change(claim: Claim, isTrue: boolean): void {
    const { fact } = claim;
    if (fact.kind === 'entity') this.#changeEntity(claim, fact, isTrue);
    else if (fact.kind === 'alias') this.#changeAlias(claim, fact, isTrue);
    else if (fact.kind === 'serves') this.#changeServer(claim, fact, isTrue);
  }

  #changeEntity(claim: Claim, { entity, addresses }: EntityFact, isTrue: boolean): void {
    for (const address of addresses) this.#byAddress.set(`${entity.cluster} ${address}`, claim, entity, isTrue);
    // A pod is known by its own facts; here it only has an address.
    if (entity.kind !== 'pod') this.#know(claim, entity, isTrue);
  }

  #changeAlias(claim: Claim, { entity, target }: AliasFact, isTrue: boolean): void {
    this.#targets.set(formatEntity(entity), claim, target, isTrue);
  }

  #changeServer(claim: Claim, { service, by }: ServesFact, isTrue: boolean): void {
    this.#servers.set(formatEntity(service), claim, by, isTrue);
    this.#know(claim, service, isTrue);
  }

  #know(claim: Claim, entity: Entity, isTrue: boolean): void {
    this.#byName.set(`${entity.cluster} ${entity.name}`, claim, entity, isTrue);
    const key = formatEntity(entity);
    const claims = this.#byKey.get(key) ?? new Set();
    if (isTrue) claims.add(claim);
    else claims.delete(claim);
    if (claims.size > 0) this.#byKey.set(key, claims);
    else this.#byKey.delete(key);
  }
}

/** What a claim in `#byKey` knows. */
function entityOf({ fact }: Claim): Entity {
  return fact.kind === 'serves' ? fact.service : (fact as EntityFact).entity;
}

/** Values under a key, each for as long as some claim says so. */
class Index<Value extends Entity> {
  readonly #byKey = new Map<string, Map<Claim, Value>>();

  claims(key: string): Claim[] {
    return [...(this.#byKey.get(key)?.keys() ?? [])];
  }

  /** Without repetitions. */
  get(key: string): Value[] {
    const values = this.#byKey.get(key)?.values() ?? [];
    return [...new Map([...values].map((value) => [formatEntity(value), value])).values()];
  }

  set(key: string, claim: Claim, value: Value, isTrue: boolean): void {
    const values = this.#byKey.get(key);
    if (isTrue && values === undefined) this.#byKey.set(key, new Map([[claim, value]]));
    else if (isTrue) values!.set(claim, value);
    else if (values?.delete(claim) === true && values.size === 0) this.#byKey.delete(key);
  }
}
