import type { Alert } from '../model/alert.ts';
import { createLabels, type Labels } from '../model/labels.ts';
import { trimOldest } from '../model/trim-oldest.ts';
import type { LedgerEntry } from './receive-delivery.ts';

/** Who says what is under maintenance. */
export interface MaintenanceCalendar {
  /** The name of the maintenance that an alert with these labels falls into; undefined when there is none. */
  maintenanceOf(labels: Labels, timestamp: number): string | undefined;
}

/** An alert as it is saved. */
export type SavedAlert = Omit<Alert, 'labels' | 'annotations'> & {
  readonly labels: readonly (readonly [string, string])[];
  readonly annotations: readonly (readonly [string, string])[];
};

/** More are not kept: Alertmanager tells them again sooner or later. */
const MAX_HELD = 20_000;

/**
 * Alerts that begin during maintenance: they go to their account of the ledger of noise and into no incident. Those that
 * still fire when it is over are taken as new then. What was in an incident before is not touched.
 */
export class Maintenance {
  readonly #calendar: MaintenanceCalendar;
  /** By fingerprint and replica, as they were told last. */
  readonly #held = new Map<string, Alert>();
  #hasChanged = false;

  constructor(calendar: MaintenanceCalendar, saved: readonly SavedAlert[]) {
    this.#calendar = calendar;
    for (const { labels, annotations, ...rest } of saved) {
      const alert = { ...rest, labels: createLabels(labels), annotations: createLabels(annotations) };
      this.#held.set(keyOf(alert), alert);
    }
  }

  /** Whether an alert waits for the end of maintenance. */
  isHolding(alert: Pick<Alert, 'fingerprint' | 'replica'>): boolean {
    return this.#held.size > 0 && this.#held.has(keyOf(alert));
  }

  /**
   * What maintenance keeps from being an incident of a delivery; once that is stored, `setAside` has to hear of it.
   * @param mayBegin whether an alert can be part of an incident, and is not of one in which it fires
   */
  divide(
    alerts: readonly Alert[],
    at: number,
    mayBegin: (alert: Alert) => boolean,
  ): { readonly others: readonly Alert[]; readonly aside: readonly Alert[]; readonly ledger: readonly LedgerEntry[] } {
    const ledger: LedgerEntry[] = [];
    const aside: Alert[] = [];
    const others = alerts.filter((alert) => {
      const wasHeld = this.isHolding(alert);
      const name = this.#calendar.maintenanceOf(alert.labels, alert.endsAt === undefined ? at : alert.startsAt);
      if ((name === undefined && !wasHeld) || !mayBegin(alert)) return true;
      if (!wasHeld) ledger.push({ alert, account: 'maintenance', reason: `during ${name}` });
      aside.push(alert);
      return false;
    });
    return { others, aside, ledger };
  }

  /** Keeps alerts until their maintenance is over, or they are. */
  setAside(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (alert.endsAt === undefined) this.#held.set(keyOf(alert), alert);
      else this.#held.delete(keyOf(alert));
    }
    trimOldest(this.#held, MAX_HELD);
    this.#hasChanged ||= alerts.length > 0;
  }

  /** Lets go of alerts whose maintenance is over. @returns those that were not told to be over themselves */
  over(now: number): Alert[] {
    if (this.#held.size === 0) return [];
    const over = [...this.#held.values()].filter(
      ({ labels }) => this.#calendar.maintenanceOf(labels, now) === undefined,
    );
    for (const alert of over) this.#held.delete(keyOf(alert));
    this.#hasChanged ||= over.length > 0;
    return over.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now);
  }

  /** What is to be saved, undefined when nothing has changed since the last call. */
  changes(): SavedAlert[] | undefined {
    if (!this.#hasChanged) return undefined;
    this.#hasChanged = false;
    return [...this.#held.values()].map((alert) => ({
      ...alert,
      labels: [...alert.labels],
      annotations: [...alert.annotations],
    }));
  }
}

function keyOf({ fingerprint, replica }: Pick<Alert, 'fingerprint' | 'replica'>): string {
  return `${fingerprint} ${replica}`;
}
