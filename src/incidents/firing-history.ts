import type { Alert } from '../model/alert.ts';
import { type Entity, formatEntity } from '../model/entity.ts';
import { trimOldest } from '../model/trim-oldest.ts';
import { compareSeverity } from './severity.ts';

/** A firing that is over, or goes on: what the history keeps of it. */
export interface PastFiring {
  readonly fingerprint: string;
  readonly alertname: string;
  /** `formatEntity`, empty for none. */
  readonly entity: string;
  readonly startsAt: number;
  readonly endsAt: number | undefined;
}

/** How firings of one rule ended so far, and how well holding its pages went. */
interface RuleHistory {
  /** Milliseconds, the latest ones. */
  readonly durations: number[];
  /** Start of those that go on, by fingerprint. */
  readonly open: Map<string, number>;
  held: number;
  survived: number;
}

const MAX_RULES = 20_000;
const MAX_DURATIONS = 100;
const MAX_ALERTS = 50_000;
/** A page waits so long at most. */
const MAX_HOLD_MS = 3 * 60_000;
const MIN_DURATIONS = 10;
/** So probable it has to be that the alert ends while its page waits. */
const MIN_TRANSIENT = 0.8;
/** When more of a rule's held pages than this had to be sent after all, its pages are held no longer. */
const MAX_SURVIVORS = 0.02;
/** Nagios Core's defaults: on at 30 % of 21 observations, off below 20 %; recent changes weigh up to 1.2, old ones 0.8. */
const OBSERVATIONS = 21;
const OBSERVATION_MS = 5 * 60_000;
const FLAPS_FROM = 0.3;
const FLAPS_UNTIL = 0.2;

/**
 * How long firings of each rule last, and which alerts change all the time: from this follows whose page may wait for a
 * moment. Durations are estimated as survival (Kaplan and Meier, 1958), those that go on being censored.
 */
export class FiringHistory {
  readonly #rules = new Map<string, RuleHistory>();
  /** Starts and ends of alerts that have fired before, ascending. */
  readonly #changes = new Map<string, number[]>();
  readonly #flapping = new Set<string>();

  /** Takes in a firing that began, ended, or both. */
  note({ fingerprint, alertname, entity, startsAt, endsAt }: PastFiring): void {
    for (const key of [alertname, `${alertname} ${entity}`]) {
      const rule = this.#rule(key);
      if (endsAt === undefined) rule.open.set(fingerprint, startsAt);
      else {
        rule.open.delete(fingerprint);
        rule.durations.push(endsAt - startsAt);
        if (rule.durations.length > MAX_DURATIONS) rule.durations.shift();
      }
    }
    this.#noteChange(fingerprint, endsAt ?? startsAt);
  }

  /**
   * Until when an alert that fires opens no page by itself: 0 when it does so at once, Infinity as long as it only flaps.
   * A critical alert, and one that was never seen before, always does.
   */
  heldUntil(alert: Alert, entity: Entity | undefined, now: number): number {
    const severity = alert.labels.get('severity') ?? '';
    if (compareSeverity(severity, 'critical') >= 0 || !this.#changes.has(alert.fingerprint)) return 0;
    if (this.isFlapping(alert.fingerprint, now)) return Number.POSITIVE_INFINITY;
    const alertname = alert.labels.get('alertname') ?? '';
    const own = this.#rules.get(`${alertname} ${entity === undefined ? '' : formatEntity(entity)}`);
    const rule = this.#rules.get(alertname);
    const age = Math.max(0, now - alert.startsAt);
    const used = own !== undefined && own.durations.length >= MIN_DURATIONS ? own : rule;
    if (rule === undefined || used === undefined || !isTransient(used, age, now)) return 0;
    if (rule.held >= MIN_DURATIONS && rule.survived / rule.held > MAX_SURVIVORS) return 0;
    rule.held++;
    return now + MAX_HOLD_MS;
  }

  /** A page that waited had to be sent after all. */
  noteSurvivor(alertname: string): void {
    const rule = this.#rules.get(alertname);
    if (rule !== undefined) rule.survived++;
  }

  /** Whether it has changed so often lately that a change says nothing. */
  isFlapping(fingerprint: string, now: number): boolean {
    const share = shareOfChanges(this.#changes.get(fingerprint) ?? [], now);
    if (share >= FLAPS_FROM) this.#flapping.add(fingerprint);
    else if (share < FLAPS_UNTIL) this.#flapping.delete(fingerprint);
    return this.#flapping.has(fingerprint);
  }

  #noteChange(fingerprint: string, at: number): void {
    const changes = this.#changes.get(fingerprint);
    // Nearly all alerts change once: an array that is made to grow takes five times the memory.
    if (changes === undefined) this.#changes.set(fingerprint, [at]);
    else {
      if (changes.at(-1) !== at) changes.push(at);
      if (changes.length > 2 * OBSERVATIONS) changes.shift();
      // The one that changed last is forgotten last.
      this.#changes.delete(fingerprint);
      this.#changes.set(fingerprint, changes);
    }
    for (const forgotten of trimOldest(this.#changes, MAX_ALERTS)) this.#flapping.delete(forgotten);
  }

  #rule(key: string): RuleHistory {
    const known = this.#rules.get(key);
    if (known !== undefined) return known;
    const rule = { durations: [], open: new Map<string, number>(), held: 0, survived: 0 };
    this.#rules.set(key, rule);
    trimOldest(this.#rules, MAX_RULES);
    return rule;
  }
}

/** Whether a firing of this age will probably end within the longest hold. */
function isTransient({ durations, open }: RuleHistory, age: number, now: number): boolean {
  if (durations.length < MIN_DURATIONS) return false;
  const censored = [...open.values()]
    .slice(-MAX_DURATIONS)
    .map((startsAt) => ({ ms: now - startsAt, hasEnded: false }));
  const lives = [...durations.map((ms) => ({ ms, hasEnded: true })), ...censored];
  lives.sort((a, b) => a.ms - b.ms || Number(b.hasEnded) - Number(a.hasEnded));
  const alive = survival(lives, age);
  return alive > 0 && 1 - survival(lives, age + MAX_HOLD_MS) / alive >= MIN_TRANSIENT;
}

/** The share of firings that last longer than `age`: the product, over all ends until then, of those that went on. */
function survival(lives: readonly { readonly ms: number; readonly hasEnded: boolean }[], age: number): number {
  let share = 1;
  for (const [index, { ms, hasEnded }] of lives.entries()) {
    if (ms > age) break;
    const atRisk = lives.length - index;
    if (hasEnded) share *= 1 - 1 / atRisk;
  }
  return share;
}

/** The weighted share of the last observations in which something changed. */
function shareOfChanges(changes: readonly number[], now: number): number {
  const changed = new Set(changes.map((at) => Math.floor((now - at) / OBSERVATION_MS)));
  let sum = 0;
  for (let age = 0; age < OBSERVATIONS; age++) {
    if (changed.has(age)) sum += 1.2 - (0.4 * age) / (OBSERVATIONS - 1);
  }
  return sum / OBSERVATIONS;
}
