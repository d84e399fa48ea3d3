import { IGNORED } from './kinds.ts';
import type { SeriesTable } from './series-table.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
/** An ignored series costs nothing to find again. */
const IGNORED_TTL = HOUR;
/** A series that lived less than a day is forgotten after a day, any other after a week: it may come back. */
const YOUNG_TTL = DAY;
const TTL = 7 * DAY;
/** When all slots are taken, those silent for so long go first … */
const SILENT = 10 * 60;
/** … this share of all at once, so that it is not done for every new series. */
const EVICTED_SHARE = 0.01;

/** Slots looked at in one slice: well below a millisecond. */
const SLICE = 50_000;

/** Gives back the slots of series that have ended, a slice of the table at a time. */
export class Expiry {
  readonly #table: SeriesTable;
  #next = 1;
  #evictedAt = 0;

  constructor(table: SeriesTable) {
    this.#table = table;
  }

  /** Looks at the next slice of the table. @param nowSeconds since the epoch */
  sweep(nowSeconds: number): void {
    const table = this.#table;
    const end = Math.min(this.#next + SLICE, table.highest + 1);
    for (let slot = this.#next; slot < end; slot++) {
      if (table.kinds[slot] !== 0 && nowSeconds - table.seenAt[slot]! > this.#ttl(slot)) {
        table.release(slot);
        table.expiredTotal++;
      }
    }
    this.#next = end > table.highest ? 1 : end;
  }

  /**
   * Makes room in a full table by giving up the series that have been silent for longest, at least ten minutes. At most
   * once in a minute, since it looks at the whole table.
   */
  makeRoom(nowSeconds: number): void {
    if (nowSeconds - this.#evictedAt < 60) return;
    this.#evictedAt = nowSeconds;
    const table = this.#table;
    const silent: number[] = [];
    for (let slot = 1; slot <= table.highest; slot++) {
      if (table.kinds[slot] !== 0 && nowSeconds - table.seenAt[slot]! > SILENT) silent.push(slot);
    }
    silent.sort((a, b) => table.seenAt[a]! - table.seenAt[b]!);
    for (const slot of silent.slice(0, Math.ceil(table.highest * EVICTED_SHARE))) {
      table.release(slot);
      table.expiredTotal++;
    }
  }

  #ttl(slot: number): number {
    const table = this.#table;
    if (table.kinds[slot]! >= IGNORED) return IGNORED_TTL;
    return table.seenAt[slot]! - table.createdAt[slot]! < DAY ? YOUNG_TTL : TTL;
  }
}
