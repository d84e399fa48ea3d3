import type { IncidentSummary } from '../../src/incidents/summary.ts';
import type { Notification } from '../../src/notify/notification.ts';
import { minute } from '../incidents/alert-builders.ts';

/** An incident that opened at the beginning, with one alert that fires. */
export function summaryOf(more: Partial<IncidentSummary> = {}): IncidentSummary {
  return {
    id: '00000000000000a1',
    title: 'Slow on service shop/cart',
    state: 'open',
    severity: 'warning',
    cluster: '',
    startsAt: minute(-1),
    openedAt: minute(0),
    resolvedAt: null,
    changedAt: minute(0),
    acknowledgedBy: '',
    reopened: 0,
    alerts: 1,
    firing: 1,
    kinds: [{ alertname: 'Slow', alerts: 1, firing: 1 }],
    namespaces: ['shop'],
    entities: ['service:shop/cart'],
    entityCount: 1,
    impacted: [],
    rootCause: null,
    causes: [],
    mergedInto: null,
    ...more,
  };
}

export function notificationOf(more: Partial<Notification> = {}): Notification {
  return {
    sequence: 1,
    event: 'new',
    at: minute(1),
    namespace: 'shop',
    severityBefore: null,
    incident: summaryOf(),
    ...more,
  };
}
