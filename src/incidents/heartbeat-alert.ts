import type { Alert } from '../model/alert.ts';
import type { Entity } from '../model/entity.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { createLabels, type Labels } from '../model/labels.ts';

/** kube-prometheus' `Watchdog`, and the name that it had before, as people spell it. */
const USUAL_HEARTBEAT = /^watchdog$|dead_?mans?_?(?:switch|snitch)$/i;
/** The alert that says of a heartbeat that it is missing. */
const ABSENCE = 'HeartbeatMissing';
/** Prometheus' own way: what fires is told again and again, and what is not told any more is over. */
const ABSENCE_EXPIRES_MS = 5 * 60_000;

/**
 * Whether an alert is one that always fires, to say that alerting works.
 * @param own further names that the configuration gives
 */
export function isHeartbeat(labels: Labels, own: readonly string[]): boolean {
  const alertname = labels.get('alertname') ?? '';
  return USUAL_HEARTBEAT.test(alertname) || own.includes(alertname);
}

/**
 * The alert about a heartbeat that does not come any more: critical, with the heartbeat's own labels.
 * @param since when it was found missing, epoch milliseconds
 */
export function absenceAlert(heartbeat: Labels, since: number, now: number): Alert {
  const labels = absenceLabels(heartbeat);
  const name = heartbeat.get('alertname') ?? '';
  return {
    fingerprint: fingerprint(labels),
    labels,
    replica: '',
    annotations: createLabels([
      ['summary', `${name} does not come any more: other alerts may not arrive either.`],
      [
        'description',
        'Prometheus does not evaluate its rules, Alertmanager does not notify, or the way between them and here is broken.',
      ],
    ]),
    startsAt: since,
    endsAt: undefined,
    expiresAt: now + ABSENCE_EXPIRES_MS,
    generatorUrl: '',
    group: '',
    extra: {},
  };
}

/** The labels of the alert about its absence. */
export function absenceLabels(heartbeat: Labels): Labels {
  const others = [...heartbeat].filter(([name]) => name !== 'alertname' && name !== 'severity');
  return createLabels([
    ...others,
    ['alertname', ABSENCE],
    ['heartbeat', heartbeat.get('alertname') ?? ''],
    ['severity', 'critical'],
  ]);
}

/** What such an alert is about: the way that alerts take, one in each cluster. Undefined for all other alerts. */
export function absentThing(labels: Labels, cluster: string): Entity | undefined {
  if (labels.get('alertname') !== ABSENCE || !labels.has('heartbeat')) return undefined;
  return { cluster, kind: 'service', namespace: '', name: 'alerting' };
}
