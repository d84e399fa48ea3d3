import type { Labels } from '../model/labels.ts';

/** Labels that mesh, proxies, service level objectives and consumers put on what they measure. */
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
 * Whether an alert was measured on requests or on work that waits, judged by the labels of whoever measured it and not by
 * the rule's name. Such a symptom says where it hurts; only what a thing tells of itself (a crash, a lost replica,
 * saturation) says why.
 */
export function isAboutRequests(labels: Labels): boolean {
  return REQUEST_LABELS.some((name) => labels.has(name)) || /^https?:\/\//.test(labels.get('instance') ?? '');
}
