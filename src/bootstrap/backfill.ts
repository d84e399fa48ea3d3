import type { Scorer } from '../detect/scorer.ts';
import type { Pasts } from '../forecast/pasts.ts';
import type { Clock } from '../model/clock.ts';
import { IGNORED } from '../series/kinds.ts';
import type { SeriesTable } from '../series/series-table.ts';
import type { SeriesHistory } from './series-history.ts';

/** A series without a sample for so long has ended: it would only take a slot away. */
const ENDED_MS = 10 * 60_000;
/** A past that is not longer than what is known by so much adds nothing. */
const WORTHWHILE_SECONDS = 300;
/** Samples of a slice: a tenth of a millisecond, and some milliseconds for the first series of a process. */
const SLICE_SAMPLES = 256;

/**
 * What became of a series' past. `known`: as much of it had been learnt before. `ended`: it is not there any more.
 * `ignored`: a rule, or what it is, says so. `refused`: there is no room, or its labels are not valid.
 */
export type BackfillOutcome = 'loaded' | 'known' | 'ended' | 'ignored' | 'refused';

/** A series that is learning its past, and how many samples of it it knows. */
interface Learning {
  readonly slot: number;
  readonly history: SeriesHistory;
  known: number;
}

interface BackfillParts {
  readonly table: SeriesTable;
  readonly scorer: Scorer;
  readonly clock: Clock;
}

/**
 * Lets series learn their past as if they had been here, one at a time, slice by slice. The time of a series only goes
 * forward, so its past takes the place of the little that was learnt since the start: what came live is part of it.
 * Resources that it belongs to live through it as well. Nobody is told of old anomalies.
 */
export class Backfill {
  readonly #parts: BackfillParts;
  #learning: Learning | undefined;

  constructor(parts: BackfillParts) {
    this.#parts = parts;
  }

  /**
   * Takes a past, once the one before is learnt. If it is `loaded`, `advance` has to be called until there is no more of it.
   * @param history not to be touched until then
   * @param to until when it was asked for, milliseconds since the epoch
   */
  take(history: SeriesHistory, to: number, pasts: Pick<Pasts, 'take'>): BackfillOutcome {
    const { table, clock } = this.#parts;
    const { count, timestamps } = history;
    if (count === 0 || timestamps[count - 1]! < to - ENDED_MS) return 'ended';
    const slot = table.acquire(history.labels, Math.floor(clock.now() / 1000));
    if (slot === 0) return 'refused';
    if (table.kinds[slot]! >= IGNORED) return 'ignored';
    // Resources see for themselves what they know: other series of theirs may be new.
    pasts.take(slot, history);
    if (table.createdAt[slot]! - firstSecondOf(history) < WORTHWHILE_SECONDS) return 'known';
    table.restart(slot);
    this.#learning = { slot, history, known: 0 };
    return 'loaded';
  }

  /** Lets the series that is learning learn a slice. @returns whether there is more to learn */
  advance(): boolean {
    const learning = this.#learning;
    if (learning === undefined) return false;
    const { slot, history } = learning;
    const { table, scorer, clock } = this.#parts;
    const kind = table.kinds[slot]!;
    const policyNumber = table.policyNumbers[slot]!;
    const end = Math.min(learning.known + SLICE_SAMPLES, history.count);
    scorer.now = clock.now();
    for (let i = learning.known; i < end; i++) {
      scorer.sample.timestamp = history.timestamps[i]!;
      scorer.sample.value = history.values[i]!;
      scorer.take(slot, kind, policyNumber, false);
    }
    learning.known = end;
    if (end < history.count) return true;
    // Only now: after a crash, half a past in a snapshot must not pass for all of it.
    table.createdAt[slot] = firstSecondOf(history);
    this.#learning = undefined;
    return false;
  }

  /** To be called before anything newer reaches a series: if it is learning, it learns all that is left at once. */
  complete(slot: number): void {
    while (this.#learning?.slot === slot) this.advance();
  }
}

function firstSecondOf({ timestamps }: SeriesHistory): number {
  return Math.floor(timestamps[0]! / 1000);
}
