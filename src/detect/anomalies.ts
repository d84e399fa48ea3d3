import type { Anomaly } from '../model/anomaly.ts';
import type { Pool } from '../series/columns.ts';
import { Chronic, type PastAnomaly } from './chronic.ts';
import type { Gates } from './gates.ts';
import type { Reference } from './judgement.ts';

/** At once above this score, otherwise only when confirmed. */
const CERTAIN_SCORE = 2;
/** Confirmed means two of the latest three steps above 1. */
const RECENT_MASK = 0b111;
/** An open anomaly has recovered after so many steps in a row that are not above 1 … */
const RECOVERY_STEPS = 3;
/** … and is the new normal after so many steps in all. */
const NEW_NORMAL_STEPS = 60;
/** What was normal before a new normal stays normal for so long: going back there is no anomaly. */
const SETTLED_MS = 24 * 3_600_000;
/** What began longer ago than this when it is first seen is history: learnt and scored, but nobody is told. */
const NEWS_MS = 5 * 60_000;

/** Anomalies that have ended and are remembered, so that people can say something about them. */
const MOST_REMEMBERED = 10_000;

interface OpenAnomaly {
  readonly startsAt: number;
  /** The baseline from before it began: what comes later is compared with it as well. */
  readonly reference: Reference;
  readonly direction: -1 | 1;
  readonly value: number;
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
  /** Missing in what was saved before there were explanations. */
  readonly reason?: string;
  peakScore: number;
  /** Extremes of what was anomalous. Missing in what was saved before they were kept. */
  lowest?: number;
  highest?: number;
  /** Timestamp of the latest score. */
  lastAt?: number;
  /** Steps since it began, and the latest ones in a row that were not above 1. */
  steps: number;
  calmSteps: number;
  /** Which of the latest three steps were above 1, the latest in the lowest bit. */
  recent: number;
  /** Whether it is certain, or only a first step above 1. */
  isConfirmed: boolean;
  /** Whether anybody was told that it began. */
  isReported: boolean;
  /** Why it is no news, as of the latest score. Missing in what was saved before it was known. */
  recurring?: string | undefined;
}

/** How far a series was from what was expected, while it was anomalous. */
export interface Excursion {
  readonly expected: number;
  readonly lowest: number;
  readonly highest: number;
}

interface Former {
  readonly reference: Reference;
  readonly until: number;
}

/** What a snapshot keeps of a slot. */
export interface SavedAnomaly {
  readonly open: Readonly<OpenAnomaly> | undefined;
  readonly former: Former | undefined;
  /** Missing in what was saved before it was kept. */
  readonly ended?: Excursion;
  /** The same. */
  readonly past?: readonly PastAnomaly[];
}

/** Tells who listens about the beginning and the end of an anomaly of a slot, and when it becomes a recurring one or news. */
export type AnomalyListener = (slot: number, anomaly: Omit<Anomaly, 'labels'>) => void;

/**
 * Makes anomalies, with a start and an end, out of scores. Hysteresis: one step just above 1 tells nobody, one step
 * below 1 ends nothing. An open anomaly remembers the baseline from before: a change that stays is anomalous until it has
 * recovered or has been there for an hour, although the level has long followed it.
 */
export class Anomalies {
  readonly #live: Pool;
  /** 1 where an anomaly is open, or may be, by row of the live series: others have none. */
  readonly #isOpen: Uint8Array;
  readonly #open = new Map<number, OpenAnomaly>();
  /** Where a new normal was found: what the series was compared with before. */
  readonly #former = new Map<number, Former>();
  /** The latest that has ended, of the series where that was last; the one that ended first comes first. */
  readonly #ended = new Map<number, Excursion>();
  readonly #chronic = new Chronic();
  readonly #listener: AnomalyListener;
  #confirmed = 0;
  openedTotal = 0;

  constructor(live: Pool, listener: AnomalyListener) {
    this.#live = live;
    this.#isOpen = new Uint8Array(live.columns.capacity);
    this.#listener = listener;
  }

  /** Anomalies that are open and confirmed. */
  get size(): number {
    return this.#confirmed;
  }

  /** Those of them that are recurring. */
  get recurring(): number {
    let recurring = 0;
    for (const open of this.#open.values()) if (open.isConfirmed && open.recurring !== undefined) recurring++;
    return recurring;
  }

  /** Whether the open anomaly of a slot is a recurring one; undefined when none is open. */
  isRecurring(slot: number): boolean | undefined {
    return !this.isOpen(slot) ? undefined : this.#open.get(slot)!.recurring !== undefined;
  }

  /** Whether an anomaly is open, or may be. */
  isOpen(slot: number): boolean {
    return this.#isOpen[this.#live.rows[slot]!] === 1;
  }

  /** The baseline from before the open anomaly of a slot; undefined when none is open. */
  reference(slot: number): Reference | undefined {
    return !this.isOpen(slot) ? undefined : this.#open.get(slot)!.reference;
  }

  /** The baseline from before the latest new normal of a slot; undefined when that is long ago. */
  formerReference(slot: number, timestamp: number): Reference | undefined {
    if (this.#former.size === 0) return undefined;
    const former = this.#former.get(slot);
    if (former === undefined || timestamp <= former.until) return former?.reference;
    this.#former.delete(slot);
    return undefined;
  }

  /**
   * Begins an anomaly that nobody is told about before it is confirmed.
   * @param verdict above 1, with its band. @param reason in words
   */
  open(slot: number, timestamp: number, value: number, verdict: Gates, reference: Reference, reason: string): void {
    const { direction, expected, lower, upper, score } = verdict;
    this.#open.set(slot, {
      startsAt: timestamp,
      reference,
      direction: direction < 0 ? -1 : 1,
      value,
      expected,
      lower,
      upper,
      reason,
      peakScore: score,
      lowest: value,
      highest: value,
      steps: 0,
      calmSteps: 0,
      recent: 0,
      isConfirmed: false,
      isReported: false,
    });
    this.#isOpen[this.#live.rows[slot]!] = 1;
  }

  /**
   * Takes in the score of a step, or of a single sample that cannot wait, of a slot whose anomaly is open.
   * @param value of it. @param isStep whether a step is complete
   * @param hasReturned whether the value is where it was before: what calms down elsewhere has found a new normal
   * @param now clock time, milliseconds
   * @returns whether the anomaly has ended with it and the level, as it is, would make another one: of the return, or of a
   *   new normal that has not become calm by itself
   */
  observe(
    slot: number,
    timestamp: number,
    value: number,
    score: number,
    isStep: boolean,
    hasReturned: boolean,
    now: number,
  ): boolean {
    const open = this.#open.get(slot)!;
    open.peakScore = Math.max(open.peakScore, score);
    open.lastAt = timestamp;
    if (score > 1) {
      open.lowest = Math.min(open.lowest ?? value, value);
      open.highest = Math.max(open.highest ?? value, value);
    }
    if (isStep) this.#count(open, score);
    const wasRecurring = open.recurring !== undefined;
    open.recurring = this.#chronic.reason(slot, open.startsAt, distanceOf(open), open.steps);
    if (!open.isConfirmed && (score > CERTAIN_SCORE || (open.recent & (open.recent - 1)) !== 0)) {
      open.isConfirmed = true;
      this.#confirmed++;
      this.openedTotal++;
    }
    const isNews = !open.isReported || wasRecurring !== (open.recurring !== undefined);
    if (open.isConfirmed && isNews && timestamp >= now - NEWS_MS) {
      open.isReported = true;
      this.#listener(slot, published(open, undefined, undefined));
    }
    const isCalm = open.calmSteps >= RECOVERY_STEPS;
    if (!isCalm && open.steps < NEW_NORMAL_STEPS) return false;
    this.#close(slot, open, timestamp, hasReturned ? 'recovered' : 'new_normal');
    return hasReturned || !isCalm;
  }

  /** Ends the anomaly of a slot whose series has ended, if one is open. @param timestamp of its end */
  end(slot: number, timestamp: number): void {
    const open = this.#open.get(slot);
    if (open !== undefined) this.#close(slot, open, timestamp, 'ended');
    this.#former.delete(slot);
  }

  /** Somebody says that the open anomaly of a slot is none: what is there now is the new normal. */
  accept(slot: number): void {
    const open = this.#open.get(slot);
    if (open !== undefined) this.#close(slot, open, open.lastAt ?? open.startsAt, 'new_normal');
  }

  /** How far the open anomaly of a slot went, or the latest one; undefined when none is remembered. */
  latestExcursion(slot: number): Excursion | undefined {
    const open = this.#open.get(slot);
    return open === undefined ? this.#ended.get(slot) : excursionOf(open);
  }

  /** The slot goes to another series. */
  forget(slot: number): void {
    this.#ended.delete(slot);
    this.#chronic.forget(slot);
  }

  /** The open anomaly of a slot as it would be told now, undefined when none is open. */
  current(slot: number): Omit<Anomaly, 'labels'> | undefined {
    const open = this.#open.get(slot);
    return open && published(open, undefined, undefined);
  }

  /** What there is to be kept of a slot, if anything. */
  save(slot: number): SavedAnomaly | undefined {
    const open = this.#open.get(slot);
    const former = this.#former.get(slot);
    const ended = this.#ended.get(slot);
    const past = this.#chronic.of(slot);
    if (open === undefined && former === undefined && ended === undefined && past === undefined) return undefined;
    return { open, former, ...(ended && { ended }), ...(past && { past }) };
  }

  /** @param slot that the series has now */
  restore(slot: number, { open, former, ended, past = [] }: SavedAnomaly): void {
    for (const each of past) this.#chronic.remember(slot, each);
    if (ended !== undefined) this.#ended.set(slot, ended);
    if (former !== undefined) this.#former.set(slot, former);
    const row = this.#live.rows[slot]!;
    if (open === undefined || row === 0) return;
    this.#open.set(slot, { ...open });
    this.#isOpen[row] = 1;
    if (open.isConfirmed) this.#confirmed++;
  }

  #remember(slot: number, excursion: Excursion): void {
    this.#ended.delete(slot);
    this.#ended.set(slot, excursion);
    if (this.#ended.size > MOST_REMEMBERED) this.#ended.delete(this.#ended.keys().next().value!);
  }

  #count(open: OpenAnomaly, score: number): void {
    open.steps++;
    open.calmSteps = score > 1 ? 0 : open.calmSteps + 1;
    open.recent = ((open.recent << 1) & RECENT_MASK) | (score > 1 ? 1 : 0);
  }

  #close(slot: number, open: OpenAnomaly, timestamp: number, reason: NonNullable<Anomaly['endReason']>): void {
    this.#open.delete(slot);
    this.#isOpen[this.#live.rows[slot]!] = 0;
    // A single step above 1 says nothing of what was normal: what was before the anomaly ahead of it still is.
    if (open.isConfirmed) {
      if (reason === 'new_normal') this.#former.set(slot, { reference: open.reference, until: timestamp + SETTLED_MS });
      this.#confirmed--;
      this.#remember(slot, excursionOf(open));
      this.#chronic.remember(slot, [open.startsAt, timestamp, distanceOf(open)]);
    }
    if (open.isReported) this.#listener(slot, published(open, timestamp, reason));
  }
}

function excursionOf({ expected, value, lowest = value, highest = value }: OpenAnomaly): Excursion {
  return { expected, lowest, highest };
}

/** How far it went from what was expected, negative below it. */
function distanceOf(open: OpenAnomaly): number {
  const { expected, lowest, highest } = excursionOf(open);
  return (open.direction < 0 ? lowest : highest) - expected;
}

function published(
  open: OpenAnomaly,
  endsAt: number | undefined,
  endReason: Anomaly['endReason'],
): Omit<Anomaly, 'labels'> {
  const { startsAt, peakScore, direction, value, expected, lower, upper, reason, recurring } = open;
  const anomaly = { startsAt, endsAt, endReason, peakScore, direction, value, expected, lower, upper };
  return { ...anomaly, ...(reason !== undefined && { reason }), ...(recurring !== undefined && { recurring }) };
}
