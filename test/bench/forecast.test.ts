import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { STATES } from '../../src/forecast/forecaster.ts';

const START = Date.UTC(2026, 0, 5) / 1000;

it('bench:forecast writes what is said at every hour of each disk, as JSON lines', () => {
  const folder = mkdtempSync(join(tmpdir(), 'disks-'));
  try {
    mkdirSync(join(folder, 'rack'));
    // Six hours of a disk that is full after ten.
    const rows = Array.from({ length: 361 }, (_, i) => `${START + 60 * i},${1e12 - (1e12 / 600) * i},${1e12}`);
    writeFileSync(join(folder, 'rack', 'a.csv'), ['timestamp,free,size', ...rows].join('\n'));
    writeFileSync(join(folder, 'empty.csv'), 'timestamp,free,size\n');
    const out = join(folder, 'said.jsonl');
    execFileSync(process.execPath, ['test/bench/forecast.ts', '--data', folder, '--out', out]);
    const said = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(said.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6].map((hour) => START + 3600 * hour));
    for (const line of said) {
      expect(Object.keys(line)).toEqual(['file', 'at', 'p10', 'p50', 'p90', 'state']);
      expect(line.file).toBe('rack/a.csv');
      expect(STATES).toContain(line.state);
    }
    const { p10, p50, p90 } = said.at(-1);
    expect(p50 / (4 * 3600)).toBeCloseTo(1, 1);
    expect(p10).toBeLessThan(p50);
    expect(p50).toBeLessThan(p90);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
