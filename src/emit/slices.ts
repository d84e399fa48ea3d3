import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * A group takes up to 13 us when its labels are encoded for the first time, so a slice takes up to 3 ms: that is how
 * long a write request that arrives meanwhile may wait.
 */
const GROUPS_PER_SLICE = 250;
const CHARACTERS_PER_SLICE = 65_536;

/** Visits every item, letting the event loop turn between slices. */
export async function visitInSlices<T>(items: Iterable<T>, visit: (item: T) => void): Promise<void> {
  let left = GROUPS_PER_SLICE;
  for (const item of items) {
    visit(item);
    if (--left > 0) continue;
    left = GROUPS_PER_SLICE;
    await nextTurn();
  }
}

/**
 * Joins texts into slices of about 64 KiB, or fewer characters where many texts are empty, letting the event loop turn
 * between them. Nothing is read from `texts` before the consumer asks for the next slice.
 */
export async function* textInSlices(texts: Iterable<string>): AsyncGenerator<string> {
  let slice = '';
  let left = GROUPS_PER_SLICE;
  for (const text of texts) {
    slice += text;
    if (--left > 0 && slice.length < CHARACTERS_PER_SLICE) continue;
    if (slice !== '') yield slice;
    slice = '';
    left = GROUPS_PER_SLICE;
    await nextTurn();
  }
  if (slice !== '') yield slice;
}
