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

/**
 * What became of a series' past. `known`: as much of it had been learnt before. `ended`: it is not there any more.
 * `ignored`: a rule, or what it is, says so. `refused`: there is no room, or its labels are not valid.
 */
export type BackfillOutcome = 'loaded' | 'known' | 'ended' | 'ignored' | 'refused';

interface BackfillParts {
  readonly table: SeriesTable;
  readonly scorer: Scorer;
  readonly pasts: Pasts;
  readonly clock: Clock;
}

/**
 * Lets series learn their past as if they had been here. The time of a series only goes forward, so its past takes the
 * place of the little that was learnt since the start: what came live is part of it. Resources that it belongs to live through
 * it as well. Nobody is told of old anomalies.
 */
export class Backfill {
  readonly #parts: BackfillParts;

  constructor(parts: BackfillParts) {
    this.#parts = parts;
  }

  /** Learns a past in one go, 10 to 20 ms for two weeks. @param to until when it was asked for, milliseconds since the epoch */
  take(history: SeriesHistory, to: number): BackfillOutcome {
    const { table, scorer, pasts, clock } = this.#parts;
    const { count, timestamps, values } = history;
    if (count === 0 || timestamps[count - 1]! < to - ENDED_MS) return 'ended';
    const slot = table.acquire(history.labels, Math.floor(clock.now() / 1000));
    if (slot === 0) return 'refused';
    const kind = table.kinds[slot]!;
    if (kind >= IGNORED) return 'ignored';
    // Resources see for themselves what they know: other series of theirs may be new.
    pasts.take(slot, history);
    const firstSecond = Math.floor(timestamps[0]! / 1000);
    if (table.createdAt[slot]! - firstSecond < WORTHWHILE_SECONDS) return 'known';
    table.restart(slot);
    table.createdAt[slot] = firstSecond;
    const policyNumber = table.policyNumbers[slot]!;
    scorer.now = clock.now();
    for (let i = 0; i < count; i++) {
      scorer.sample.timestamp = timestamps[i]!;
      scorer.sample.value = values[i]!;
      scorer.take(slot, kind, policyNumber, false);
    }
    return 'loaded';
  }
}
