import { type Entity, formatEntity } from '../model/entity.ts';
import type { CorrelatedAlert } from './direct-placement.ts';

/** Keys under which incidents are found; the first word keeps the kinds apart, the cluster keeps clusters apart. */
export const sameAlert = ({ alert }: CorrelatedAlert): string => `alert ${alert.fingerprint}`;
export const onEntity = (entity: Entity): string => `entity ${formatEntity(entity)}`;
export const openedOn = (entity: Entity): string => `opened ${formatEntity(entity)}`;
export const sameKind = (member: CorrelatedAlert, entity: Entity): string =>
  `kind ${alertname(member)} ${formatEntity(entity)}`;
export const sharedLabel = (member: CorrelatedAlert, pair: string): string =>
  `label ${member.cluster} ${alertname(member)} ${pair}`;

/** The rule's name; undefined for an alert without one, whose text then is no evidence. */
export function alertname({ alert }: CorrelatedAlert): string | undefined {
  return alert.labels.get('alertname');
}

/** The entity as far as it identifies: a whole namespace holds too many strangers to be one thing. */
export function identifyingEntity({ entity }: CorrelatedAlert): Entity | undefined {
  return entity?.kind === 'namespace' ? undefined : entity;
}
