const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [
  ...[1, 5, 15, 30].map((n) => n * MINUTE),
  ...[1, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * DAY),
];

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Maps values from one range to another, straight. */
export type Scale = (value: number) => number;

export function linear(from: readonly [number, number], to: readonly [number, number]): Scale {
  const factor = (to[1] - to[0]) / (from[1] - from[0] || 1);
  return (value) => to[0] + (value - from[0]) * factor;
}

/** Round times in a range, at most `count` of them, in UTC. @param from milliseconds since the epoch */
export function timeTicks(from: number, to: number, count: number): Tick[] {
  const step = TIME_STEPS.find((each) => (to - from) / each <= count) ?? TIME_STEPS.at(-1)!;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const text = new Date(at).toISOString();
    ticks.push({ at, text: step >= DAY ? text.slice(0, 10) : `${text.slice(5, 10)} ${text.slice(11, 16)}` });
  }
  return ticks;
}

/** Round values in a range: some three to five of them. */
export function valueTicks(from: number, to: number): Tick[] {
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((each) => each >= rough) ?? power;
  const ticks: Tick[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) {
    const at = i * step;
    ticks.push({ at, text: inWords(at, step) });
  }
  return ticks;
}

function inWords(value: number, step: number): string {
  const [unit, sign] = (
    [
      [1e12, 'T'],
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([each]) => step >= each) ?? [1, ''];
  const size = Math.abs(value) >= 1e15 || (value !== 0 && step < 1e-4);
  return size ? value.toExponential(1) : `${Number((value / unit).toPrecision(6))}${sign}`;
}
