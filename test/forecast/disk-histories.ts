import { uniform } from '../uniform.ts';
import { DAY, HOUR, sawtooth, type Trace } from './disk-traces.ts';

/** A month of one disk. */
export interface DiskHistory extends Trace {
  readonly kind: string;
  /** When the fill begins that ends in a full disk, in seconds since the start; undefined for one that stays calm. */
  readonly fillsFrom?: number;
}

type Random = () => number;
const between = (random: Random, low: number, high: number) => low + (high - low) * random();
const ramp = (seconds: number, from: number, duration: number) => Math.min(1, Math.max(0, (seconds - from) / duration));

/** Disks that never fill, as operators know them. */
const CALM: Readonly<Record<string, (random: Random) => (seconds: number) => number>> = {
  flat: (random) => {
    const level = between(random, 20, 88);
    return () => level;
  },
  'slow growth': (random) => {
    const [level, perDay] = [between(random, 20, 60), between(random, 0.02, 0.4)];
    return (s) => level + (perDay * s) / DAY;
  },
  'one large write': (random) => {
    const [level, at, by, during] = [
      between(random, 30, 60),
      between(random, 5, 25),
      between(random, 10, 30),
      between(random, 300, 3600),
    ];
    return (s) => level + by * ramp(s, at * DAY, during);
  },
  'nightly temporary file': (random) => {
    const [level, by, at, during] = [
      between(random, 40, 70),
      between(random, 8, 22),
      between(random, 0, 20) * HOUR,
      between(random, 0.4, 3) * HOUR,
    ];
    return (s) => level + (s % DAY >= at && s % DAY < at + during ? by : 0);
  },
  'log rotation': (random) => {
    const [low, by, period] = [
      between(random, 50, 70),
      between(random, 8, 20),
      [6, 8, 12, 24][Math.floor(random() * 4)]! * HOUR,
    ];
    return (s) => sawtooth(s, low, low + by, period);
  },
  'image clean-up at 85 %': (random) => {
    const [low, period] = [between(random, 65, 75), between(random, 0.6, 3) * DAY];
    return (s) => sawtooth(s, low, 85, period);
  },
  'weekly retention': (random) => {
    const [low, high] = [between(random, 50, 65), between(random, 80, 89)];
    return (s) => sawtooth(s + 2 * DAY, low, high, 7 * DAY);
  },
  'daily season': (random) => {
    const [level, by] = [between(random, 40, 82), between(random, 1, 6)];
    return (s) => level + by * Math.sin((2 * Math.PI * s) / DAY);
  },
  'new node': (random) => {
    const [level, by] = [between(random, 5, 20), between(random, 20, 50)];
    return (s) => level + by * (1 - Math.exp(-s / (1.5 * HOUR)));
  },
  'random bursts': (random) => {
    const level = between(random, 40, 65);
    const bursts = Array.from(
      { length: 6 },
      () => [between(random, 0, 30) * DAY, between(random, 2, 15), between(random, 0.3, 8) * HOUR] as const,
    );
    return (s) =>
      level +
      bursts.reduce((sum, [at, by, during]) => sum + (s >= at && s < at + during ? by * ramp(s, at, 900) : 0), 0);
  },
};

/** Fills, by how long they take in hours. */
const FILLS: Readonly<Record<string, readonly [low: number, high: number]>> = {
  'fast fill': [1.5, 4],
  'fill in hours': [4, 18],
  'fill in a day': [18, 48],
  'leak of days': [48, 200],
};

/** A month of disk number `index`: three of four stay calm, the others fill at some time. */
export function diskHistory(index: number): DiskHistory {
  const random = uniform(Math.imul(index + 1, 0x9e3779b1));
  const calm = Object.entries(CALM);
  const [kind, make] = calm[index % calm.length]!;
  const noise = between(random, 0.05, 0.3);
  if (index % 4 !== 3) return { kind, days: 30, noise, used: make(random) };
  const fills = Object.entries(FILLS);
  const [fillKind, [low, high]] = fills[Math.floor(index / 4) % fills.length]!;
  const [level, from, hours] = [between(random, 30, 75), between(random, 8, 20) * DAY, between(random, low, high)];
  const season = index % 8 === 7 ? between(random, 0.2, 1) : 0;
  const used = (s: number) =>
    level + season * Math.sin((2 * Math.PI * s) / DAY) + ((100 - level) * Math.max(0, s - from)) / (hours * HOUR);
  return { kind: fillKind, days: 30, noise, used, fillsFrom: from };
}
