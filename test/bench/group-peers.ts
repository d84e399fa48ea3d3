// npm run -s bench:group-peers -- [--groups 5]: `anomaly_rate` beside half-space trees over the same series, on simulated
// workloads of twelve series. Each has the threshold that gives it 0.1 false alarms per group and day. Prints a table.
import { parseArgs } from 'node:util';
import { ScoreReplay } from '../../src/score-replay.ts';
import { DAY, DAYS, daily, FAULT_AT, JUDGED_FROM_DAY, START } from '../detect/scenarios.ts';
import { gaussian } from '../test-lane.ts';
import { outcome, type ScoredSeries, thresholdWithin } from './peers/false-alarm-budget.ts';
import { HalfSpaceTrees } from './peers/half-space-trees.ts';

const BUDGET = 0.1;
const SERIES = 12;
const FAULT_MINUTES = 60;
const MINUTES = DAYS * DAY;
const LEARNT_MINUTES = JUDGED_FROM_DAY * DAY;

/** What a fault makes of one series: its load, and then its value in standard deviations of its noise. */
interface Fault {
  readonly name: string;
  readonly load: (load: number, series: number, minute: number) => number;
  readonly sigmas: (series: number) => number;
}

/** Values of each series by the minute, and the engine's scores of them. */
interface Workload {
  readonly values: Float64Array[];
  readonly scores: Float64Array[];
}

const FAULTS: readonly Fault[] = [
  { name: 'none', load: (load) => load, sigmas: () => 0 },
  { name: 'one series far out', load: (load) => load, sigmas: (series) => (series === 0 ? 15 : 0) },
  { name: 'half of them out', load: (load) => load, sigmas: (series) => (series % 2 === 0 ? 8 : 0) },
  { name: 'all of them a little', load: (load) => load, sigmas: (series) => (series % 2 === 0 ? 3 : -3) },
  {
    name: 'three against the load',
    load: (load, series, minute) => (series < 3 ? 1 - 0.4 * daily(minute) : load),
    sigmas: () => 0,
  },
  { name: 'half of the load', load: (load) => load / 2, sigmas: () => 0 },
];

const { values: options } = parseArgs({ options: { groups: { type: 'string', default: '5' } } });
const seeds = Array.from({ length: Number(options.groups) }, (_, index) => 100 * (index + 1));
const workloads = FAULTS.map((fault) => seeds.map((seed) => withScores(workload(seed, fault))));

const METHODS: [name: string, scores: (group: Workload) => Float64Array][] = [
  ['`anomaly_rate`', ({ scores }) => joined(scores, (each) => each.filter((score) => score > 1).length / SERIES)],
  ['highest score in the group', ({ scores }) => joined(scores, (each) => Math.max(...each))],
  ['half-space trees, 250 points', ({ values }) => overTrees(values, 250)],
  ['half-space trees, a day', ({ values }) => overTrees(values, DAY)],
];

const faulty = FAULTS.slice(1).map(({ name }) => name);
const rows = METHODS.map(([name, scores]) => {
  const scored = workloads.map((groups, fault) => groups.map((group) => labelled(scores(group), fault > 0)));
  const threshold = thresholdWithin(scored[0]!, BUDGET);
  const found = scored.slice(1).map((groups) => outcome(groups, threshold).found);
  const all = found.reduce((sum, each) => sum + each, 0) / (faulty.length * seeds.length);
  return [name, threshold.toPrecision(3), ...found, `${Math.round(100 * all)} %`];
});
const header = ['method', 'threshold', ...faulty, 'recall'];
process.stdout.write(`Faults found in ${seeds.length} groups\n\n`);
for (const cells of [header, header.map(() => '---'), ...rows]) process.stdout.write(`| ${cells.join(' | ')} |\n`);

/** Series of one workload: two of three follow its load, each has noise of its own. */
function workload(seed: number, fault: Fault): Float64Array[] {
  const noises = Array.from({ length: SERIES }, (_, series) => gaussian(seed + series));
  const noise = gaussian(seed + SERIES);
  const values = noises.map(() => new Float64Array(MINUTES));
  let wandering = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    wandering = 0.97 * wandering + 0.01 * noise();
    const load = 1 + 0.4 * daily(minute) + wandering;
    const isFault = minute >= FAULT_AT && minute < FAULT_AT + FAULT_MINUTES;
    for (const [series, own] of noises.entries()) {
      const [its, sigmas] = isFault ? [fault.load(load, series, minute), fault.sigmas(series)] : [load, 0];
      const gain = series % 3 === 2 ? 0 : 40 + 10 * series;
      values[series]![minute] = 100 + gain * its + (2 + series / 4) * (own() + sigmas);
    }
  }
  return values;
}

function withScores(values: Float64Array[]): Workload {
  const scores = values.map((each) => {
    const replay = new ScoreReplay('score');
    return each.map((value, minute) => replay.take(START + minute * 60_000, value));
  });
  return { values, scores };
}

function joined(scores: Float64Array[], join: (scores: number[]) => number): Float64Array {
  return Float64Array.from({ length: MINUTES }, (_, minute) => join(scores.map((each) => each[minute]!)));
}

/** Values are shared out between 0 and 1 by their range in the days that are not judged. */
function overTrees(values: Float64Array[], window: number): Float64Array {
  const ranges = values.map((each) => {
    const learnt = each.subarray(0, LEARNT_MINUTES);
    return [Math.min(...learnt), Math.max(...learnt)] as const;
  });
  const trees = new HalfSpaceTrees(SERIES, window, 1);
  const point = new Float64Array(SERIES);
  return Float64Array.from({ length: MINUTES }, (_, minute) => {
    for (const [series, [low, high]] of ranges.entries()) {
      point[series] = (values[series]![minute]! - low) / (high - low);
    }
    return trees.take(point);
  });
}

function labelled(scores: Float64Array, hasFault: boolean): ScoredSeries {
  return {
    seconds: Float64Array.from({ length: MINUTES }, (_, minute) => minute * 60),
    labels: new Uint8Array(MINUTES).fill(hasFault ? 1 : 0, FAULT_AT, FAULT_AT + FAULT_MINUTES),
    scores,
    intervalSeconds: 60,
    from: LEARNT_MINUTES,
  };
}
