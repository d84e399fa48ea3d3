/** What a history takes: bins of 16 bits, and words of 32 bits. */
export const PAGE_BINS = 424;
export const PAGE_WORDS = 77;

/** Histories in a page. */
const PLACES = 64;

/**
 * Room for 64 histories. A buffer and its views cost some 400 bytes beside their content, so many histories share them.
 */
export class HistoryPage {
  readonly floats: Float32Array;
  readonly integers: Uint32Array;
  readonly bins: Int16Array;
  readonly #free = Array.from({ length: PLACES }, (_, place) => place);

  constructor() {
    const words = new ArrayBuffer(PLACES * PAGE_WORDS * 4);
    this.floats = new Float32Array(words);
    this.integers = new Uint32Array(words);
    this.bins = new Int16Array(PLACES * PAGE_BINS);
  }

  /** @returns a place, as long as the page has room */
  take(): number {
    const place = this.#free.pop()!;
    if (this.#free.length === 0) withRoom.delete(this);
    return place;
  }

  giveBack(place: number): void {
    this.#free.push(place);
    // An empty page is left to the garbage collector.
    if (this.#free.length === PLACES) withRoom.delete(this);
    else withRoom.add(this);
  }
}

const withRoom = new Set<HistoryPage>();

export function pageWithRoom(): HistoryPage {
  for (const page of withRoom) return page;
  const page = new HistoryPage();
  withRoom.add(page);
  return page;
}
