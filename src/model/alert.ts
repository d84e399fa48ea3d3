import type { Labels } from './labels.ts';

/**
 * One firing of an alert: identity is (fingerprint, startsAt), as Alertmanager has it. A later `startsAt` with the same
 * labels is another firing.
 */
export interface Alert {
  /** FNV-1a over `labels`, 16 hexadecimal digits, computed here and never taken from the sender. */
  readonly fingerprint: string;
  /** Without replica labels and without empty values. */
  readonly labels: Labels;
  /** Which of a highly available pair of Prometheus sent it: the value of the replica label, empty without one. */
  readonly replica: string;
  readonly annotations: Labels;
  /** Milliseconds since the epoch: when the rule fired. Nanoseconds of the webhook are cut. */
  readonly startsAt: number;
  /** When it ended, or undefined while it fires. */
  readonly endsAt: number | undefined;
  /** When it counts as ended unless it is sent again; undefined when only an explicit resolve ends it. */
  readonly expiresAt: number | undefined;
  readonly generatorUrl: string;
  /** Alertmanager's notification group that brought it (its `groupKey`); empty without one, or when it groups by nothing. */
  readonly group: string;
  /** Fields of the sender that this version does not know, kept as they came (JSON). */
  readonly extra: Readonly<Record<string, unknown>>;
}

/**
 * Something that brought alerts: a webhook call of Alertmanager, a POST of Prometheus, our own question to Alertmanager, or
 * (`own`) a heartbeat that does not come any more and the end of maintenance.
 */
export interface AlertDelivery {
  readonly source: 'webhook' | 'api' | 'reconcile' | 'own';
  readonly receivedAt: number;
  readonly alerts: readonly Alert[];
  /** How many of the delivery's alerts were refused because something in them was wrong. */
  readonly invalidAlerts: number;
  /** How many alerts the sender left out (`max_alerts`); 0 when it sent all. */
  readonly truncatedAlerts: number;
  /** What else the envelope said (receiver, groupKey, unknown fields …), kept as it came (JSON). */
  readonly envelope: Readonly<Record<string, unknown>>;
}

/** Replica labels that the Prometheus operator and Cortex use whatever the configuration says. */
export const USUAL_REPLICA_LABELS = ['prometheus_replica', '__replica__'];

/** Label that marks the alerts which Pronoia itself sends out; they are not taken in again. */
export const OWN_ALERT_LABEL = 'pronoia_incident';
