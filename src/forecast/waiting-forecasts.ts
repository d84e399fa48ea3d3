import type { Quantiles } from './full-in.ts';
import { type RecordPage, RecordPages } from './record-pages.ts';

/** Forecasts of one resource that wait at most. */
export const MAX_WAITING = 12;
/** A record is how many there are, which of them have teeth (a bit each), and these words of each: `at` and the others. */
const HEAD = 2;
const FIELDS = ['p10', 'p50', 'p90', 'peak'] as const;
const EACH = 1 + FIELDS.length;
const WORDS = HEAD + MAX_WAITING * EACH;

const pages = new RecordPages({ words: WORDS, bins: 0 });

/** A forecast that waits until the truth is known. Times are seconds. */
export interface WaitingForecast extends Quantiles {
  readonly at: number;
  /** Whether it counts on being emptied again and again. */
  readonly hasTeeth: boolean;
  /** Highest level since. */
  readonly peak: number;
}

/** The forecasts of one resource that wait, in 250 bytes: as objects they would be more than the resource itself. */
export class WaitingForecasts {
  readonly #page: RecordPage = pages.withRoom();
  readonly #place = this.#page.take();

  /** Keeps these instead. @param list at most `MAX_WAITING` */
  set(list: readonly WaitingForecast[]): void {
    const { floats, integers } = this.#page;
    const base = this.#place * WORDS;
    integers[base] = list.length;
    integers[base + 1] = list.reduce((bits, { hasTeeth }, i) => bits | (Number(hasTeeth) << i), 0);
    for (const [i, each] of list.entries()) {
      const first = base + HEAD + i * EACH;
      integers[first] = each.at;
      for (const [field, name] of FIELDS.entries()) floats[first + 1 + field] = each[name];
    }
  }

  list(): WaitingForecast[] {
    const { floats, integers } = this.#page;
    const base = this.#place * WORDS;
    return Array.from({ length: integers[base]! }, (_, i) => {
      const first = base + HEAD + i * EACH;
      const [p10, p50, p90, peak] = floats.subarray(first + 1, first + EACH) as unknown as [
        number,
        number,
        number,
        number,
      ];
      return { at: integers[first]!, p10, p50, p90, peak, hasTeeth: ((integers[base + 1]! >> i) & 1) === 1 };
    });
  }

  /** Gives the memory to another one; not to be used afterwards. */
  release(): void {
    this.#page.giveBack(this.#place);
  }
}
