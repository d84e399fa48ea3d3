import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { gaussian, times } from '../test-lane.ts';
import { NODE, outputOf, startChild, temporaryFolder } from './children.ts';
import { commandOf, describeWith } from './peers.ts';
import { startPrometheus } from './prometheus.ts';

const STEP_S = 15;
/** Nine hours: more than one request of 2,000 steps. */
const SAMPLES = 9 * 240;
const FAULT = { from: SAMPLES - 480, to: SAMPLES - 400 };

/** A gauge and a counter with half an hour of trouble; the counter also restarts, which is none. */
function history(endSeconds: number): string {
  const noise = gaussian(5);
  let total = 0;
  const at = (i: number) => endSeconds - (SAMPLES - 1 - i) * STEP_S;
  const isFault = (i: number) => i >= FAULT.from && i < FAULT.to;
  const gauge = times(SAMPLES, (i) => `shop_queue ${(isFault(i) ? 180 : 100) + 3 * noise()} ${at(i)}`);
  const counter = times(SAMPLES, (i) => {
    total = i === 1000 ? 0 : total + STEP_S * ((isFault(i) ? 150 : 50) + 3 * noise());
    return `shop_requests_total ${total} ${at(i)}`;
  });
  return `# TYPE shop_queue gauge\n${gauge.join('\n')}\n# TYPE shop_requests counter\n${counter.join('\n')}\n# EOF\n`;
}

describeWith(['prometheus', 'promtool'], 'a backtest of what a Prometheus has stored', () => {
  it('finds the trouble in a gauge and in a counter, and nothing else', async () => {
    const end = Math.floor(systemClock.now() / 1000 / STEP_S) * STEP_S - 3600;
    const prometheus = await startPrometheus('prometheus', [], (_, folder) => {
      writeFileSync(join(folder, 'history.om'), history(end));
      const args = ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'history.om'), join(folder, 'tsdb')];
      execFileSync(commandOf('promtool'), args, { stdio: 'ignore' });
      return 'global: {}';
    });
    const folder = temporaryFolder();
    const range = [`--start=${end - SAMPLES * STEP_S + STEP_S}`, `--end=${end}`, `--step=${STEP_S}s`];
    const files = [`--out=${join(folder, 'scores')}`, `--picture=${join(folder, 'p.svg')}`];
    const query = '--query={__name__=~"shop_.*"}';
    const child = startChild('backtest', NODE, [
      'src/main.ts',
      'backtest',
      `--prometheus=${prometheus.url}`,
      query,
      ...range,
      ...files,
    ]);
    const { code } = await child.exited;
    expect(code, child.output()).toBe(0);
    expect(child.output()).toContain(`shop_queue\n  ${SAMPLES} samples as gauge`);
    expect(child.output()).toContain(`shop_requests_total\n  ${SAMPLES} samples as counter`);
    expect(child.output()).toContain('2 series in all\n  2 anomalies');
    const starts = [...child.output().matchAll(/^ {2}(\S+Z) {2}\S+Z/gm)].map(([, start]) => Date.parse(start!) / 1000);
    const faultAt = end - (SAMPLES - 1 - FAULT.from) * STEP_S;
    for (const start of starts) expect(Math.abs(start - faultAt)).toBeLessThanOrEqual(120);
    expect(readFileSync(join(folder, 'scores/shop_queue.csv'), 'utf8').split('\n')).toHaveLength(SAMPLES + 2);
    expect(readFileSync(join(folder, 'p.svg'), 'utf8').match(/<title>\d{4}-/g)).toHaveLength(2);
    // No terminal, no bar.
    expect(child.output()).not.toContain('%');
  });

  it('ends with 1 and what Prometheus says when the query is wrong, with 2 when the command is', async () => {
    const prometheus = await startPrometheus('prometheus', [], () => 'global: {}');
    const run = (...args: string[]) => startChild('backtest', NODE, ['src/main.ts', 'backtest', ...args]);
    const wrong = run(`--prometheus=${prometheus.url}`, '--query=up{');
    await outputOf(wrong, /pronoia: Prometheus says: .*parse error/);
    expect(await wrong.exited).toMatchObject({ code: 1 });
    const incomplete = run(`--prometheus=${prometheus.url}`);
    await outputOf(incomplete, /needs --query=PROMQL/);
    expect(await incomplete.exited).toMatchObject({ code: 2 });
  });
});
