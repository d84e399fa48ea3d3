import type { AlertDelivery } from '../model/alert.ts';
import { EVENT_KINDS, type IncidentEvent } from '../model/incident.ts';
import type { AlertOutcome, DeliveryReceipt } from './receive-delivery.ts';

/** Plain counts since the start, for the metrics; they only grow. What was not stored is not counted. */
export interface IncidentCounters {
  readonly deliveries: Record<AlertDelivery['source'], number>;
  /** Deliveries from which the sender had cut alerts, and how many it had cut. */
  truncatedDeliveries: number;
  truncatedAlerts: number;
  readonly alerts: Record<AlertOutcome, number>;
  /** Timeline entries by kind: incidents opened, resolved, reopened, acknowledged … */
  readonly events: Record<IncidentEvent['kind'], number>;
  /** Anomalies that did not join because their incident has enough evidence. */
  surplusAnomalies: number;
  /** Changes that could not be stored. */
  storeFailures: number;
}

/** All counts at 0. */
export function createIncidentCounters(): IncidentCounters {
  return {
    deliveries: { webhook: 0, api: 0, reconcile: 0, own: 0 },
    truncatedDeliveries: 0,
    truncatedAlerts: 0,
    alerts: { started: 0, changed: 0, repeated: 0, late: 0, own: 0, heartbeat: 0, maintenance: 0, invalid: 0 },
    events: Object.fromEntries(EVENT_KINDS.map((kind) => [kind, 0])) as IncidentCounters['events'],
    surplusAnomalies: 0,
    storeFailures: 0,
  };
}

/** Counts a delivery that has been stored. */
export function countDelivery(
  counters: IncidentCounters,
  delivery: AlertDelivery,
  { outcomes }: DeliveryReceipt,
  keptByMaintenance: number,
): void {
  counters.deliveries[delivery.source]++;
  counters.truncatedDeliveries += delivery.truncatedAlerts > 0 ? 1 : 0;
  counters.truncatedAlerts += delivery.truncatedAlerts;
  counters.alerts.invalid += delivery.invalidAlerts;
  counters.alerts.maintenance += keptByMaintenance;
  for (const [outcome, count] of outcomes) counters.alerts[outcome] += count;
}
