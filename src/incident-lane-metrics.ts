import type { Reconciler } from './alertmanager/reconciler.ts';
import type { Metrics } from './emit/metrics.ts';
import { byKey, one } from './emit/readings.ts';
import type { IncidentPipeline } from './incident-pipeline.ts';
import type { Noise } from './noise/noise.ts';
import type { Delivery } from './notify/delivery.ts';
import type { Notifier } from './notify/notifier.ts';

/** What lane B shows of itself. */
export function addIncidentMetrics(metrics: Metrics, incidents: IncidentPipeline, refused: object): void {
  const { counters } = incidents;
  metrics.counter('pronoia_alert_deliveries_total', 'Requests that brought alerts, by source.', ['source'], () =>
    byKey(Object.entries(counters.deliveries)),
  );
  metrics.counter('pronoia_alert_requests_rejected_total', 'Requests with alerts that were refused.', ['reason'], () =>
    byKey(Object.entries(refused)),
  );
  metrics.counter('pronoia_alerts_received_total', 'Alerts received, by what became of them.', ['outcome'], () =>
    byKey(Object.entries(counters.alerts)),
  );
  metrics.counter('pronoia_alerts_truncated_total', 'Alerts that the sender left out (max_alerts).', [], () =>
    one(counters.truncatedAlerts),
  );
  metrics.counter('pronoia_incident_events_total', 'Changes of incidents: opened, joined, resolved …', ['kind'], () =>
    byKey(Object.entries(counters.events)),
  );
  metrics.counter('pronoia_incident_store_failures_total', 'Changes that could not be stored.', [], () =>
    one(counters.storeFailures),
  );
  metrics.gauge(
    'pronoia_heartbeats',
    'Alerts that always fire (Watchdog): watched for their absence, missing, or not repeated often enough yet to be watched.',
    ['state'],
    () => byKey(Object.entries(incidents.heartbeats.counts)),
  );
}

/** What is told about incidents, and how it reaches the receivers. */
export function addNotificationMetrics(metrics: Metrics, notifier: Notifier): void {
  const perReceiver = function* (read: (delivery: Delivery) => number) {
    for (const delivery of notifier.deliveries) yield [[delivery.name], read(delivery)] as const;
  };
  metrics.counter(
    'pronoia_notifications_total',
    'Messages about incidents by reason, also while there is no receiver.',
    ['event'],
    () => byKey(Object.entries(notifier.told)),
  );
  metrics.counter('pronoia_notifications_sent_total', 'Messages that a receiver has taken.', ['receiver'], () =>
    perReceiver(({ stats }) => stats.sent),
  );
  metrics.counter(
    'pronoia_notifications_refused_total',
    'Messages that a receiver refused for good.',
    ['receiver'],
    () => perReceiver(({ stats }) => stats.refused),
  );
  metrics.counter(
    'pronoia_notifications_dropped_total',
    'Messages that gave way to newer ones because too many waited.',
    [],
    () => one(notifier.overflow),
  );
  metrics.counter(
    'pronoia_notification_failed_requests_total',
    'Requests that a receiver did not take, for whatever reason.',
    ['receiver'],
    () => perReceiver(({ stats }) => stats.failedRequests),
  );
  metrics.gauge('pronoia_notifications_pending', 'Messages that wait for a receiver.', ['receiver'], () =>
    perReceiver(({ pending }) => pending),
  );
}

/** What asking Alertmanager what fires has shown. */
export function addReconcileMetrics(metrics: Metrics, stats: Reconciler['stats']): void {
  metrics.counter('pronoia_reconciliations_total', 'Comparisons with all Alertmanagers, by result.', ['result'], () => [
    [['succeeded'], stats.succeeded],
    [['failed'], stats.failed],
  ]);
  metrics.counter(
    'pronoia_reconciled_alerts_total',
    'Alerts that fired at Alertmanager unknown to us (missed), or were open here and unknown there (ended).',
    ['difference'],
    () => [
      [['missed'], stats.missed],
      [['ended'], stats.ended],
    ],
  );
}

/** The measures of noise over the last 30 days, as they stood when they were last made. */
export function addNoiseMetrics(metrics: Metrics, noise: Noise): void {
  const seconds = (ms: number | null | undefined) => (ms ?? Number.NaN) / 1000;
  metrics.gauge('pronoia_ledger_firings', 'Firings of the last 30 days, each in one account.', ['account'], () =>
    byKey(Object.entries(noise.latest?.ledger ?? {})),
  );
  metrics.gauge(
    'pronoia_noise_notifications',
    'Notifications of the last 30 days: about incidents, received from Alertmanager, and what a plain Alertmanager would have sent.',
    ['of'],
    () => {
      if (noise.latest === undefined) return [];
      const { incidents, received, plain } = noise.latest.notifications;
      return byKey(Object.entries({ incidents, alertmanager_received: received, alertmanager_plain: plain }));
    },
  );
  metrics.gauge(
    'pronoia_noise_compression_ratio',
    'Share of those notifications that incidents save; NaN when there is nothing to compare with.',
    [],
    () => one(noise.latest?.notifications.compression ?? Number.NaN),
  );
  const times = [
    ['lead', 'pronoia_incident_lead_time_seconds', 'From the first anomaly of an incident to its first alert'],
    [
      'detect',
      'pronoia_incident_time_to_detect_seconds',
      'From the first anomaly or alert of an incident to its opening',
    ],
    [
      'acknowledge',
      'pronoia_incident_time_to_acknowledge_seconds',
      'From the opening of an incident to when a person took it on',
    ],
    ['resolve', 'pronoia_incident_time_to_resolve_seconds', 'From the first alert of an incident to its end'],
  ] as const;
  for (const [key, name, meaning] of times) {
    metrics.gauge(name, `${meaning}, over the last 30 days; NaN without any.`, ['percentile'], () => [
      [['50'], seconds(noise.latest?.times[key].medianMs)],
      [['90'], seconds(noise.latest?.times[key].p90Ms)],
    ]);
  }
  metrics.gauge('pronoia_noisy_rule_firings', 'Firings of the noisiest rules in the last 30 days.', ['alertname'], () =>
    byKey((noise.latest?.rules ?? []).map(({ alertname, firings }) => [alertname, firings] as const)),
  );
}
