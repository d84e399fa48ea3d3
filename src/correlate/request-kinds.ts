import { type Labels } from '../model/labels.ts';

const REQUEST_LABELS = [
  'destination_service',
  'destination_service_name',
  'destination_canonical_service',
  'destination_workload',
  'source_canonical_service',
  'source_workload',
  'envoy_cluster_name',
  'sloth_service',
  'sloth_slo',
  'slo',
  'consumergroup',
];

/**
 * Whether an alert was measured on requests (mesh, proxy, probe, service level objective), by who measured it and not by
 * the rule's name. Such a symptom says where it hurts; only what a thing tells of itself (crash, saturation, lost replica)
 * says why.
 */
export function isAboutRequests(labels: Labels): boolean {
  return REQUEST_LABELS.some((name) => labels.has(name)) || /^https?:\/\//.test(labels.get('instance') ?? '');
}
