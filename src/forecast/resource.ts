import { createLabels, type Labels, METRIC_NAME } from '../model/labels.ts';
import type { CapacityRule, Role } from './capacity-rule.ts';
import type { Forecast } from './forecaster.ts';
import type { Quantiles } from './full-in.ts';
import { ResourceHistory } from './resource-history.ts';
import { followTeeth } from './teeth.ts';

/** A value that is older than this counts no more. */
const MAX_AGE_MS = 15 * 60_000;
/** A limit above this means that there is none: the kernel and the JVM say so in this way. */
const UNLIMITED = 1e18;
/** Smaller than any time since 2001: a duration. */
const MAX_DURATION_SECONDS = 1e9;
/** What there was of something without a limit is forgotten within about a week of samples a minute. */
const SCALE_DECAY = 1 - 1 / 10_080;

/** A series in its role. */
interface Member {
  readonly slot: number;
  readonly role: Role;
  value: number;
  /** Time of its latest sample in milliseconds, 0 when there is none or the series has ended. */
  at: number;
}

/** An urgent forecast that somebody was told about. */
export interface Urgency {
  readonly startsAt: number;
  readonly labels: Labels;
  readonly reason: string;
  readonly value: number;
  readonly limit: number;
  peakScore: number;
}

/** A forecast that waits until the truth is known. Times are seconds. */
export interface WaitingForecast extends Quantiles {
  readonly at: number;
  /** Whether it counts on being emptied again and again. */
  readonly hasTeeth: boolean;
  /** Highest level since. */
  peak: number;
}

/** The history of another resource that one goes on with. @param at seconds since the epoch */
type Predecessor = (at: number) => ResourceHistory | undefined;
const NONE: Predecessor = () => undefined;

/** The series that together show how full something is, and what was learnt of it. */
export class Resource {
  readonly rule: CapacityRule;
  /** The number of its rule and its join key. */
  readonly key: string;
  members: readonly Member[] = [];
  readonly history = new ResourceHistory();
  /** What counts as the whole: the limit, or the most that there was of something without a limit. */
  scale = 0;
  forecast: Forecast | undefined;
  /** Time of the sample as of which the forecast was made, and of the latest one; milliseconds. */
  forecastAt = 0;
  lastAt = 0;
  urgency: Urgency | undefined;
  /** Forecasts of which nobody knows yet whether they were right. */
  waiting: WaitingForecast[] | undefined;
  /** Forecasts in a row that were urgent. */
  urgentCount = 0;
  /** When it ends, for what expires; seconds since the epoch. */
  expiresAt = 0;
  /** Numbers its outputs: a new one whenever the labels may have changed. */
  outputId = 0;
  /** When it went on with the history of another pod of its workload, seconds since the epoch; 0 when it did not. */
  inheritedAt = 0;
  readonly #predecessor: Predecessor;
  /** Time of the sample that is being put together from several series, 0 when none is. */
  #pendingAt = 0;

  /** @param predecessor what is known of its workload at the time of its first sample, in seconds since the epoch */
  constructor(rule: CapacityRule, key: string, predecessor: Predecessor = NONE) {
    this.#predecessor = predecessor;
    this.rule = rule;
    this.key = key;
  }

  /** Values of the labels that its series share, as text. */
  get joinKey(): string {
    return this.key.slice(this.key.indexOf(' ') + 1);
  }

  /** Whether a series says how full it is: without one there is no resource. */
  get hasLevel(): boolean {
    return this.members.some(isLevel);
  }

  /** Of how much is used, which share of the limit; NaN for what has none. */
  get usedRatio(): number {
    return this.rule.left === undefined && this.expiresAt === 0 ? this.history.used / this.history.limit : Number.NaN;
  }

  /**
   * Takes a sample of one of its series. The samples of one scrape come one after the other, so they are put together
   * when a later one comes: half of a resize would look like a jump.
   * @param timestamp milliseconds
   */
  take(slot: number, timestamp: number, value: number): void {
    for (const member of this.members) {
      if (member.slot !== slot) continue;
      if (this.#pendingAt !== 0 && timestamp > this.#pendingAt) this.#commit();
      member.value = value;
      member.at = timestamp;
      if (isLevel(member) && timestamp > this.lastAt && this.#pendingAt === 0) this.#pendingAt = timestamp;
    }
  }

  /** Forgets what was learnt and when, since a longer past takes its place. */
  restart(): void {
    this.history.clear();
    this.scale = 0;
    this.forecast = undefined;
    this.forecastAt = 0;
    this.waiting = undefined;
    this.inheritedAt = 0;
    this.lastAt = 0;
    this.#pendingAt = 0;
    for (const member of this.members) member.at = 0;
  }

  /** A series has ended, for now. */
  end(slot: number): void {
    for (const member of this.members) if (member.slot === slot) member.at = 0;
  }

  /** Whether any series that says how full it is goes on. */
  get isLive(): boolean {
    return this.members.some((member) => isLevel(member) && member.at > 0);
  }

  #commit(): void {
    const at = this.#pendingAt;
    this.#pendingAt = 0;
    if (this.#combine('unless', at, 'max') >= 1) {
      this.forecast = undefined;
      return;
    }
    const { rule } = this;
    if (rule.expires !== undefined) this.#commitExpiry(at, this.#combine('expires', at, 'min'));
    else if (rule.left !== undefined) this.#commitLeft(at, this.#combine('left', at, rule.combine));
    else this.#commitUsed(at);
  }

  #commitUsed(at: number): void {
    const { rule } = this;
    const used = rule.used === undefined ? Number.NaN : this.#combine('used', at, rule.combine);
    const free =
      rule.free === undefined ? Number.NaN : this.#combine('free', at, rule.combine === 'max' ? 'min' : 'sum');
    const kept = this.#combine('reserved', at, rule.combine);
    const reserved = Number.isNaN(kept) ? 0 : kept;
    if (rule.limit === undefined && rule.used === undefined) {
      this.#commitLeft(at, free - reserved);
      return;
    }
    let whole = used + free;
    if (typeof rule.limit === 'number') whole = rule.limit;
    else if (rule.limit !== undefined) whole = this.#combine('limit', at, rule.combine);
    const level = Number.isNaN(used) ? whole - free : used;
    const limit = (whole - reserved) * rule.fullAt;
    // Without a limit nothing is full: nothing is said, and what was said ends.
    if (Number.isNaN(level) || !(limit > 0 && limit < UNLIMITED)) this.forecast = undefined;
    else this.#learn(at, level, limit, limit);
  }

  /** What is left falls to nothing: the same as a rise of its negative to 0. */
  #commitLeft(at: number, left: number): void {
    if (!Number.isNaN(left)) this.#learn(at, -left, 0, Math.max(left, SCALE_DECAY * this.scale, Number.MIN_VALUE));
  }

  #commitExpiry(at: number, value: number): void {
    if (!(value > 0)) return;
    this.expiresAt = value < MAX_DURATION_SECONDS ? at / 1000 + value : value;
    this.lastAt = at;
  }

  #learn(at: number, used: number, limit: number, scale: number): void {
    const seconds = Math.floor(at / 1000);
    if (this.history.firstAt === 0) this.#inherit(seconds);
    // Several samples a second are one.
    if (seconds <= this.history.lastAt) return;
    this.history.add(seconds, used, limit);
    this.scale = scale;
    this.lastAt = at;
    followTeeth(this.history, seconds, used, scale);
  }

  #inherit(seconds: number): void {
    const known = this.#predecessor(seconds);
    if (known === undefined) return;
    this.history.restore(known.bytes);
    this.inheritedAt = seconds;
  }

  /** The value of a role, NaN when no series has one that is fresh. Limits of 0 and less are none. */
  #combine(role: Role, at: number, how: 'sum' | 'max' | 'min'): number {
    let result = Number.NaN;
    for (const member of this.members) {
      if (member.role !== role || member.at === 0 || member.at < at - MAX_AGE_MS) continue;
      if (role === 'limit' && member.value <= 0) continue;
      if (Number.isNaN(result)) result = member.value;
      else result = how === 'sum' ? result + member.value : Math[how](result, member.value);
    }
    return result;
  }
}

/** Labels of a resource's output: those on which all its series that show the level agree. */
export function outputLabels(resource: string, levels: readonly Labels[]): Labels {
  const [first, ...others] = levels;
  const shared = [...(first ?? [])].filter(
    ([name, value]) => name !== METRIC_NAME && others.every((labels) => labels.get(name) === value),
  );
  const kept = shared.map(([name, value]) => [OWN_LABELS.has(name) ? `exported_${name}` : name, value] as const);
  return createLabels([...kept, ['resource', resource]]);
}

/** Labels that outputs add: those of the input make room for them. */
const OWN_LABELS: ReadonlySet<string> = new Set(['resource', 'quantile', 'state']);

export function isLevel({ role }: { readonly role: Role }): boolean {
  return role !== 'limit' && role !== 'reserved' && role !== 'unless';
}
