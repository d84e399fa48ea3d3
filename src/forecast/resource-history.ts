/** Bins of one width, of which each keeps the highest value: the top of a tooth is what fills a disk. */
export interface Ring {
  readonly seconds: number;
  readonly bins: number;
  /** First word of its bins. */
  readonly offset: number;
}

/** What is remembered of a resource: the finest for 20 minutes, the coarsest for 31 days. */
export const RINGS = {
  minute: { seconds: 60, bins: 20, offset: 0 },
  fiveMinutes: { seconds: 300, bins: 100, offset: 20 },
  hour: { seconds: 3600, bins: 180, offset: 120 },
  sixHours: { seconds: 21_600, bins: 124, offset: 300 },
} as const satisfies Record<string, Ring>;

/** Teeth that are remembered. */
export const MAX_TEETH = 12;

/** Where each fact lies in the words of a history; `At` in seconds since the epoch. */
export const WORD = {
  /** `MAX_TEETH` words each, the newest at `teethCount - 1` modulo that. */
  peakAt: 424,
  peak: 436,
  toothHeight: 448,
  teethCount: 460,
  /** 1 while a trough is looked for, 0 while a peak is. */
  isFalling: 461,
  /** Highest (rising) or lowest (falling) value since the last turn, and when. */
  extreme: 462,
  extremeAt: 463,
  trough: 464,
  firstAt: 465,
  lastAt: 466,
  used: 467,
  limit: 468,
  resizedAt: 469,
  noise: 470,
  noiseCount: 471,
  noiseUsed: 472,
  noiseAt: 473,
  /** Mean distance between two samples, in seconds. */
  interval: 474,
  /** Growth at the scales from a day on, once an hour: slope, error, flags. */
  growth: 475,
  /** The hour in which it was computed, and the staircase of that hour: growth a day (0 = none) and the hour's limit. */
  growthHour: 484,
  staircase: 485,
  staircaseHourLimit: 486,
  state: 487,
  nextState: 488,
  /** When it was last seen to grow, and since when it is filling. */
  grewAt: 489,
  fillingSince: 490,
} as const;

const WORDS = 512;
export const HISTORY_BYTES = WORDS * 4;

/** A change of the limit by more than this is a resize. */
const RESIZE_SHARE = 0.01;
const INTERVAL_GAIN = 0.1;

/** Noise is learnt from differences over a minute, slowly, and a jump counts as five times the usual. */
const NOISE_SECONDS = 55;
const NOISE_GAIN = 0.01;
const NOISE_CLIP = 5;
const NOISE_WARM_UP = 20;

/**
 * All that is known of one resource, in 2 kB: the rings, the teeth, and some numbers, as 512 words of 32 bits that are
 * floats or unsigned integers. One buffer, so that a snapshot takes it as it is.
 */
export class ResourceHistory {
  readonly floats: Float32Array;
  readonly integers: Uint32Array;

  /** @param bytes of `HISTORY_BYTES` length that an earlier history had, or none for a new one */
  constructor(bytes?: Uint8Array) {
    const buffer = new ArrayBuffer(HISTORY_BYTES);
    this.floats = new Float32Array(buffer);
    this.integers = new Uint32Array(buffer);
    if (bytes === undefined) this.floats.fill(Number.NaN, 0, RINGS.sixHours.offset + RINGS.sixHours.bins);
    else new Uint8Array(buffer).set(bytes);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.floats.buffer as ArrayBuffer);
  }

  get lastAt(): number {
    return this.integers[WORD.lastAt]!;
  }
  /** When it was first seen, in seconds since the epoch; 0 before. */
  get firstAt(): number {
    return this.integers[WORD.firstAt]!;
  }
  /** How long it is known, in seconds. */
  get age(): number {
    return this.integers[WORD.lastAt]! - this.integers[WORD.firstAt]!;
  }
  get used(): number {
    return this.floats[WORD.used]!;
  }
  /** Mean distance between two samples, in seconds; 0 before the second one. */
  get interval(): number {
    return this.floats[WORD.interval]!;
  }
  get limit(): number {
    return this.floats[WORD.limit]!;
  }
  /** What is called noise: the mean change from minute to minute. */
  get noise(): number {
    return this.floats[WORD.noise]!;
  }

  /** Takes in how much is used of which limit. @param at seconds since the epoch, later than the last one */
  add(at: number, used: number, limit: number): void {
    const { floats, integers } = this;
    const lastAt = integers[WORD.lastAt]!;
    if (lastAt === 0) this.#begin(at, used, limit);
    else {
      const interval = floats[WORD.interval]!;
      const elapsed = at - lastAt;
      const step = interval === 0 ? elapsed : Math.min(elapsed, 2 * interval) - interval;
      floats[WORD.interval] = interval + (interval === 0 ? 1 : INTERVAL_GAIN) * step;
    }
    for (const ring of Object.values(RINGS)) this.#addToRing(ring, lastAt, at, used);
    const before = floats[WORD.limit]!;
    if (Math.abs(limit - before) > RESIZE_SHARE * Math.abs(before)) integers[WORD.resizedAt] = at;
    // A limit that creeps is a resize once it has crept far enough: it is compared with where it stood.
    if (lastAt === 0 || integers[WORD.resizedAt] === at) floats[WORD.limit] = limit;
    integers[WORD.lastAt] = at;
    floats[WORD.used] = used;
    this.#learnNoise(at, used);
  }

  /** The highest value of the bin that holds a time, NaN when there is none. @param at not more than a ring ago */
  highest(ring: Ring, at: number): number {
    return this.floats[ring.offset + (Math.floor(at / ring.seconds) % ring.bins)]!;
  }

  #begin(at: number, used: number, limit: number): void {
    const { floats, integers } = this;
    integers[WORD.firstAt] = at;
    floats[WORD.limit] = limit;
    floats[WORD.noiseUsed] = used;
    integers[WORD.noiseAt] = at;
    floats[WORD.extreme] = used;
    floats[WORD.trough] = used;
    integers[WORD.extremeAt] = at;
  }

  #addToRing(ring: Ring, lastAt: number, at: number, used: number): void {
    const bin = Math.floor(at / ring.seconds);
    const place = ring.offset + (bin % ring.bins);
    const passed = bin - Math.floor(lastAt / ring.seconds);
    if (passed === 0) {
      if (!(used <= this.floats[place]!)) this.floats[place] = used;
      return;
    }
    // What lies between is a gap, and stays one.
    for (let i = Math.min(passed, ring.bins) - 1; i > 0; i--) {
      this.floats[ring.offset + ((bin - i) % ring.bins)] = Number.NaN;
    }
    this.floats[place] = used;
  }

  #learnNoise(at: number, used: number): void {
    const { floats, integers } = this;
    if (at - integers[WORD.noiseAt]! < NOISE_SECONDS) return;
    const change = Math.abs(used - floats[WORD.noiseUsed]!);
    const noise = floats[WORD.noise]!;
    const count = ++integers[WORD.noiseCount]!;
    const clipped = count > NOISE_WARM_UP && noise > 0 ? Math.min(change, NOISE_CLIP * noise) : change;
    floats[WORD.noise] = noise + Math.max(NOISE_GAIN, 1 / count) * (clipped - noise);
    floats[WORD.noiseUsed] = used;
    integers[WORD.noiseAt] = at;
  }
}
