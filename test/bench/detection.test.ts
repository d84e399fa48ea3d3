import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const COMMAND = fileURLToPath(new URL('./detection.ts', import.meta.url));

it('bench:detection answers each row with one, whatever it is like, below the same path', () => {
  const folder = mkdtempSync(join(tmpdir(), 'detection-'));
  mkdirSync(join(folder, 'in/deep'), { recursive: true });
  const rows = Array.from({ length: 400 }, (_, i) => `${1_760_000_000 + i * 60},${100 + (i % 7)},0`);
  rows.push(rows.at(-1)!, '1760000000,5,1', '1760024000,,0', '1760024060,NaN,1', '1760024120,900,1');
  writeFileSync(join(folder, 'in/deep/series.csv'), `timestamp,value,label\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'in/other.csv'), 'file,window\na,b\n');
  const scores = (emit: string) => {
    const args = [COMMAND, '--data', join(folder, 'in'), '--out', join(folder, emit), '--emit', emit];
    execFileSync(process.execPath, args, { stdio: 'ignore' });
    const [header, ...scored] = readFileSync(join(folder, emit, 'deep/series.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(header).toBe('timestamp,value,label,score');
    expect(scored.map((line) => line.slice(0, line.lastIndexOf(',')))).toEqual(rows);
    return scored.map((line) => Number(line.slice(line.lastIndexOf(',') + 1)));
  };
  const score = scores('score');
  expect(score.slice(0, -1).every((each) => each < 1)).toBe(true);
  expect(score.at(-1)).toBeGreaterThan(1);
  expect(score.at(-2)).toBe(score.at(-6));
  expect(scores('onset').filter((each) => each > 0)).toEqual([score.at(-1)]);
  // It is kept in half precision: 11 bits.
  expect(scores('held').at(-1)! / score.at(-1)!).toBeCloseTo(1, 3);
  rmSync(folder, { recursive: true });
});
