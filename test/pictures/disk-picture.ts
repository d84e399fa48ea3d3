import { formatDuration } from '../../src/model/duration.ts';
import { replayDisk, type Said } from '../bench/forecast-replay.ts';
import { DAY, HOUR, MINUTE, sampled, TRACE_START } from '../forecast/disk-traces.ts';
import { area, line, onPaper, type Point, text } from './paper.ts';

const SIZE = 500e9;
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [1000, 340, 64, 984, 64, 300];
const LOWEST = 40;
/** When the forecast that is drawn was made: on the second Thursday at half past two, while a backup lies on the disk. */
const SAID_AT = 10 * DAY + 2.5 * HOUR;

/** In percent: grows while people work, and holds a backup for an hour each night. */
function used(seconds: number): number {
  const day = Math.floor(seconds / DAY);
  const hour = (seconds % DAY) / HOUR;
  const workdays = 5 * Math.floor(day / 7) + Math.min(day % 7, 5);
  const today = day % 7 < 5 ? Math.min(Math.max(hour - 9, 0), 8) / 8 : 0;
  return 46 + 3.2 * (workdays + today) + (hour >= 2 && hour < 3 ? 9 : 0);
}

/** A disk, what was said of it at one time, and when it was full. Times are seconds since its start. */
interface Disk {
  readonly past: readonly Point[];
  readonly future: readonly Point[];
  readonly said: Said;
  readonly fullAt: number;
}

/** Four weeks of a simulated disk through the forecasts of production. */
export function forecastDisk(): Disk {
  const samples = [...sampled({ days: 28, used }, 5, MINUTE)];
  const levels = samples.flatMap(({ at, used: percent }, i): Point[] =>
    i % 20 === 0 ? [[at - TRACE_START, percent]] : [],
  );
  const bytes = samples.map(({ at, used: percent }) => [at, SIZE * (1 - percent / 100), SIZE] as const);
  const said = [...replayDisk(bytes, HOUR / 2)].find(({ at }) => at - TRACE_START >= SAID_AT)!;
  return {
    past: levels.filter(([at]) => at <= SAID_AT),
    future: levels.filter(([at]) => at > SAID_AT),
    said,
    fullAt: samples.at(-1)!.at - TRACE_START,
  };
}

/** What was used, the forecast of one moment as a fan from p10 to p90, and what came. @returns SVG */
export function diskPicture({ past, future, said, fullAt }: Disk): string {
  const end = Math.max(fullAt, SAID_AT + said.p90) + DAY;
  const x = (at: number) => LEFT + (at / end) * (RIGHT - LEFT);
  const y = (percent: number) => BOTTOM - ((percent - LOWEST) / (100 - LOWEST)) * (BOTTOM - TOP);
  const drawn = (points: readonly Point[]) => points.map(([at, percent]): Point => [x(at), y(Math.min(100, percent))]);
  const now: Point = [x(SAID_AT), y(past.at(-1)![1])];
  const fullIn = (seconds: number): Point => [x(SAID_AT + seconds), y(100)];
  const weeks = Array.from({ length: Math.ceil(end / (7 * DAY)) }, (_, i) => i * 7 * DAY).filter(
    (at) => end - at > 2 * DAY,
  );
  return onPaper(WIDTH, HEIGHT, 'A disk that fills, the forecast of one moment, and what came', [
    text(
      [LEFT, 22],
      `said on a Thursday night, during a backup: full in ${rough(said.p50)}, with a chance of 8 in 10 between ${rough(said.p10)} and ${rough(said.p90)}`,
      'font-weight="600"',
    ),
    text([LEFT, 42], `it was full after ${rough(fullAt - SAID_AT)}`),
    ...[LOWEST, 60, 80, 100].map((percent) => text([LEFT - 8, y(percent) + 4], `${percent} %`, 'text-anchor="end"')),
    ...[LOWEST, 60, 80].map((percent) =>
      line(
        [
          [LEFT, y(percent)],
          [RIGHT, y(percent)],
        ],
        'faint',
        'stroke-opacity=".6"',
      ),
    ),
    line(
      [
        [LEFT, y(100)],
        [RIGHT, y(100)],
      ],
      'limit',
    ),
    ...weeks.map((at) =>
      text([x(at), BOTTOM + 20], `Monday ${new Date((TRACE_START + at) * 1000).toISOString().slice(5, 10)}`),
    ),
    area([now, fullIn(said.p10), fullIn(said.p90)], 'first', 'fill-opacity=".25"'),
    line(drawn(future), 'came', 'stroke-width="1.5"'),
    line(drawn(past), 'past', 'stroke-width="1.5"'),
    line([now, fullIn(said.p50)], 'first', 'stroke-width="2" stroke-dasharray="6 4"'),
  ]);
}

/** Days and hours: nobody plans by the minute. */
function rough(seconds: number): string {
  return formatDuration(Math.round(seconds / HOUR) * HOUR * 1000);
}
