// npm run -s bench:forecast-rules -- [--disks=200] [--first=0]: the shipped rules beside the mixins' predict_linear rules, over simulated
// months of disks. One JSON object.
import { parseArgs } from 'node:util';
import { compareRules } from '../forecast/rule-comparison.ts';

const { values } = parseArgs({
  options: { disks: { type: 'string', default: '200' }, first: { type: 'string', default: '0' } },
});
const { judged, covered, ...tally } = compareRules(Number(values.disks), Number(values.first));
process.stdout.write(`${JSON.stringify({ ...tally, intervalCoverage: covered / judged }, undefined, 2)}\n`);
