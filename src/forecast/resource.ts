import type { Labels } from '../model/labels.ts';
import { type CapacityRule, isLevel, type Role } from './capacity-rule.ts';
import { type Forecast, STATES } from './forecaster.ts';
import type { Members } from './members.ts';
import { ResourceHistory, WORD } from './resource-history.ts';
import { followTeeth } from './teeth.ts';
import { type WaitingForecast, WaitingForecasts } from './waiting-forecasts.ts';
import type { WorkloadLine } from './workload-lines.ts';

/** A limit above this means that there is none: the kernel and the JVM say so in this way. */
const UNLIMITED = 1e18;
/** Smaller than any time since 2001: a duration. */
const MAX_DURATION_SECONDS = 1e9;
/** Words are unsigned integers of 32 bits. */
const MAX_INTEGER = 2 ** 32 - 1;
/** What there was of something without a limit is forgotten within about a week of samples a minute. */
const SCALE_DECAY = 1 - 1 / 10_080;
/** It is kept as a float of 32 bits. */
const MIN_SCALE = 1e-30;
const MAX_SCALE = 1e30;

/** An urgent forecast that somebody was told about. */
export interface Urgency {
  readonly startsAt: number;
  readonly labels: Labels;
  readonly reason: string;
  readonly value: number;
  readonly limit: number;
  peakScore: number;
}

/** Most of what has a level has no limit, and nothing is ever learnt of it: it needs no kilobyte of its own. */
const NOTHING = new ResourceHistory();

/**
 * The series that together show how full something is, and what was learnt of it. There may be a hundred thousand, so most
 * numbers lie in the words of the history: here, each would be an object of 24 bytes.
 */
export class Resource {
  readonly rule: CapacityRule;
  /** Stands for the labels that its series share. */
  readonly key: string;
  /** The resources of other pods of its workload, undefined where it is of no pod. */
  readonly line: WorkloadLine | undefined;
  /** What was learnt; an empty one, which all have in common, before there is anything. */
  history: ResourceHistory = NOTHING;
  /** The first of its members, 0 for none. */
  firstMember = 0;
  /** Time of the latest sample, milliseconds. */
  lastAt = 0;
  urgency: Urgency | undefined;
  /** Numbers its outputs: a new one whenever the labels may have changed. */
  outputId = 0;
  readonly #members: Members<Resource>;
  #waiting: WaitingForecasts | undefined;
  /** Time of the sample that is being put together from several series, 0 when none is. */
  #pendingAt = 0;

  constructor(rule: CapacityRule, key: string, members: Members<Resource>, line?: WorkloadLine) {
    this.rule = rule;
    this.key = key;
    this.line = line;
    this.#members = members;
  }

  /** What counts as the whole: the limit, or the most that there was of something without a limit. */
  get scale(): number {
    return this.history.floats[this.history.base + WORD.scale]!;
  }
  set scale(value: number) {
    this.history.floats[this.history.base + WORD.scale] = value;
  }
  /** Time of the sample as of which the forecast was made, milliseconds. */
  get forecastAt(): number {
    return this.#integer(WORD.forecastAt) * 1000;
  }
  /** Forecasts in a row that were urgent. */
  get urgentCount(): number {
    return this.#integer(WORD.urgentCount);
  }
  set urgentCount(value: number) {
    this.#setInteger(WORD.urgentCount, value);
  }
  /** When it ends, for what expires, in seconds since the epoch until 2106; 0 for all else. */
  get expiresAt(): number {
    return this.#integer(WORD.expiresAt);
  }
  /** When it went on with the history of another pod of its workload, seconds since the epoch; 0 when it did not. */
  get inheritedAt(): number {
    return this.#integer(WORD.inheritedAt);
  }

  get forecast(): Forecast | undefined {
    const { floats, base } = this.history;
    const state = STATES[this.#integer(WORD.forecastState) - 1];
    if (state === undefined) return undefined;
    return { p10: floats[base + WORD.p10]!, p50: floats[base + WORD.p50]!, p90: floats[base + WORD.p90]!, state };
  }

  /** Says something from now on. */
  announce({ p10, p50, p90, state }: Forecast): void {
    const { floats, base, lastAt } = this.history;
    floats[base + WORD.p10] = p10;
    floats[base + WORD.p50] = p50;
    floats[base + WORD.p90] = p90;
    this.#setInteger(WORD.forecastState, STATES.indexOf(state) + 1);
    this.#setInteger(WORD.forecastAt, lastAt);
  }

  /** Forecasts of which nobody knows yet whether they were right, the oldest first. */
  get waiting(): readonly WaitingForecast[] {
    return this.#waiting?.list() ?? [];
  }
  set waiting(list: readonly WaitingForecast[]) {
    if (list.length > 0) this.#waiting ??= new WaitingForecasts();
    else {
      this.#waiting?.release();
      this.#waiting = undefined;
    }
    this.#waiting?.set(list);
  }

  /** Of how much is used, which share of the limit; NaN for what has none. */
  get usedRatio(): number {
    return this.rule.left === undefined && this.expiresAt === 0 ? this.history.used / this.history.limit : Number.NaN;
  }

  /** Goes on with what another process learnt: until the next scrape its series count as live, so that outputs go on. */
  resume(bytes: Uint8Array, lastAt: number): void {
    this.#begin();
    this.history.restore(bytes);
    this.lastAt = lastAt;
    for (const member of this.#members.from(this.firstMember)) this.#members.times[member] = lastAt / 1000;
  }

  /** Gives its memory to another one. Who still holds it finds nothing to do with it. */
  release(): void {
    if (this.history !== NOTHING) this.history.release();
    this.history = NOTHING;
    this.waiting = [];
  }

  /** Whether any series that says how full it is goes on. */
  get isLive(): boolean {
    const members = this.#members;
    for (let member = this.firstMember; member !== 0; member = members.nextOfOwner[member]!) {
      if (members.times[member]! > 0 && isLevel(members.role(member))) return true;
    }
    return false;
  }

  /** The members that say how full it is: without one there is no resource. */
  levels(): number[] {
    const members = this.#members;
    return [...members.from(this.firstMember)].filter((member) => isLevel(members.role(member)));
  }

  /**
   * Takes a sample of one of its series. The samples of one scrape come one after the other, so they are put together
   * when a later one comes: half of a resize would look like a jump.
   * @param timestamp milliseconds
   */
  take(member: number, timestamp: number, value: number): void {
    const members = this.#members;
    if (this.#pendingAt !== 0 && timestamp > this.#pendingAt) this.#commit();
    members.values[member] = value;
    members.times[member] = timestamp / 1000;
    if (timestamp > this.lastAt && this.#pendingAt === 0 && isLevel(members.role(member))) this.#pendingAt = timestamp;
  }

  /** Forgets what was learnt and when, since a longer past takes its place. */
  restart(): void {
    if (this.history !== NOTHING) this.history.clear();
    this.waiting = [];
    this.lastAt = 0;
    this.#pendingAt = 0;
    for (const member of this.#members.from(this.firstMember)) this.#members.times[member] = 0;
  }

  #commit(): void {
    const at = this.#pendingAt;
    this.#pendingAt = 0;
    if (this.#combine('unless', at, 'max') >= 1) {
      this.#silence();
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
    if (Number.isNaN(level) || !(limit > 0 && limit < UNLIMITED)) this.#silence();
    else this.#learn(at, level, limit, limit);
  }

  /** What is left falls to nothing: the same as a rise of its negative to 0. */
  #commitLeft(at: number, left: number): void {
    if (Number.isNaN(left)) return;
    const scale = Math.max(left, SCALE_DECAY * this.scale, MIN_SCALE);
    this.#learn(at, -left, 0, Math.min(scale, MAX_SCALE));
  }

  #commitExpiry(at: number, value: number): void {
    if (!(value > 0)) return;
    this.#begin();
    const expiresAt = value < MAX_DURATION_SECONDS ? at / 1000 + value : value;
    this.#setInteger(WORD.expiresAt, Math.min(MAX_INTEGER, expiresAt));
    this.lastAt = at;
  }

  #learn(at: number, used: number, limit: number, scale: number): void {
    const seconds = Math.floor(at / 1000);
    this.#begin();
    if (this.history.firstAt === 0) this.#inherit(seconds);
    // Several samples a second are one.
    if (seconds <= this.history.lastAt) return;
    this.history.add(seconds, used, limit);
    this.scale = scale;
    this.lastAt = at;
    followTeeth(this.history, seconds, used, scale);
  }

  #begin(): void {
    if (this.history !== NOTHING) return;
    this.history = new ResourceHistory();
    this.line?.add(this.history);
  }

  #inherit(seconds: number): void {
    const known = this.line?.latest(seconds);
    if (known === undefined) return;
    this.history.learnFrom(known);
    this.#setInteger(WORD.inheritedAt, seconds);
  }

  /** Says nothing any more. */
  #silence(): void {
    if (this.history !== NOTHING) this.#setInteger(WORD.forecastState, 0);
  }

  #combine(role: Role, at: number, how: 'sum' | 'max' | 'min'): number {
    return this.#members.combine(this.firstMember, role, at, how);
  }

  #integer(word: number): number {
    return this.history.integers[this.history.base + word]!;
  }

  #setInteger(word: number, value: number): void {
    this.history.integers[this.history.base + word] = value;
  }
}
