import type { ForecastState } from '../../src/forecast/forecaster.ts';
import { Forecasts } from '../../src/forecast/forecasts.ts';
import { PRESETS } from '../../src/forecast/presets.ts';
import { ManualClock } from '../../src/model/clock.ts';

const FREE = 1;
const SIZE = 2;
const LABELS = [
  new Map(),
  new Map([['__name__', 'node_filesystem_avail_bytes']]),
  new Map([['__name__', 'node_filesystem_size_bytes']]),
];

/** What was said at a time (seconds since the epoch) of when the disk is full. */
export interface Said {
  readonly at: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly state: ForecastState;
}

/**
 * Plays a disk through the forecasts of production, on a clock of its own.
 * @param samples time in seconds, free and size in bytes; times ascending
 * @param stepSeconds how often it is asked what is said
 */
export function* replayDisk(
  samples: Iterable<readonly [at: number, free: number, size: number]>,
  stepSeconds = 3600,
): Generator<Said> {
  let forecasts: Forecasts | undefined;
  let clock = new ManualClock(0);
  let nextAt = 0;
  for (const [at, free, size] of samples) {
    if (forecasts === undefined) {
      clock = new ManualClock(at * 1000);
      forecasts = new Forecasts(
        3,
        (slot) => LABELS[slot],
        clock,
        () => {},
      );
      forecasts.configure(PRESETS, '');
      for (const slot of [FREE, SIZE]) forecasts.resources.add(slot, LABELS[slot]!.get('__name__')!);
      nextAt = Math.ceil((at + 1) / stepSeconds) * stepSeconds;
    }
    for (; nextAt <= at; nextAt += stepSeconds) {
      clock.advanceTo(nextAt * 1000);
      yield { at: nextAt, ...saidBy(forecasts, clock.now()) };
    }
    clock.advanceTo(at * 1000);
    forecasts.take(SIZE, at * 1000, size);
    forecasts.take(FREE, at * 1000, free);
  }
  forecasts?.stop();
}

function saidBy(forecasts: Forecasts, now: number): Omit<Said, 'at'> {
  const [resource] = forecasts.resources.all();
  const outlook = forecasts.outlook(resource!, now);
  if (outlook === undefined) return { p10: Infinity, p50: Infinity, p90: Infinity, state: 'insufficient' };
  const { p10, p50, p90, state } = outlook;
  return { p10, p50, p90, state };
}
