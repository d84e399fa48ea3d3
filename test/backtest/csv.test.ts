import { describe, expect, it } from 'vitest';
import { formatScores, parseCsv } from '../../src/backtest/csv.ts';

const read = (text: string) => {
  const { timestamps, values, isLabelled } = parseCsv(text, 'a.csv');
  return { timestamps: [...timestamps], values: [...values], labels: isLabelled && [...isLabelled] };
};

describe('a CSV file', () => {
  it('has columns in any order, with more besides, and missing values', () => {
    const text = '\uFEFFvalue,Label,timestamp,note\r\n1.5,0,60,a\r\n,1,120,b\r\n+Inf,0.0,180,c\r\n\r\n';
    expect(read(text)).toEqual({
      timestamps: [60_000, 120_000, 180_000],
      values: [1.5, Number.NaN, Number.POSITIVE_INFINITY],
      labels: [0, 1, 0],
    });
  });

  it('may have no header and no labels', () => {
    expect(read('60,1\n61.5,2\n')).toEqual({ timestamps: [60_000, 61_500], values: [1, 2], labels: undefined });
  });

  it('may have dates, in UTC unless they say otherwise', () => {
    const dates = ['2026-11-01 00:00:00', '2026-11-01T01:00:00+01:00', '2026-11-01T00:00Z', '2026-11-01'];
    const text = `timestamp,value\n${dates.map((date) => `${date},1`).join('\n')}`;
    expect(new Set(read(text).timestamps)).toEqual(new Set([Date.UTC(2026, 10, 1)]));
  });

  it.each([
    ['', 'a.csv:1: expected the columns timestamp,value and, if there is one, label'],
    ['time,value\n1,2', 'a.csv:1: expected the columns timestamp,value and, if there is one, label'],
    ['timestamp,value\n', 'a.csv: there are no samples in it'],
    ['timestamp,value\n1,2\n2,x', 'a.csv:3: "x" is no number'],
    ['timestamp,value\nnoon,2', 'a.csv:2: "noon" is no timestamp: expected seconds or RFC 3339'],
    [
      'timestamp,value\n1793491200000,2',
      'a.csv:2: the timestamp 1793491200000 is too large: expected seconds since the epoch',
    ],
  ])('%j is refused with the place', (text, message) => expect(() => read(text)).toThrow(message));

  it('of scores has a row for each sample', () => {
    const series = parseCsv('timestamp,value,label\n60,1.25,0\n120,,1\n', 'a.csv');
    expect([...formatScores(series, Float64Array.of(0, 2.5))].join('')).toBe(
      'timestamp,value,label,score\n60,1.25,0,0\n120,,1,2.5\n',
    );
  });
});
