import type { Alert, AlertDelivery } from '../../src/model/alert.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import { fingerprint } from '../../src/model/fingerprint.ts';
import { createLabels } from '../../src/model/labels.ts';

/** The beginning of every scenario; other times are minutes from here. */
const T0 = Date.UTC(2026, 10, 22, 12);
export const MINUTE = 60_000;

/** The time so many minutes after the beginning. */
export const minute = (count: number): number => T0 + count * MINUTE;

interface AlertTimes {
  readonly from: number;
  readonly to?: number;
  /** Fires until then unless it is sent again. */
  readonly until?: number;
  readonly replica?: string;
  readonly summary?: string;
}

/** An alert with these labels, its times in minutes from the beginning. */
export function alertOf(
  labels: Record<string, string>,
  { from, to, until, replica = '', summary = '' }: AlertTimes,
): Alert {
  const labelSet = createLabels(Object.entries(labels));
  return {
    fingerprint: fingerprint(labelSet),
    labels: labelSet,
    replica,
    annotations: createLabels([['summary', summary]]),
    startsAt: minute(from),
    endsAt: to === undefined ? undefined : minute(to),
    expiresAt: until === undefined ? undefined : minute(until),
    generatorUrl: '',
    group: '',
    extra: {},
  };
}

/** A delivery of these alerts, received so many minutes after the beginning. */
export function deliveryOf(at: number, alerts: readonly Alert[], more: Partial<AlertDelivery> = {}): AlertDelivery {
  const envelope = { receiver: 'pronoia' };
  return { source: 'webhook', receivedAt: minute(at), alerts, invalidAlerts: 0, truncatedAlerts: 0, envelope, ...more };
}

/** An anomaly of a series with these labels. */
export function anomalyOf(labels: Record<string, string>, { from, to }: { from: number; to?: number }): Anomaly {
  return {
    labels: createLabels(Object.entries(labels)),
    startsAt: minute(from),
    endsAt: to === undefined ? undefined : minute(to),
    endReason: to === undefined ? undefined : 'recovered',
    peakScore: 3,
    direction: 1,
    value: 10,
    expected: 1,
    lower: 0,
    upper: 2,
  };
}
