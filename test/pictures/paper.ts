import { styleOf } from '../../src/backtest/shades.ts';

const STYLE = styleOf({
  paper: ['#ffffff', '#18181b'],
  text: ['#374151', '#d4d4d8'],
  faint: ['#d1d5db', '#52525b'],
  past: ['#1f2937', '#f4f4f5'],
  came: ['#9ca3af', '#a1a1aa'],
  first: ['#2563eb', '#60a5fa'],
  second: ['#c2410c', '#fb923c'],
  limit: ['#dc2626', '#f87171'],
});

/** A point in the units of a picture, pixels. */
export type Point = readonly [x: number, y: number];

/** A picture on its own background, readable on light and on dark pages. @returns SVG */
export function onPaper(width: number, height: number, title: string, content: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13">
<title>${title}</title>
${STYLE}
<rect width="${width}" height="${height}" class="in-paper"/>
${content.join('\n')}
</svg>
`;
}

/** @param attributes of SVG, such as `text-anchor="end"` */
export function text([x, y]: Point, words: string, attributes = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}

export function box([x, y]: Point, width: number, height: number, shade: string, attributes = ''): string {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" class="in-${shade}" ${attributes}/>`;
}

export function line(points: readonly Point[], shade: string, attributes = ''): string {
  return `<polyline points="${joined(points)}" fill="none" class="${shade}" ${attributes}/>`;
}

export function area(points: readonly Point[], shade: string, attributes = ''): string {
  return `<polygon points="${joined(points)}" class="in-${shade}" ${attributes}/>`;
}

function joined(points: readonly Point[]): string {
  return points.map(([x, y]) => `${px(x)},${px(y)}`).join(' ');
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
