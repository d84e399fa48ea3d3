import { linear, type Scale, timeTicks, valueTicks } from './axis.ts';
import type { JudgedStep, Replayed } from './replay.ts';
import { short } from './report.ts';
import { styleOf } from './shades.ts';

/** A picture with more is none that anybody looks at. */
const MAX_SERIES = 20;
const WIDTH = 1200;
const LEFT = 64;
const RIGHT = WIDTH - 16;
const TITLE_HEIGHT = 34;
const VALUES_HEIGHT = 220;
const SCORES_HEIGHT = 56;
const SPACE = 14;
const BLOCK_HEIGHT = TITLE_HEIGHT + VALUES_HEIGHT + SPACE + SCORES_HEIGHT + 44;
const LEGEND_HEIGHT = 30;
/** Scores are drawn up to here: how far above the edge hardly matters. */
const SHOWN_SCORE = 4;
/** The band may take so much room above and below the values, as a share of theirs. */
const BAND_ROOM = 0.3;
/** A distance of more than so many usual ones is a gap in the line. */
const GAP_STEPS = 5;
/** Stands for infinity, of which there is no mean. */
const LARGEST = 1e300;
const MAX_NAME_CHARACTERS = 130;

const STYLE = styleOf({
  paper: ['#ffffff', '#18181b'],
  text: ['#374151', '#d4d4d8'],
  faint: ['#e5e7eb', '#3a3a40'],
  value: ['#1f2937', '#f4f4f5'],
  band: ['#bfdbfe', '#1e3a5f'],
  expected: ['#60a5fa', '#93c5fd'],
  anomaly: ['#ef4444', '#f87171'],
  score: ['#b45309', '#f5b04f'],
});

/** All steps that share one column of pixels. */
interface Bin {
  readonly x: number;
  readonly from: number;
  to: number;
  min: number;
  max: number;
  score: number;
  bands: number;
  lower: number;
  upper: number;
  expected: number;
}

/** Draws series, band, anomalies and score, one series below the other, as SVG. Times are in UTC. */
export function picture(replayed: readonly Replayed[]): string {
  const shown = replayed.filter(({ steps }) => steps.length > 0).slice(0, MAX_SERIES);
  const height = LEGEND_HEIGHT + Math.max(1, shown.length) * BLOCK_HEIGHT;
  const left = replayed.length - shown.length;
  const blocks = shown.map((each, i) => block(each, LEGEND_HEIGHT + i * BLOCK_HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">
<title>Backtest of ${shown.length} series</title>
${STYLE}
<rect width="${WIDTH}" height="${height}" class="in-paper"/>
${legend(left)}
${blocks.join('\n')}
</svg>
`;
}

function legend(left: number): string {
  const entry = (x: number, mark: string, words: string) => `${mark}<text x="${x + 26}" y="20">${words}</text>`;
  const line = (x: number, colour: string) =>
    `<line x1="${x}" y1="16" x2="${x + 20}" y2="16" class="${colour}" stroke-width="2"/>`;
  const box = (x: number, colour: string, opacity: number) =>
    `<rect x="${x}" y="10" width="20" height="12" class="in-${colour}" fill-opacity="${opacity}"/>`;
  const rest = left > 0 ? `<text x="${RIGHT}" y="20" text-anchor="end">${left} series not shown</text>` : '';
  return [
    entry(LEFT, line(LEFT, 'value'), 'value'),
    entry(LEFT + 90, box(LEFT + 90, 'band', 0.8), 'normal'),
    entry(LEFT + 190, line(LEFT + 190, 'expected'), 'expected'),
    entry(LEFT + 300, box(LEFT + 300, 'anomaly', 0.25), 'anomaly'),
    entry(LEFT + 400, line(LEFT + 400, 'score'), 'score: 1 is the edge of normal'),
    rest,
  ].join('');
}

function block({ series, kind, steps, anomalies }: Replayed, top: number): string {
  const [first, last] = [steps[0]!.timestamp, steps.at(-1)!.timestamp];
  const x = linear([first, last], [LEFT, RIGHT]);
  const bins = binned(steps, x);
  const [low, high] = domain(bins);
  const valuesTop = top + TITLE_HEIGHT;
  const scoresTop = valuesTop + VALUES_HEIGHT + SPACE;
  const scoresBottom = scoresTop + SCORES_HEIGHT;
  const y = linear([low, high], [valuesTop + VALUES_HEIGHT, valuesTop]);
  const yScore = linear([0, SHOWN_SCORE], [scoresBottom, scoresTop]);
  const within = (value: number) => y(Math.max(low, Math.min(high, value)));
  const unit = kind === 'counter' ? ', per second' : '';
  const isGap = gapFinder(steps);
  const parts = [
    `<text x="${LEFT}" y="${top + 22}" font-weight="600">${escapeXml(shorten(series.name))}${unit}</text>`,
    ...valueTicks(low, high).map(({ at, text }) => gridLine(y(at), text)),
    ...timeTicks(first, last, 9).map(({ at, text }) => timeLine(x(at), valuesTop, scoresBottom, text)),
    gridLine(yScore(0), '0'),
    band(bins, within, isGap),
    ...anomalies.map(({ startsAt, endsAt, peakScore, value, expected }) => {
      const [from, to] = [x(startsAt), x(endsAt!)];
      const words = `${new Date(startsAt).toISOString()}: score ${peakScore.toFixed(1)}, ${short(value)} instead of ${short(expected)}`;
      return `<rect x="${px(from)}" y="${valuesTop}" width="${px(Math.max(2, to - from))}" height="${scoresBottom - valuesTop}" class="in-anomaly" fill-opacity="0.25"><title>${escapeXml(words)}</title></rect>`;
    }),
    path(bins, (bin) => (bin.min === bin.max ? [y(bin.min)] : [y(bin.min), y(bin.max)]), isGap, 'value', 1.2),
    path(bins, (bin) => (bin.bands > 0 ? [within(bin.expected)] : []), isGap, 'expected', 1),
    `<line x1="${LEFT}" y1="${yScore(1)}" x2="${RIGHT}" y2="${yScore(1)}" class="anomaly" stroke-dasharray="4 4"/>`,
    `<text x="${LEFT - 8}" y="${yScore(1) + 4}" text-anchor="end">1</text>`,
    path(bins, (bin) => [yScore(Math.min(SHOWN_SCORE, bin.score))], isGap, 'score', 1.2),
  ];
  return parts.join('\n');
}

/** Steps by column of pixels: a picture of a million steps is no larger than one of a thousand. */
function binned(steps: readonly JudgedStep[], x: Scale): Bin[] {
  const bins: Bin[] = [];
  for (const { timestamp, value, expected, lower, upper, score } of steps) {
    const column = Math.round(x(timestamp));
    let bin = bins.at(-1);
    if (bin === undefined || bin.x !== column) {
      const none = { score: 0, bands: 0, lower: 0, upper: 0, expected: 0 };
      bin = { x: column, from: timestamp, to: timestamp, min: value, max: value, ...none };
      bins.push(bin);
    }
    bin.to = timestamp;
    bin.min = Math.min(bin.min, value);
    bin.max = Math.max(bin.max, value);
    if (Number.isNaN(expected)) continue;
    // The mean of those that share the column.
    const weight = 1 / ++bin.bands;
    bin.lower += (Math.max(-LARGEST, lower) - bin.lower) * weight;
    bin.upper += (Math.min(LARGEST, upper) - bin.upper) * weight;
    bin.expected += (expected - bin.expected) * weight;
    bin.score = Math.max(bin.score, score);
  }
  return bins;
}

/** What of the values' axis is shown: all values, and of the band what does not dwarf them. */
function domain(bins: readonly Bin[]): readonly [number, number] {
  const withBand = bins.filter(({ bands }) => bands > 0);
  const low = least(bins.map(({ min }) => min));
  const high = -least(bins.map(({ max }) => -max));
  const room = (high - low || Math.abs(high) || 1) * BAND_ROOM;
  const lower = Math.max(low - room, Math.min(low, usualLeast(withBand.map((bin) => bin.lower))));
  const upper = Math.min(high + room, Math.max(high, -usualLeast(withBand.map((bin) => -bin.upper))));
  const margin = (upper - lower || 1) * 0.04;
  return [lower - margin, upper + margin];
}

function least(values: readonly number[]): number {
  return values.reduce((lowest, value) => Math.min(lowest, value), Number.POSITIVE_INFINITY);
}

/** The least but for the lowest twentieth: a band that is wide for a moment should not squeeze all else. */
function usualLeast(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 20)] ?? Number.POSITIVE_INFINITY;
}

function gapFinder(steps: readonly JudgedStep[]): (before: Bin, after: Bin) => boolean {
  const distances = steps.slice(1).map(({ timestamp }, i) => timestamp - steps[i]!.timestamp);
  const usual = distances.sort((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
  return (before, after) => after.from - before.to > GAP_STEPS * usual;
}

function path(
  bins: readonly Bin[],
  heights: (bin: Bin) => readonly number[],
  isGap: (before: Bin, after: Bin) => boolean,
  colour: string,
  width: number,
): string {
  let commands = '';
  let previous: Bin | undefined;
  for (const bin of bins) {
    for (const height of heights(bin)) {
      const isStart = previous === undefined || (previous !== bin && isGap(previous, bin));
      commands += `${isStart ? 'M' : 'L'}${bin.x} ${px(height)}`;
      previous = bin;
    }
  }
  return `<path d="${commands}" fill="none" class="${colour}" stroke-width="${width}" stroke-linejoin="round"/>`;
}

/** One area for each stretch without a gap: along the upper edge, and back along the lower one. */
function band(bins: readonly Bin[], y: Scale, isGap: (before: Bin, after: Bin) => boolean): string {
  const stretches: Bin[][] = [];
  for (const bin of bins.filter(({ bands }) => bands > 0)) {
    const stretch = stretches.at(-1);
    if (stretch === undefined || isGap(stretch.at(-1)!, bin)) stretches.push([bin]);
    else stretch.push(bin);
  }
  const corner = (height: (bin: Bin) => number) => (bin: Bin) => `${bin.x} ${px(y(height(bin)))}`;
  const areas = stretches.map((stretch) => {
    const above = stretch.map(corner(({ upper }) => upper));
    const below = stretch.toReversed().map(corner(({ lower }) => lower));
    return `M${[...above, ...below].join('L')}Z`;
  });
  return `<path d="${areas.join('')}" class="in-band" fill-opacity="0.8"/>`;
}

function gridLine(y: number, text: string): string {
  return `<line x1="${LEFT}" y1="${px(y)}" x2="${RIGHT}" y2="${px(y)}" class="faint"/><text x="${LEFT - 8}" y="${px(y + 4)}" text-anchor="end">${text}</text>`;
}

function timeLine(x: number, top: number, bottom: number, text: string): string {
  return `<line x1="${px(x)}" y1="${top}" x2="${px(x)}" y2="${bottom}" class="faint"/><text x="${px(x)}" y="${bottom + 18}" text-anchor="middle">${text}</text>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function shorten(name: string): string {
  return name.length > MAX_NAME_CHARACTERS ? `${name.slice(0, MAX_NAME_CHARACTERS - 1)}…` : name;
}

/** Names come from strangers; what XML cannot carry at all is left out. */
function escapeXml(text: string): string {
  const named: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };
  return text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g, ' ').replace(/[<>&"]/g, (char) => named[char]!);
}
