import type { Anomaly } from '../model/anomaly.ts';
import type { Columns } from '../series/columns.ts';
import type { Gates } from './gates.ts';

/** At once above this score, otherwise only when confirmed. */
const CERTAIN_SCORE = 2;
/** Confirmed means two of the latest three samples above 1. */
const RECENT_MASK = 0b111;
/** An open anomaly has recovered after so many steps in a row below 1 … */
const RECOVERY_STEPS = 3;
/** … and is the new normal after so many steps in all. */
const NEW_NORMAL_STEPS = 60;
/** What began longer ago than this when it is first seen is history: learnt and scored, but nobody is told. */
const NEWS_MS = 5 * 60_000;

interface OpenAnomaly {
  readonly startsAt: number;
  /** The baseline from before it began: what comes later is compared with it as well. */
  readonly level: number;
  readonly edge: number;
  readonly direction: -1 | 1;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  peakScore: number;
  /** Timestamp of the first of the latest samples in a row that were not above 1; 0 when the latest was above. */
  calmSince: number;
  /** Whether anybody was told that it began. */
  isReported: boolean;
}

/** What becomes of the series' state after a sample. */
export type Transition = 'none' | 'opened' | 'recovered' | 'new_normal';

/** An open anomaly as a snapshot keeps it. */
export type SavedAnomaly = Readonly<OpenAnomaly>;

/** Tells who listens about the beginning and the end of an anomaly of a slot. */
export type AnomalyListener = (slot: number, anomaly: Omit<Anomaly, 'labels'>) => void;

/**
 * Makes anomalies, with a start and an end, out of scores. Hysteresis: one sample just above 1 opens nothing, one sample
 * below 1 ends nothing. An open anomaly remembers the baseline from before: a change that stays is anomalous until it has
 * recovered or has been there for an hour, although the level has long followed it.
 */
export class Anomalies {
  /** 1 where an anomaly is open. */
  readonly isOpen: Uint8Array;
  /** Which of the latest three samples were above 1, the latest in the lowest bit. */
  readonly recent: Uint8Array;
  readonly #open = new Map<number, OpenAnomaly>();
  /** Where one sample was above 1 and is not confirmed yet: its timestamp. */
  readonly #suspectedAt = new Map<number, number>();
  readonly #listener: AnomalyListener;
  openedTotal = 0;

  constructor(columns: Columns, listener: AnomalyListener) {
    this.isOpen = new Uint8Array(columns.capacity);
    this.recent = columns.u8('recent_above');
    this.#listener = listener;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The baseline from before the open anomaly of a slot. */
  reference(slot: number): { readonly level: number; readonly edge: number } {
    return this.#open.get(slot)!;
  }

  /**
   * Takes in the verdict of a sample; needed only where its score is above 1, or `recent` or `isOpen` is set.
   * @param verdict of the sample, after the gates
   * @param edge of the detector, from which the verdict was made
   * @param stepSeconds length of the series' step
   * @param now clock time, milliseconds
   */
  observe(
    slot: number,
    timestamp: number,
    value: number,
    verdict: Gates,
    edge: number,
    stepSeconds: number,
    now: number,
  ): Transition {
    const isAbove = verdict.score > 1;
    const recent = ((this.recent[slot]! << 1) & RECENT_MASK) | (isAbove ? 1 : 0);
    this.recent[slot] = recent;
    const open = this.#open.get(slot);
    if (open !== undefined) return this.#continue(slot, open, timestamp, verdict.score, stepSeconds, now);
    if (recent === 0) this.#suspectedAt.delete(slot);
    if (!isAbove) return 'none';
    const isConfirmed = verdict.score > CERTAIN_SCORE || (recent & (recent - 1)) !== 0;
    if (!isConfirmed) {
      this.#suspectedAt.set(slot, timestamp);
      return 'none';
    }
    const anomaly: OpenAnomaly = {
      startsAt: this.#suspectedAt.get(slot) ?? timestamp,
      level: verdict.expected,
      edge,
      direction: verdict.direction < 0 ? -1 : 1,
      value,
      lower: verdict.lower,
      upper: verdict.upper,
      peakScore: verdict.score,
      calmSince: 0,
      isReported: false,
    };
    this.#suspectedAt.delete(slot);
    this.#open.set(slot, anomaly);
    this.isOpen[slot] = 1;
    this.openedTotal++;
    this.#reportIfNew(slot, anomaly, timestamp, now);
    return 'opened';
  }

  /** Ends the anomaly of a slot whose series has ended, if one is open. @param timestamp of its end */
  end(slot: number, timestamp: number): void {
    const open = this.#open.get(slot);
    if (open !== undefined) this.#close(slot, open, timestamp, 'ended');
    this.#suspectedAt.delete(slot);
  }

  /** The open anomaly of a slot, if there is one. */
  save(slot: number): SavedAnomaly | undefined {
    return this.#open.get(slot);
  }

  /** @param slot that the series of the anomaly has now */
  restore(slot: number, saved: SavedAnomaly): void {
    this.#open.set(slot, { ...saved });
    this.isOpen[slot] = 1;
  }

  #continue(
    slot: number,
    open: OpenAnomaly,
    timestamp: number,
    score: number,
    stepSeconds: number,
    now: number,
  ): Transition {
    this.#reportIfNew(slot, open, timestamp, now);
    open.peakScore = Math.max(open.peakScore, score);
    if (score > 1) open.calmSince = 0;
    else if (open.calmSince === 0) open.calmSince = timestamp;
    const stepMs = stepSeconds * 1000;
    if (open.calmSince > 0 && timestamp - open.calmSince >= RECOVERY_STEPS * stepMs) {
      this.#close(slot, open, timestamp, 'recovered');
      return 'recovered';
    }
    if (timestamp - open.startsAt >= NEW_NORMAL_STEPS * stepMs) {
      this.#close(slot, open, timestamp, 'new_normal');
      return 'new_normal';
    }
    return 'none';
  }

  #reportIfNew(slot: number, open: OpenAnomaly, timestamp: number, now: number): void {
    if (open.isReported || timestamp < now - NEWS_MS) return;
    open.isReported = true;
    this.#listener(slot, published(open, undefined, undefined));
  }

  #close(slot: number, open: OpenAnomaly, timestamp: number, reason: NonNullable<Anomaly['endReason']>): void {
    this.#open.delete(slot);
    this.isOpen[slot] = 0;
    this.recent[slot] = 0;
    if (open.isReported) this.#listener(slot, published(open, timestamp, reason));
  }
}

function published(
  open: OpenAnomaly,
  endsAt: number | undefined,
  endReason: Anomaly['endReason'],
): Omit<Anomaly, 'labels'> {
  const { startsAt, peakScore, direction, value, level, lower, upper } = open;
  return { startsAt, endsAt, endReason, peakScore, direction, value, expected: level, lower, upper };
}
