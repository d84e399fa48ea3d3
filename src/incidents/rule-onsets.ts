import type { ObservedOnset } from '../correlate/correlator.ts';
import type { Alert } from '../model/alert.ts';
import type { AlertMember } from '../model/incident.ts';
import { trimOldest } from '../model/trim-oldest.ts';

/** What ended longer ago explains nothing that fires now. */
const KEPT_AFTER_END_MS = 60 * 60_000;
/** So many wait only while nothing can be stored; what comes then is not looked at. */
const MAX_PENDING = 200_000;
const MAX_ONSETS = 200_000;
const MAX_RULES = 10_000;
/** Rules wait at most so long; a larger difference is a mismatch. */
const MAX_FOR_MS = 24 * 3_600_000;

/**
 * Since when the conditions of rules hold, from `ALERTS_FOR_STATE`. An alert says only when its rule fired, which is later
 * by the rule's `for`; where one alert of a rule showed how much, the others are taken to wait as long.
 */
export class RuleOnsets {
  readonly #byFingerprint = new Map<string, ObservedOnset>();
  #pending: ObservedOnset[] = [];
  /** How long a rule waits, milliseconds, by alert name and severity. */
  readonly #forMs = new Map<string, number>();

  get size(): number {
    return this.#byFingerprint.size;
  }

  /** Adds the state of a rule; it is pending then. */
  put(onset: ObservedOnset): void {
    this.#byFingerprint.delete(onset.fingerprint);
    this.#byFingerprint.set(onset.fingerprint, onset);
    trimOldest(this.#byFingerprint, MAX_ONSETS);
    if (this.#pending.length < MAX_PENDING) this.#pending.push(onset);
  }

  /** Those that wait to be looked at. */
  pending(): readonly ObservedOnset[] {
    return this.#pending;
  }

  /** The pending ones have been looked at. */
  settle(): void {
    this.#pending = [];
  }

  /** When the condition of an alert began, as far as can be told. */
  onsetOf(alert: Alert): AlertMember['onset'] {
    const rule = `${alert.labels.get('alertname')} ${alert.labels.get('severity')}`;
    const { startsAt } = alert;
    const activeAt = this.#byFingerprint.get(alert.fingerprint)?.activeAt;
    if (activeAt !== undefined && activeAt <= startsAt && startsAt - activeAt <= MAX_FOR_MS) {
      if (this.#forMs.size < MAX_RULES || this.#forMs.has(rule)) this.#forMs.set(rule, startsAt - activeAt);
      return { earliest: activeAt, latest: activeAt };
    }
    const at = startsAt - (this.#forMs.get(rule) ?? 0);
    return { earliest: at, latest: at };
  }

  /** Whether the condition of this alert's rule is known to hold now. */
  isActive(alertFingerprint: string): boolean {
    const onset = this.#byFingerprint.get(alertFingerprint);
    return onset !== undefined && onset.endedAt === undefined;
  }

  /** Drops what ended long ago. */
  forget(now: number): void {
    for (const [key, { endedAt }] of this.#byFingerprint) {
      if (endedAt !== undefined && endedAt < now - KEPT_AFTER_END_MS) this.#byFingerprint.delete(key);
    }
  }
}
