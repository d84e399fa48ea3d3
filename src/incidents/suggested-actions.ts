import { type Entity, formatEntity } from '../model/entity.ts';
import { type AlertMember, type Incident, placeOf, rootCause } from '../model/incident.ts';

/** Something worth doing next: a runbook that an alert names, or a check that fits the cause. */
interface SuggestedAction {
  readonly kind: 'runbook' | 'check';
  readonly text: string;
  /** Where it is written down; null for a check. */
  readonly url: string | null;
  /** `formatEntity` of what it is about. */
  readonly entity: string | null;
}

const MAX_RUNBOOKS = 5;

/** What to look at first, by the kind of thing that is the probable cause. Documented in docs/incidents.md. */
const CHECKS: Partial<Record<Entity['kind'], readonly string[]>> = {
  database: ['Is the primary up, and did a failover happen?', 'Are connections, locks or the disk exhausted?'],
  node: [
    'Is the node ready and reachable?',
    'Cordon and drain it if it does not come back: its pods are started elsewhere.',
  ],
  host: ['Is the host reachable?', 'Are its disks, memory or network exhausted?'],
  persistentvolumeclaim: [
    'How much space is left, and what grows?',
    'Enlarge the volume or delete what is not needed.',
  ],
  topic: ['Do its consumers keep up?', 'Are all partitions led by a broker?'],
  consumergroup: ['Does it consume at all, and does its lag grow?'],
  queue: ['Does anybody consume it, and does it grow?'],
  external: ['Does its status page report trouble?', 'Can callers do without it (timeout, circuit breaker, fallback)?'],
  zone: ['Does the provider report trouble in this zone?', 'Move traffic to another zone.'],
  workload: [
    'Was it deployed or configured shortly before? Roll back if so.',
    'Do its pods restart, and what do their last logs say?',
  ],
  service: [
    'Was it deployed or configured shortly before? Roll back if so.',
    'Are its instances up, and are they saturated?',
  ],
  ingress: ['Do its backends answer?', 'Was its configuration or certificate changed?'],
};
const WITHOUT_CAUSE = 'No cause is probable enough: begin with the earliest alert and what it depends on.';

/** Runbooks of the alerts about the cause first, then of the others; then what is to be checked for a cause of this kind. */
export function suggestedActions(incident: Incident, members: Iterable<AlertMember>): SuggestedAction[] {
  const root = rootCause(incident);
  if (root === undefined) return [...runbooks(members, ''), check(WITHOUT_CAUSE, null)];
  const rootKey = formatEntity(root.entity);
  const checks = CHECKS[root.entity.kind] ?? [`What is wrong with ${placeOf(root.entity)}?`];
  return [...runbooks(members, rootKey), ...checks.map((text) => check(text, rootKey))];
}

function runbooks(members: Iterable<AlertMember>, rootKey: string): SuggestedAction[] {
  const byUrl = new Map<string, SuggestedAction & { readonly isAboutCause: boolean; readonly startsAt: number }>();
  for (const { firing, entity } of members) {
    const { labels, annotations, startsAt } = firing.alert;
    const url = annotations.get('runbook_url') ?? '';
    if (!/^https?:\/\//.test(url)) continue;
    const about = entity === undefined ? null : formatEntity(entity);
    const text = `Runbook of ${labels.get('alertname') ?? 'an alert without a name'}`;
    const isAboutCause = about === rootKey;
    const known = byUrl.get(url);
    if (known !== undefined && (known.isAboutCause || !isAboutCause)) continue;
    byUrl.set(url, { kind: 'runbook', text, url, entity: about, isAboutCause, startsAt });
  }
  return [...byUrl.values()]
    .sort((a, b) => Number(b.isAboutCause) - Number(a.isAboutCause) || a.startsAt - b.startsAt)
    .slice(0, MAX_RUNBOOKS)
    .map(({ kind, text, url, entity }) => ({ kind, text, url, entity }));
}

function check(text: string, entity: string | null): SuggestedAction {
  return { kind: 'check', text, url: null, entity };
}
