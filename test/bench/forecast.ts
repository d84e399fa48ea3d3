// npm run -s bench:forecast -- --data DIR --out FILE: reads recorded file systems (CSV `timestamp,free,size`, epoch seconds
// and bytes) and writes what was forecast at every hour as JSON lines. A quantile that is infinite is null.
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { replayDisk } from './forecast-replay.ts';

const { values: options } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
if (options.data === undefined || options.out === undefined) {
  process.stderr.write('usage: bench:forecast --data DIR --out FILE\n');
  process.exit(2);
}
const out = createWriteStream(options.out);
const entries = readdirSync(options.data, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.csv'),
);
for (const file of entries.sort()) {
  const lines = readFileSync(join(options.data, file), 'utf8').trim().split(/\r?\n/).slice(1);
  const samples = lines.map((line) => line.split(',').map(Number) as [number, number, number]);
  for (const { at, p10, p50, p90, state } of replayDisk(samples)) {
    out.write(`${JSON.stringify({ file, at, p10, p50, p90, state })}\n`);
  }
}
out.end();
