import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { type CanonicalLabel, findAlias } from './label-aliases.ts';

/** An exporter speaks about other things than itself: its target labels (job, instance, pod …) are not the subject's. */
type Exporter = 'kube-state-metrics' | 'kubelet' | 'node' | 'probe' | 'other';

/** No exact job names: installations differ in prefix and spelling. The first rule that fits wins. */
const RULES: readonly { exporter: Exporter; target: RegExp; job?: RegExp; metric?: RegExp; instance?: RegExp }[] = [
  { exporter: 'kube-state-metrics', target: /kube[-_]state[-_]metrics|^kube-rbac-proxy-main$/, metric: /^kube_/ },
  { exporter: 'probe', target: /blackbox/, metric: /^probe_/, instance: /^https?:\/\// },
  { exporter: 'kubelet', target: /(^|[-_/])(kubelet|cadvisor)$/, metric: /^(kubelet|container)_/ },
  { exporter: 'node', target: /node[-_]exporter/, job: /^node$/, metric: /^node_/ },
  { exporter: 'other', target: /exporter/ },
];

/** Labels of the target that say nothing about the subject, by exporter. */
const FOREIGN: Readonly<Record<Exporter, ReadonlySet<CanonicalLabel>>> = {
  'kube-state-metrics': new Set(['service', 'instance', 'job']),
  kubelet: new Set(['service', 'instance', 'job']),
  node: new Set(['pod', 'service', 'namespace', 'job']),
  probe: new Set(['pod', 'service', 'namespace', 'job']),
  other: new Set(['job']),
};

/** Which exporter made the series or alert with these labels; undefined when the target speaks about itself. */
export function exporterOf(labels: Labels): Exporter | undefined {
  const [job, container, service] = [labels.get('job'), labels.get('container'), labels.get('service')];
  const [name, instance] = [labels.get(METRIC_NAME), labels.get('instance')];
  for (const rule of RULES) {
    const isTarget = fits(rule.target, job) || fits(rule.target, container) || fits(rule.target, service);
    if (isTarget || fits(rule.job, job) || fits(rule.metric, name) || fits(rule.instance, instance)) {
      return rule.exporter;
    }
  }
  return undefined;
}

function fits(pattern: RegExp | undefined, text: string | undefined): boolean {
  return text !== undefined && pattern?.test(text) === true;
}

/** The value of a label where it speaks about the subject, undefined where it is absent or speaks about the exporter. */
export function subjectLabel(
  labels: Labels,
  exporter: Exporter | undefined,
  canonical: CanonicalLabel,
): string | undefined {
  const found = findAlias(labels, canonical);
  if (found === undefined || exporter === undefined || found[0].startsWith('exported_')) return found?.[1];
  if (FOREIGN[exporter].has(canonical)) return undefined;
  const isOwn = (canonical === 'pod' || canonical === 'service') && isExportersOwn(labels, found[1]);
  return isOwn ? undefined : found[1];
}

/** With honor_labels a series without a pod of its own still gets that of the exporter. */
function isExportersOwn(labels: Labels, name: string): boolean {
  return /exporter|kube-state-metrics/.test(name) || labels.get('container')?.startsWith('kube-rbac-proxy') === true;
}
