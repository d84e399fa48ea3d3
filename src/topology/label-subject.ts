import type { Labels } from '../model/labels.ts';
import type { Subject } from '../model/topology.ts';
import { resolveEntity } from './resolve-entity.ts';

/** What an alert or a series is about, as far as its labels alone tell. */
export function subjectOfLabels(labels: Labels, options: { clusterLabel: string }): Subject {
  const entity = resolveEntity(labels, options);
  return { entity, confidence: entity === undefined ? 0 : 1, pod: undefined, node: undefined, caller: undefined };
}
