// npm run -s bench:forecast-cost [-- --series 100000 --rounds 40]: what forecasts cost those who receive samples, as one JSON
// object. Two lanes in one process, one with the presets and one without, take the same bodies in turn: first of series that
// are no resource's, then of file systems. CPU time of the process; the ratio of each round is taken, and the middle one counts.
import { parseArgs } from 'node:util';
import { PRESETS } from '../../src/forecast/presets.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { createScoreLane } from '../../src/score-lane.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { encodeBody } from '../ingest/write-request-builder.ts';
import { sendAs } from './lane-request.ts';
import { Load } from './load.ts';

const INTERVAL_MS = 15_000;
const WARM_UP_ROUNDS = 10;
const DISKS_PER_REQUEST = 500;
const DISK_METRICS = ['avail_bytes', 'size_bytes', 'readonly', 'device_error'];

const { values: options } = parseArgs({
  options: { series: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '40' } },
});
const seriesCount = Number(options.series);
const rounds = Number(options.rounds);
const load = new Load(seriesCount);
const clock = new ManualClock(Date.now() - (2 * rounds + 2 * WARM_UP_ROUNDS) * INTERVAL_MS);
const lanes = [newLane(PRESETS), newLane([])] as const;

const others = await compare(() => [...load.requests(clock.now())].map(({ body }) => body));
const disks = await compare(diskBodies);
for (const lane of lanes) lane.stop();
const line = {
  ...{ series: seriesCount, rounds },
  ...{ ratio_of_other_series: others.ratio, microseconds_per_sample: (1e6 * others.without) / seriesCount },
  ...{ ratio_of_file_systems: disks.ratio, resources: lanes[0].forecasts.resources.size },
  forecasts: lanes[0].forecasts.forecastTotal,
};
process.stdout.write(`${JSON.stringify(line, (_, value) => (typeof value === 'number' ? round(value) : value))}\n`);

function newLane(capacityRules: typeof PRESETS) {
  return createScoreLane({
    maxSeries: 2 * seriesCount + 10,
    settings: { rules: [], replicaLabel: '__replica__', clusterLabel: 'cluster', capacityRules },
    timezone: 'UTC',
    clock,
    topology: new LearntTopology({ clusterLabel: 'cluster' }),
    onAnomaly: () => {},
  });
}

/** Sends the bodies of each round to both lanes. @returns CPU seconds of a round without forecasts, and the ratio with them */
async function compare(bodies: () => readonly Buffer[]): Promise<{ without: number; ratio: number }> {
  const ratios: number[] = [];
  let without = Infinity;
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    clock.advance(INTERVAL_MS);
    const sent = bodies();
    const seconds = [0, 0];
    // Request by request, and the other lane first each time: what else the machine does hits both.
    for (const [i, body] of sent.entries()) {
      for (const at of (i + round) % 2 === 0 ? [0, 1] : [1, 0]) {
        const before = cpuSeconds();
        await sendAs(lanes[at]!.receiver, body);
        seconds[at]! += cpuSeconds() - before;
      }
    }
    if (round < WARM_UP_ROUNDS) continue;
    ratios.push(seconds[0]! / seconds[1]!);
    without = Math.min(without, seconds[1]!);
  }
  return { without, ratio: ratios.toSorted((a, b) => a - b)[ratios.length >> 1]! };
}

/** As many series as the load has, of file systems that fill. */
function diskBodies(): Buffer[] {
  const disks = Math.floor(seriesCount / DISK_METRICS.length);
  const free = (disk: number) => 5e11 - ((clock.now() / 1000 + disk) % 86_400) * 1e6;
  return Array.from({ length: Math.ceil(disks / DISKS_PER_REQUEST) }, (_, request) => {
    const first = request * DISKS_PER_REQUEST;
    const numbers = Array.from({ length: Math.min(DISKS_PER_REQUEST, disks - first) }, (__, i) => first + i);
    return encodeBody(
      numbers.flatMap((disk) =>
        DISK_METRICS.map((metric, i) => ({
          labels: {
            ...{ __name__: `node_filesystem_${metric}`, device: '/dev/sda1', fstype: 'ext4', job: 'node' },
            ...{ instance: `10.0.${disk >> 8}.${disk & 255}:9100`, mountpoint: '/' },
          },
          samples: [[clock.now(), [free(disk), 1e12, 0, 0][i]!] as const],
        })),
      ),
    );
  });
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
