import type { Labels } from '../model/labels.ts';
import { exporterOf, subjectLabel } from './exporter-target.ts';
import type { CanonicalLabel } from './label-aliases.ts';

const IDENTIFYING: readonly CanonicalLabel[] = [
  'workload',
  'service',
  'pod',
  'persistentvolumeclaim',
  'node',
  'instance',
  'job',
];

/**
 * The labels that say which thing is meant, as `name=namespace/value` in canonical spelling. Left out is what many unlike
 * things share (namespace, cluster, environment, severity, team, replica) and what belongs to an exporter.
 */
export function identifyingLabels(labels: Labels): string[] {
  const exporter = exporterOf(labels);
  const namespace = subjectLabel(labels, exporter, 'namespace') ?? '';
  return IDENTIFYING.flatMap((canonical) => {
    const value = subjectLabel(labels, exporter, canonical);
    return value === undefined ? [] : [`${canonical}=${namespace === '' ? value : `${namespace}/${value}`}`];
  });
}
