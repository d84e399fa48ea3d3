import { type RecordPage, RecordPages } from './record-pages.ts';

/** Bins of one width, of which each keeps the highest value: the top of a tooth is what fills a disk. */
export interface Ring {
  readonly seconds: number;
  readonly bins: number;
  /** Its first bin. */
  readonly offset: number;
}

/** What is remembered of a resource: the finest for 20 minutes, the coarsest for 31 days. */
export const RINGS = {
  minute: { seconds: 60, bins: 20, offset: 0 },
  fiveMinutes: { seconds: 300, bins: 100, offset: 20 },
  hour: { seconds: 3600, bins: 180, offset: 120 },
  sixHours: { seconds: 21_600, bins: 124, offset: 300 },
} as const satisfies Record<string, Ring>;
const ALL_RINGS = Object.values(RINGS);

/** Teeth that are remembered. */
export const MAX_TEETH = 12;

/** Where each fact lies in the words of a history; `At` in seconds since the epoch. */
export const WORD = {
  /** `MAX_TEETH` words each, the newest at `teethCount - 1` modulo that. */
  peakAt: 0,
  peak: 12,
  toothHeight: 24,
  teethCount: 36,
  /** 1 while a trough is looked for, 0 while a peak is. */
  isFalling: 37,
  /** Highest (rising) or lowest (falling) value since the last turn, and when. */
  extreme: 38,
  extremeAt: 39,
  trough: 40,
  firstAt: 41,
  lastAt: 42,
  used: 43,
  limit: 44,
  resizedAt: 45,
  noise: 46,
  noiseCount: 47,
  noiseUsed: 48,
  noiseAt: 49,
  /** Mean distance between two samples, in seconds. */
  interval: 50,
  /** Growth at the scales from a day on, once an hour: slope, error, flags. */
  growth: 51,
  /** The hour in which it was computed, and the staircase of that hour: growth a day (0 = none) and the hour's limit. */
  growthHour: 60,
  staircase: 61,
  staircaseHourLimit: 62,
  state: 63,
  nextState: 64,
  /** When it was last seen to grow, and since when it is filling. */
  grewAt: 65,
  fillingSince: 66,
  /** What one step of a bin stands for. */
  unit: 67,
  /** From here on what belongs to one resource, and not to another one that goes on with its past: see `Resource`. */
  scale: 68,
  forecastAt: 69,
  p10: 70,
  p50: 71,
  p90: 72,
  forecastState: 73,
  urgentCount: 74,
  expiresAt: 75,
  inheritedAt: 76,
} as const;

const WORDS = 77;
const BINS = 424;
export const HISTORY_BYTES = WORDS * 4 + BINS * 2;
const pages = new RecordPages({ words: WORDS, bins: BINS });

/** A change of the limit by more than this is a resize. */
const RESIZE_SHARE = 0.01;
const INTERVAL_GAIN = 0.1;

/** Noise is learnt from differences over a minute, slowly, and a jump counts as five times the usual. */
const NOISE_SECONDS = 55;
const NOISE_GAIN = 0.01;
const NOISE_CLIP = 5;
const NOISE_WARM_UP = 20;

/** A bin without a value. */
const EMPTY = -32_768;
/** A bin counts steps of a size that suits the resource: so many for its limit, 0.006 % each, and never more than … */
const STEPS = 16_384;
const MAX_STEPS = 32_767;
/** … while there are never fewer than so many for what is highest: else the step is made smaller, four times a day. */
const MIN_STEPS = 8192;
/** Values beyond this are cut off: steps and words are floats of 32 bits. */
const MAX_VALUE = 1e30;
const MIN_UNIT = 1e-24;

/**
 * All that is known of one resource, in 1.2 kB: bins of 16 bits, and 77 words of 32 bits that are floats or unsigned
 * integers: the teeth and some numbers. It lies in a page with others, from the word `base` on.
 */
export class ResourceHistory {
  readonly #page: RecordPage = pages.withRoom();
  /** Its first word. */
  readonly base = this.#page.take() * WORDS;

  constructor() {
    this.clear();
  }

  get floats(): Float32Array {
    return this.#page.floats;
  }
  get integers(): Uint32Array {
    return this.#page.integers;
  }
  get #firstBin(): number {
    return (this.base / WORDS) * BINS;
  }

  /** Takes over what another one knew. @param bytes `HISTORY_BYTES` of them */
  restore(bytes: Uint8Array): void {
    this.#wordBytes.set(bytes.subarray(0, WORDS * 4));
    this.#binBytes.set(bytes.subarray(WORDS * 4));
  }

  /** Takes over what another one learnt, and nothing of what was said of it. */
  learnFrom(other: ResourceHistory): void {
    this.restore(other.bytes);
    this.integers.fill(0, this.base + WORD.scale, this.base + WORDS);
  }

  /** Forgets everything. */
  clear(): void {
    this.integers.fill(0, this.base, this.base + WORDS);
    this.#page.bins.fill(EMPTY, this.#firstBin, this.#firstBin + BINS);
  }

  /** Gives its place to another one; not to be used afterwards. */
  release(): void {
    this.#page.giveBack(this.base / WORDS);
  }

  get bytes(): Uint8Array {
    return Buffer.concat([this.#wordBytes, this.#binBytes]);
  }

  get #wordBytes(): Uint8Array {
    return new Uint8Array(this.floats.buffer, this.base * 4, WORDS * 4);
  }

  get #binBytes(): Uint8Array {
    return new Uint8Array(this.#page.bins.buffer, this.#firstBin * 2, BINS * 2);
  }

  get lastAt(): number {
    return this.integers[this.base + WORD.lastAt]!;
  }
  /** When it was first seen, in seconds since the epoch; 0 before. */
  get firstAt(): number {
    return this.integers[this.base + WORD.firstAt]!;
  }
  /** How long it is known, in seconds. */
  get age(): number {
    return this.integers[this.base + WORD.lastAt]! - this.integers[this.base + WORD.firstAt]!;
  }
  get used(): number {
    return this.floats[this.base + WORD.used]!;
  }
  /** Mean distance between two samples, in seconds; 0 before the second one. */
  get interval(): number {
    return this.floats[this.base + WORD.interval]!;
  }
  get limit(): number {
    return this.floats[this.base + WORD.limit]!;
  }
  /** What is called noise: the mean change from minute to minute. */
  get noise(): number {
    return this.floats[this.base + WORD.noise]!;
  }

  /** Takes in how much is used of which limit. @param at seconds since the epoch, later than the last one */
  add(at: number, given: number, limit: number): void {
    const { floats, integers, base } = this;
    const used = Math.max(-MAX_VALUE, Math.min(MAX_VALUE, given));
    const lastAt = integers[base + WORD.lastAt]!;
    if (lastAt === 0) this.#begin(at, used, limit);
    else {
      const interval = floats[base + WORD.interval]!;
      const elapsed = at - lastAt;
      const step = interval === 0 ? elapsed : Math.min(elapsed, 2 * interval) - interval;
      floats[base + WORD.interval] = interval + (interval === 0 ? 1 : INTERVAL_GAIN) * step;
    }
    for (const ring of ALL_RINGS) this.#addToRing(ring, lastAt, at, used);
    const before = floats[base + WORD.limit]!;
    if (Math.abs(limit - before) > RESIZE_SHARE * Math.abs(before)) integers[base + WORD.resizedAt] = at;
    // A limit that creeps is a resize once it has crept far enough: it is compared with where it stood.
    if (lastAt === 0 || integers[base + WORD.resizedAt] === at) floats[base + WORD.limit] = limit;
    integers[base + WORD.lastAt] = at;
    floats[base + WORD.used] = used;
    this.#learnNoise(at, used);
  }

  /** The highest value of the bin that holds a time, NaN when there is none. @param at not more than a ring ago */
  highest(ring: Ring, at: number): number {
    return this.bin(ring, Math.floor(at / ring.seconds));
  }

  /** The same of a bin by its number since the epoch. */
  bin(ring: Ring, number: number): number {
    const steps = this.#page.bins[this.#firstBin + ring.offset + (number % ring.bins)]!;
    return steps === EMPTY ? Number.NaN : steps * this.floats[this.base + WORD.unit]!;
  }

  #begin(at: number, used: number, limit: number): void {
    const { floats, integers, base } = this;
    integers[base + WORD.firstAt] = at;
    floats[base + WORD.unit] = Math.max(Math.abs(used), Math.abs(limit), MIN_UNIT) / STEPS;
    floats[base + WORD.limit] = limit;
    floats[base + WORD.noiseUsed] = used;
    integers[base + WORD.noiseAt] = at;
    floats[base + WORD.extreme] = used;
    floats[base + WORD.trough] = used;
    integers[base + WORD.extremeAt] = at;
  }

  #addToRing(ring: Ring, lastAt: number, at: number, used: number): void {
    const { bins } = this.#page;
    const first = this.#firstBin + ring.offset;
    const bin = Math.floor(at / ring.seconds);
    const passed = bin - Math.floor(lastAt / ring.seconds);
    // What lies between is a gap, and stays one.
    for (let i = Math.min(passed, ring.bins) - 1; i > 0; i--) bins[first + ((bin - i) % ring.bins)] = EMPTY;
    if (passed > 0) bins[first + (bin % ring.bins)] = EMPTY;
    if (passed > 0 && ring === RINGS.sixHours) this.#refine(used);
    const place = first + (bin % ring.bins);
    const steps = this.#stepsOf(used);
    bins[place] = Math.max(bins[place]!, steps);
  }

  /** @returns the value in steps, which are made larger when there are too many; what is twice the limit is full anyway */
  #stepsOf(value: number): number {
    const at = this.base + WORD.unit;
    const most = this.limit === 0 ? Infinity : 2 * Math.abs(this.limit);
    const bounded = Math.max(-most, Math.min(most, value));
    const excess = Math.abs(bounded) / this.floats[at]! / MAX_STEPS;
    // Twice the limit that it began with is one step too many.
    if (excess > 1.001) this.#rescale(2 ** Math.ceil(Math.log2(excess)));
    return Math.max(-MAX_STEPS, Math.min(MAX_STEPS, Math.round(bounded / this.floats[at]!)));
  }

  /** Makes the steps smaller when all that is known, and the limit, need few of them: what was high is forgotten by now. */
  #refine(used: number): void {
    const { bins } = this.#page;
    let most = Math.max(Math.abs(this.limit), Math.abs(used)) / this.floats[this.base + WORD.unit]!;
    for (let i = this.#firstBin; i < this.#firstBin + BINS; i++) {
      if (bins[i] !== EMPTY) most = Math.max(most, Math.abs(bins[i]!));
    }
    if (most > 0 && most < MIN_STEPS) this.#rescale(2 ** -Math.floor(Math.log2(STEPS / most)));
  }

  #rescale(factor: number): void {
    const { bins } = this.#page;
    this.floats[this.base + WORD.unit]! *= factor;
    for (let i = this.#firstBin; i < this.#firstBin + BINS; i++) {
      if (bins[i] !== EMPTY) bins[i] = Math.round(bins[i]! / factor);
    }
  }

  #learnNoise(at: number, used: number): void {
    const { floats, integers, base } = this;
    if (at - integers[base + WORD.noiseAt]! < NOISE_SECONDS) return;
    const change = Math.abs(used - floats[base + WORD.noiseUsed]!);
    const noise = floats[base + WORD.noise]!;
    const count = ++integers[base + WORD.noiseCount]!;
    const clipped = count > NOISE_WARM_UP && noise > 0 ? Math.min(change, NOISE_CLIP * noise) : change;
    floats[base + WORD.noise] = noise + Math.max(NOISE_GAIN, 1 / count) * (clipped - noise);
    floats[base + WORD.noiseUsed] = used;
    integers[base + WORD.noiseAt] = at;
  }
}
