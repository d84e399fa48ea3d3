// npm run -s bench:detection-cost [-- --series N]: CPU time of detection alone per sample, as JSON lines: gauges with a daily
// season, their samples interleaved as they come in. Nobody watches them, as is so with all but a few.
import { parseArgs } from 'node:util';
import { Scorer } from '../../src/detect/scorer.ts';
import { Columns } from '../../src/series/columns.ts';
import { KIND } from '../../src/series/kinds.ts';
import { Policies } from '../../src/series/policies.ts';

const DAY_SECONDS = 86_400;
const START = Date.UTC(2026, 0, 5);
/** By the third day a season is in use. */
const DAYS = 4;
/** Values are drawn before they are timed, and used again: noise of a prime number of samples meets every hour. */
const NOISE = 10_007;

const { values: options } = parseArgs({ options: { series: { type: 'string', default: '1000' } } });
const noise = Float64Array.from({ length: NOISE }, () => Math.random() + Math.random() + Math.random() - 1.5);
for (const intervalSeconds of [60, 15]) measure(Number(options.series), intervalSeconds);

function measure(series: number, intervalSeconds: number): void {
  const policies = new Policies();
  const { number } = policies.match('some', new Map());
  const scorer = new Scorer(new Columns(series + 1), policies, 'UTC', () => {});
  for (let day = 0; day < DAYS; day++) {
    const startedAt = cpuMs();
    for (let second = 0; second < DAY_SECONDS; second += intervalSeconds) {
      const time = START + (day * DAY_SECONDS + second) * 1000;
      const expected = 100 + 40 * Math.sin((2 * Math.PI * second) / DAY_SECONDS);
      for (let slot = 1; slot <= series; slot++) {
        scorer.sample.timestamp = time;
        scorer.sample.value = expected + 5 * noise[(second + 7919 * slot) % NOISE]!;
        scorer.take(slot, KIND.gauge, number, false);
      }
    }
    const samples = (series * DAY_SECONDS) / intervalSeconds;
    const ns_per_sample = Math.round(((cpuMs() - startedAt) * 1e6) / samples);
    process.stdout.write(`${JSON.stringify({ series, interval_s: intervalSeconds, day: day + 1, ns_per_sample })}\n`);
  }
}

/** User and system time of this thread. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
