import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { replayDisk } from '../bench/forecast-replay.ts';
import { ShippedAlarms } from './alarm-judge.ts';
import { HOUR, MINUTE } from './disk-traces.ts';

/**
 * Real file systems, recorded by `statfs` while programs wrote to them, twelve times as fast as the clock of the files has it:
 * five seconds stand for a minute. A rotated log of uneven rate, a machine on which software is built, and a file that grows
 * by uneven chunks beside temporary ones, from the second hour on until nothing is left.
 */
function watch(name: 'rotation' | 'builds' | 'fill') {
  const text = readFileSync(new URL(`../fixtures/disks/${name}.csv`, import.meta.url), 'utf8');
  const [, ...lines] = text.trim().split('\n');
  const samples = lines.map((line) => line.split(',').map(Number) as [number, number, number]);
  const alarms = new ShippedAlarms();
  const said = [...replayDisk(samples, 5 * MINUTE)];
  for (const { at, ...forecast } of said) alarms.evaluate(at, forecast);
  const [start] = samples[0]!;
  // A file system is full for a program before its last block is taken.
  const fullAt = samples.find(([, free, size]) => free < 0.01 * size)?.[0];
  return { start, fullAt, said, pages: alarms.page.firedAt, tickets: alarms.ticket.firedAt };
}

it('a recorded log that is rotated every hour: no page, a ticket in the first three teeth only', () => {
  const { start, said, pages, tickets } = watch('rotation');
  expect(pages).toEqual([]);
  expect(tickets.filter((at) => at > start + 3 * HOUR)).toEqual([]);
  expect(said.at(-1)!.state).toBe('sawtooth');
});

it('a recorded machine on which software is built: no page and no ticket', () => {
  const { pages, tickets } = watch('builds');
  expect([pages, tickets]).toEqual([[], []]);
});

it('a recorded file system that fills: one page, an hour before at least, and p50 within 25 %', () => {
  const { start, fullAt, said, pages } = watch('fill');
  const begun = start + 1.6 * HOUR;
  const judged = said.filter(({ at }) => at > begun + 0.1 * (fullAt! - begun) && fullAt! - at > 5 * MINUTE);
  const errors = judged.map(({ at, p50 }) => Math.abs(p50 - (fullAt! - at)) / (fullAt! - at)).sort((a, b) => a - b);
  expect(pages).toHaveLength(1);
  expect(fullAt! - pages[0]!).toBeGreaterThan(HOUR);
  expect(errors[Math.floor(0.9 * errors.length)]).toBeLessThan(0.25);
  expect(judged.filter(({ at, p10 }) => fullAt! - at >= p10).length / judged.length).toBeGreaterThan(0.9);
});
