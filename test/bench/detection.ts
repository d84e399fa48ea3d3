// npm run -s bench:detection -- --data DIR --out DIR [--emit score|held|onset]: scores every CSV (timestamp,value[,label])
// below a folder with the code and the defaults of production. Writes timestamp,value,label,score under the same path.
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Emission, ScoreReplay } from '../../src/score-replay.ts';

const EMISSIONS: readonly string[] = ['score', 'held', 'onset'] satisfies Emission[];

const { values: options } = parseArgs({
  options: { data: { type: 'string' }, out: { type: 'string' }, emit: { type: 'string', default: 'score' } },
});
if (options.data === undefined || options.out === undefined || !EMISSIONS.includes(options.emit)) {
  process.stderr.write('usage: bench:detection --data DIR --out DIR [--emit score|held|onset]\n');
  process.exit(2);
}
const { data, out } = options;
const startedAt = performance.now();
let rows = 0;
for (const path of globSync('**/*.csv', { cwd: data }).sort()) {
  const scored = score(readFileSync(join(data, path), 'utf8'), options.emit as Emission);
  if (scored === undefined) continue;
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), scored);
}
process.stderr.write(`${rows} rows, ${Math.round(((performance.now() - startedAt) * 1e6) / rows)} ns each\n`);

/** @returns undefined for a file that is no series */
function score(text: string, emission: Emission): string | undefined {
  const [header = '', ...lines] = text.trim().split('\n');
  const names = header.trim().split(',');
  const [at, value, label] = ['timestamp', 'value', 'label'].map((name) => names.indexOf(name));
  if (at === -1 || value === -1) return undefined;
  const replay = new ScoreReplay(emission);
  const written = ['timestamp,value,label,score'];
  for (const line of lines) {
    const cells = line.trim().split(',');
    const [time = '', reading = ''] = [cells[at!], cells[value!]];
    const result = replay.take(Number(time) * 1000, reading === '' ? Number.NaN : Number(reading));
    written.push(`${time},${reading},${cells[label!] ?? ''},${result}`);
  }
  rows += lines.length;
  return `${written.join('\n')}\n`;
}
