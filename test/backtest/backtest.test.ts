import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backtest } from '../../src/backtest/backtest.ts';
import { parseCommandLine } from '../../src/config/flags.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { gaussian, START, times } from '../test-lane.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'backtest-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

/** Ten hours of a gauge about 100, one sample a minute, with 30 minutes of trouble at the eighth hour. */
function write(name: string, { seed = 1, trouble = 200, labelled = [480, 510] as readonly number[] } = {}): string {
  const noise = gaussian(seed);
  const rows = times(600, (i) => {
    const value = (i >= 480 && i < 510 ? trouble : 100) + 2 * noise();
    return `${START / 1000 + i * 60},${value},${i >= labelled[0]! && i < labelled[1]! ? 1 : 0}`;
  });
  writeFileSync(at(name), `timestamp,value,label\n${rows.join('\n')}\n`);
  return at(name);
}

function run(...argv: string[]): Promise<string> {
  const line = parseCommandLine(['backtest', ...argv]);
  if (line.command !== 'backtest') throw new Error(JSON.stringify(line));
  return backtest({ ...line, clock: new ManualClock(START), fetch, writeProgress: undefined });
}

describe('backtest', () => {
  it('prints the anomaly that production would have opened, and how it agrees with the labels', async () => {
    const text = await run(write('a.csv'));
    expect(text).toContain('600 samples as gauge, 2026-11-22T12:00:00Z to 2026-11-22T21:59:00Z');
    expect(text).toMatch(/^ {2}2026-11-22T20:00:00Z {2}2026-11-22T20:\d\d:00Z {2}\d+\.\d +up +/m);
    expect(text).toContain('1 anomaly in 0.4 days');
    expect(text).toContain('precision 1.00 (1 of 1 anomalies meet a label), recall 1.00 (1 of 1 labelled events)');
  });

  it('tells a false alarm and a missed event from a hit', async () => {
    const text = await run(write('a.csv', { labelled: [100, 110] }));
    expect(text).toContain('precision 0.00 (0 of 1 anomalies meet a label), recall 0.00 (0 of 1 labelled events)');
    const calm = await run(write('b.csv', { trouble: 100, labelled: [0, 0] }));
    expect(calm).toContain('0 anomalies');
    expect(calm).toContain(
      'precision unknown (0 of 0 anomalies meet a label), recall unknown (0 of 0 labelled events)',
    );
  });

  it('marks what recurs', async () => {
    const noise = gaussian(1);
    const rows = times(11 * 1440, (i) => {
      const isTrouble = i > 1440 && i % (37 * 60) < 5;
      return `${START / 1000 + i * 60},${(isTrouble ? 160 : 100) + 2 * noise()}`;
    });
    writeFileSync(at('a.csv'), rows.join('\n'));
    const text = await run(at('a.csv'));
    expect(text.match(/recovered$/gm)).toHaveLength(5);
    expect(text.match(/recovered: the .* in 14 days$/gm)).toEqual([
      'recovered: the 6th like it in 14 days',
      'recovered: the 7th like it in 14 days',
    ]);
  });

  it('adds up several files, and writes the scores of each', async () => {
    const text = await run(write('a.csv'), write('b.csv', { seed: 2, trouble: 100 }), `--out=${at('scores')}`);
    expect(text).toContain('2 series in all\n  1 anomaly in 0.8 days');
    expect(text).toContain('recall 0.50 (1 of 2 labelled events)');
    expect(readdirSync(at('scores')).sort()).toEqual(['a.csv', 'b.csv']);
    const rows = readFileSync(at('scores/a.csv'), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(601);
    expect(rows[0]).toBe('timestamp,value,label,score');
    const scores = rows.slice(1).map((row) => Number(row.split(',')[3]));
    expect(scores.slice(0, 480).every((score) => score < 1)).toBe(true);
    expect(scores[480]).toBeGreaterThan(1);
  });

  it('is causal: what comes later changes no score before', async () => {
    const scores = async (trouble: number) => {
      await run(write('a.csv', { trouble }), `--out=${at('out.csv')}`);
      return readFileSync(at('out.csv'), 'utf8').split('\n').slice(0, 481);
    };
    expect(await scores(200)).toEqual(await scores(100));
  });

  it('heeds the rules and the kind that it is given', async () => {
    writeFileSync(at('p.yml'), `learn: [{ match: ['{__name__="a"}'], direction: down }]\n`);
    expect(await run(write('a.csv'), `--config.file=${at('p.yml')}`)).toContain('0 anomalies');
    expect(await run(write('a.csv'), '--kind=counter')).toContain('600 samples as counter');
    expect(await run(write('a_total.csv'))).toContain('600 samples as counter');
    writeFileSync(at('p.yml'), `learn: [{ match: ['{__name__="a"}'], emit: ignore }]\n`);
    expect(await run(write('a.csv'), `--config.file=${at('p.yml')}`)).toContain('a rule under learn says to ignore it');
  });

  it('draws a picture of bounded size that is well-formed whatever a series is called', async () => {
    const picture = `--picture=${at('p.svg')}`;
    await run(write('a<&">\u0001.csv'), picture);
    const svg = readFileSync(at('p.svg'), 'utf8');
    expect(svg).toMatch(/^<svg xmlns/);
    expect(svg).toContain('a&lt;&amp;&quot;&gt; .csv');
    expect(svg).toContain('2026-11-22T20:00:00.000Z: score');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    const bare = svg.replace(
      /<(?:text|title|style)[^>]*>[^<]*<\/(?:text|title|style)>|<[a-z][^<>]*\/>|<\/?(?:svg|rect)[^<>]*>/g,
      '',
    );
    expect(bare.trim()).toBe('');
    const flat = times(200_000, (i) => `${START / 1000 + i * 60},7`).join('\n');
    writeFileSync(at('long.csv'), `timestamp,value\n${flat}\n`);
    await run(at('long.csv'), picture);
    expect(readFileSync(at('p.svg'), 'utf8').length).toBeLessThan(150_000);
  });

  it('says which file cannot be read or written', async () => {
    await expect(run(at('none.csv'))).rejects.toThrow('none.csv cannot be read: ENOENT');
    await expect(run(write('a.csv'), `--out=${at('no/where.csv')}`)).rejects.toThrow('--out: ');
    expect(existsSync(at('no'))).toBe(false);
  });

  it('shows a bar once it takes long, and takes it away', async () => {
    const line = parseCommandLine(['backtest', write('a.csv')]);
    if (line.command !== 'backtest') throw new Error('not a backtest');
    let now = START;
    const slow = { ...new ManualClock(START), now: () => (now += 600), after: () => () => {}, every: () => () => {} };
    const written: string[] = [];
    await backtest({ ...line, clock: slow, fetch, writeProgress: (text) => written.push(text) });
    expect(written[0]).toMatch(/^\rreplaying +[█░]{30} +\d+ %/);
    expect(written.at(-1)).toBe('\r\x1b[K');
  });
});
