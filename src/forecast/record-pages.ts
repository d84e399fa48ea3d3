/** Records in a page. */
const PLACES = 64;

/** What a record takes: words of 32 bits, and bins of 16 bits. */
interface RecordSize {
  readonly words: number;
  readonly bins: number;
}

/**
 * Room for 64 records of one size. A buffer and its views cost some 400 bytes beside their content, so many records share
 * them. Record number `place` has the words from `place * words` on, which are read as floats or as unsigned integers, and
 * the bins from `place * bins` on.
 */
export class RecordPage {
  readonly floats: Float32Array;
  readonly integers: Uint32Array;
  readonly bins: Int16Array;
  readonly #withRoom: Set<RecordPage>;
  readonly #free = Array.from({ length: PLACES }, (_, place) => place);

  constructor({ words, bins }: RecordSize, withRoom: Set<RecordPage>) {
    const buffer = new ArrayBuffer(PLACES * words * 4);
    this.floats = new Float32Array(buffer);
    this.integers = new Uint32Array(buffer);
    this.bins = new Int16Array(PLACES * bins);
    this.#withRoom = withRoom;
  }

  /** @returns a place, as long as the page has room; what another one left there has to be cleared */
  take(): number {
    const place = this.#free.pop()!;
    if (this.#free.length === 0) this.#withRoom.delete(this);
    return place;
  }

  giveBack(place: number): void {
    this.#free.push(place);
    // An empty page is left to the garbage collector.
    if (this.#free.length === PLACES) this.#withRoom.delete(this);
    else this.#withRoom.add(this);
  }
}

/** Pages for records of one size. */
export class RecordPages {
  readonly #size: RecordSize;
  readonly #withRoom = new Set<RecordPage>();

  constructor(size: RecordSize) {
    this.#size = size;
  }

  /** A page that has room for at least one record more. */
  withRoom(): RecordPage {
    for (const page of this.#withRoom) return page;
    const page = new RecordPage(this.#size, this.#withRoom);
    this.#withRoom.add(page);
    return page;
  }
}
