// npm run -s bench:storm -- --data DIR --out FILE: takes recorded storms of alerts through lane B of production on a virtual
// clock and writes the incidents that they became, as the scorer of storms reads them: an array for one storm's folder, an
// object by name for a folder of such folders. On stderr, per storm: what it cost, and what Alertmanager's grouping made of it.
import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { replayStorm, type StormOutcome, stormFolders } from './storm-replay.ts';

const { values: options } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
if (options.data === undefined || options.out === undefined) {
  process.stderr.write('usage: bench:storm --data DIR --out FILE\n');
  process.exit(2);
}
const { data, out } = options;
const outcomes = stormFolders(data).map((folder) => {
  const outcome = replayStorm(folder);
  process.stderr.write(`${basename(folder)}: ${summaryOf(outcome)}\n`);
  return [basename(folder), outcome.incidents] as const;
});
const isOne = existsSync(join(data, 'webhooks.jsonl'));
writeFileSync(out, JSON.stringify(isOne ? outcomes[0]![1] : Object.fromEntries(outcomes)));

function summaryOf({ receivedAlerts, time, alertmanager, incidents, openIncidents }: StormOutcome): string {
  const largest = Math.max(
    0,
    ...incidents.map(({ updates }) => updates.reduce((sum, { added }) => sum + added.length, 0)),
  );
  const per1000 = (ms: number) => Math.round((ms * 1000) / receivedAlerts);
  return (
    `${receivedAlerts} alerts received, per 1,000 ${per1000(time.processMs)} ms of processor time, ` +
    `${per1000(time.mainThreadMs)} of it on the main thread; ` +
    `Alertmanager: ${alertmanager.groups} groups, ${alertmanager.notifications} notifications; ` +
    `here: ${openIncidents} incidents, the largest with ${largest} alerts`
  );
}
