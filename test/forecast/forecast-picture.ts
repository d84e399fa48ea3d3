import { type Forecast, forecastOf } from '../../src/forecast/forecaster.ts';
import { ResourceHistory } from '../../src/forecast/resource-history.ts';
import { followTeeth } from '../../src/forecast/teeth.ts';
import { DAY, HOUR, sampled, TRACE_START, type Trace } from './disk-traces.ts';

const WIDTH = 720;
const PANEL = 170;
const PLOT = 130;
const [LEFT, TOP] = [48, 30];
const LOWEST = 40;

/** A disk, and the day on which the forecast is made that is drawn. */
export interface PictureRow {
  readonly title: string;
  readonly trace: Trace;
  readonly day: number;
}

/** Draws what is used until a day and after it, and the forecast of that day, one disk below the other. @returns SVG */
export function forecastPicture(rows: readonly PictureRow[]): string {
  const height = rows.length * PANEL + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>What disks use, and the forecast of one day with its band</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...rows.map((row, i) => `<g transform="translate(0 ${i * PANEL})">\n${panel(row)}\n</g>`),
    '</svg>\n',
  ].join('\n');
}

function panel({ title, trace, day }: PictureRow): string {
  const { past, future, level, forecast } = look(trace, day);
  const x = (at: number) => (LEFT + (at / (trace.days * DAY)) * (WIDTH - LEFT - 20)).toFixed(1);
  const y = (used: number) => (TOP + PLOT * (1 - (used - LOWEST) / (100 - LOWEST))).toFixed(1);
  const line = (points: typeof past) => points.map(([at, used]) => `${x(at)},${y(used)}`).join(' ');
  const now = day * DAY;
  const [p10, p50, p90] = [forecast.p10, forecast.p50, forecast.p90].map((s) => x(Math.min(now + s, trace.days * DAY)));
  const start = `${x(now)},${y(level)}`;
  return [
    `<text x="${LEFT}" y="18" fill="#222">${title}</text>`,
    ...[LOWEST, 70, 100].map(
      (used) => `<text x="42" y="${y(used - 2)}" text-anchor="end" fill="#666">${used} %</text>`,
    ),
    `<path d="M${LEFT} ${y(100)}H${WIDTH - 20}" stroke="#c33"/><path d="M${LEFT} ${y(LOWEST)}H${WIDTH - 20}" stroke="#999"/>`,
    `<polygon points="${start} ${p10},${y(100)} ${p90},${y(100)}" fill="#3572c6" opacity=".25"/>`,
    `<polyline points="${line(future)}" fill="none" stroke="#bbb"/>`,
    `<polyline points="${line(past)}" fill="none" stroke="#222"/>`,
    `<polyline points="${start} ${p50},${y(100)}" fill="none" stroke="#3572c6" stroke-width="2" stroke-dasharray="5 3"/>`,
  ].join('\n');
}

/** Level by hours before and after a day, where the forecast starts from, and what it says. */
function look(trace: Trace, day: number) {
  const history = new ResourceHistory();
  const past: [at: number, used: number][] = [];
  const future: typeof past = [];
  let forecast: Forecast | undefined;
  for (const { at, used, limit } of sampled(trace, 1)) {
    const seconds = at - TRACE_START;
    if (seconds % HOUR === 0) (seconds <= day * DAY ? past : future).push([seconds, used]);
    if (seconds > day * DAY) continue;
    history.add(at, used, limit);
    followTeeth(history, at, used, limit);
    if (at % 300 === 0) forecast = forecastOf(history, limit);
  }
  return { past, future, level: past.at(-1)![1], forecast: forecast! };
}
