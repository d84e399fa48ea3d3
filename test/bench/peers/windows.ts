/** The latest values of a series, one a step; NaN stands for a step without a sample, and counts for nothing. */
export class DelayLine {
  readonly #ring: Float64Array;
  #next = 0;

  /** @param steps how long a value stays */
  constructor(steps: number) {
    this.#ring = new Float64Array(Math.max(1, steps)).fill(Number.NaN);
  }

  get isAtStart(): boolean {
    return this.#next === 0;
  }

  get values(): Float64Array {
    return this.#ring;
  }

  /** @returns the value that was pushed `steps` pushes ago */
  push(value: number): number {
    const oldest = this.#ring[this.#next]!;
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % this.#ring.length;
    return oldest;
  }
}

/** Mean and standard deviation of the latest steps. */
export class MomentsWindow {
  readonly #line: DelayLine;
  count = 0;
  #sum = 0;
  #squares = 0;
  /** Sums are of differences from a value of the series, which keeps their digits. */
  #origin = 0;

  constructor(steps: number) {
    this.#line = new DelayLine(steps);
  }

  get steps(): number {
    return this.#line.values.length;
  }

  push(value: number): void {
    const oldest = this.#line.push(value);
    if (this.#line.isAtStart) this.#sumUp(value);
    else {
      this.#count(value, 1);
      this.#count(oldest, -1);
    }
  }

  /** NaN while there is none. */
  get mean(): number {
    return this.#origin + this.#sum / this.count;
  }

  get deviation(): number {
    return Math.sqrt(Math.max(0, this.#squares / this.count - (this.#sum / this.count) ** 2));
  }

  /** Once in a round, so that no error of rounding adds up. */
  #sumUp(value: number): void {
    this.count = this.#sum = this.#squares = 0;
    if (!Number.isNaN(value)) this.#origin = value;
    for (const each of this.#line.values) this.#count(each, 1);
  }

  #count(value: number, sign: number): void {
    if (Number.isNaN(value)) return;
    if (this.count === 0) {
      this.#origin = value;
      this.#sum = this.#squares = 0;
    }
    const difference = value - this.#origin;
    this.count += sign;
    this.#sum += sign * difference;
    this.#squares += sign * difference * difference;
  }
}

/** Median and median absolute deviation of the latest steps. */
export class RanksWindow {
  readonly #line: DelayLine;
  readonly #sorted: Float64Array;
  count = 0;

  constructor(steps: number) {
    this.#line = new DelayLine(steps);
    this.#sorted = new Float64Array(this.steps);
  }

  get steps(): number {
    return this.#line.values.length;
  }

  push(value: number): void {
    const oldest = this.#line.push(value);
    if (!Number.isNaN(oldest)) {
      const at = this.#rank(oldest);
      this.#sorted.copyWithin(at, at + 1, this.count--);
    }
    if (!Number.isNaN(value)) {
      const at = this.#rank(value);
      this.#sorted.copyWithin(at + 1, at, this.count++);
      this.#sorted[at] = value;
    }
  }

  /** NaN while there is none. */
  get median(): number {
    if (this.count === 0) return Number.NaN;
    return (this.#sorted[(this.count - 1) >> 1]! + this.#sorted[this.count >> 1]!) / 2;
  }

  /** The half of all values that is nearest to the median lies side by side; the farthest of it is looked for. */
  get medianDeviation(): number {
    const { median, count } = this;
    const half = (count + 1) >> 1;
    let [low, high] = [0, count - half];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (median - this.#sorted[middle]! > this.#sorted[middle + half]! - median) low = middle + 1;
      else high = middle;
    }
    return Math.max(median - this.#sorted[low]!, this.#sorted[low + half - 1]! - median);
  }

  /** How many values are smaller. */
  #rank(value: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
