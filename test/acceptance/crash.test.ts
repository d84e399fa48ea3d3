import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { encodeBody } from '../ingest/write-request-builder.ts';
import { gaussian, TestLane, times } from '../test-lane.ts';
import { uniform } from '../uniform.ts';
import { temporaryFolder } from './children.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';

const KILLS = 20;
const SERIES = 60;
const STEP_MS = 60_000;
/** Long enough for at least one snapshot, on a machine that is busy with other things as well. */
const LONG_LIFE_MS = 1500;
const CONFIG = `
learn: [{ match: ['{__name__!=""}'], emit: all }]
storage: { snapshot_interval: 1s }
`;

/** Four days of minutes, which end now: about what is taken in before the last kill. */
const STEPS = 6000;
const origin = systemClock.now() - STEPS * STEP_MS;
const NAMES = ['gauge', 'requests_total', 'up', 'limit'];
const values: number[][] = [];
const counts = times(SERIES, () => 0);
const noise = gaussian(17);

/** One step of all series: gauges, counters, states, constants, and one in ten that is in trouble now and then. */
function valuesOf(step: number): number[] {
  for (let i = values.length; i <= step; i++) {
    const row = times(SERIES, (s) => {
      const level = 100 + 2 * noise() + (s % 10 === 9 && i % 500 > 470 ? 60 : 0);
      counts[s]! += Math.max(0, level);
      return [level, counts[s]!, i % 97 < 2 ? 0 : 1, 7][s % 4]!;
    });
    values.push(row);
  }
  return values[step]!;
}

/** Steps in one request: under load, and when all is sent once more. */
const FEW = 5;
const MANY = 50;

function body(from: number, to: number): Buffer {
  return encodeBody(
    times(SERIES, (s) => ({
      labels: { __name__: NAMES[s % 4]!, series: `${s}` },
      samples: times(to - from, (i) => [origin + (from + i) * STEP_MS, valuesOf(from + i)[s]!] as const),
    })),
  );
}

const HEADERS = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

/** What is put out of the anomaly series, one line per value, without their times. */
async function outputs(sidecar: Sidecar): Promise<Map<string, number>> {
  const text = (await sidecar.get('/federate')).text;
  const rows = text.split('\n').filter((line) => line.startsWith('anomaly_'));
  return new Map(rows.map((row) => [row.split(' ')[0]!, Number(row.split(' ')[1])]));
}

it('killed twenty times at random under load it always comes back, and no score is wrong because of it', async () => {
  const folder = temporaryFolder();
  const random = uniform(23);
  let next = 0;
  let snapshots = 0;
  const taken: { at: number; next: number }[] = [];
  let sidecar = await startSidecar({ folder, config: CONFIG });
  for (let kill = 0; kill < KILLS; kill++) {
    const killAfterMs = 100 + 1500 * random() ** 2;
    const startedAt = systemClock.now();
    let isDead = false;
    systemClock.after(killAfterMs, () => {
      isDead = true;
      sidecar.child.kill('SIGKILL');
    });
    // The request that is under way when it is killed fails; the sender comes again with it.
    while (!isDead) {
      const answer = await sidecar.post('/api/v1/write', body(next, next + FEW), HEADERS).catch(() => undefined);
      if (answer?.status === 204) {
        next = Math.min(next + FEW, STEPS - MANY);
        taken.push({ at: systemClock.now(), next });
      } else expect(isDead, `step ${next}: ${answer?.text}`).toBe(true);
    }
    await sidecar.child.exited;
    const killedAt = systemClock.now();
    sidecar = await startSidecar({ folder, config: CONFIG });
    expect(sidecar.child.output()).not.toMatch(/unreadable|level=error/);
    // What it knows was written in its last life, if that was longer than the interval.
    const snapshotAt = (await sidecar.metric('pronoia_snapshot_timestamp_seconds'))! * 1000;
    if (killedAt - startedAt > LONG_LIFE_MS) expect(snapshotAt).toBeGreaterThan(startedAt);
    if (snapshotAt > startedAt) snapshots++;
    // What was taken before it is known; what came later is lost, and sent again.
    next = taken.findLast(({ at }) => at <= snapshotAt)?.next ?? 0;
  }
  expect(snapshots).toBeGreaterThan(2);
  expect(readdirSync(join(folder, 'storage')).filter((name) => name.includes('unreadable'))).toEqual([]);
  expect(await sidecar.metric('pronoia_series{kind="gauge"}')).toBeGreaterThan(0);

  // Everything once more and to its end: what is known already is passed over, what was lost is learnt. Then all is as if nothing had been.
  const reference = await new TestLane().start();
  reference.clock.jumpTo(systemClock.now());
  const send = async (bytes: Buffer) => {
    for (const answer of [await sidecar.post('/api/v1/write', bytes, HEADERS), await reference.post(bytes)]) {
      expect(answer.status).toBe(204);
    }
  };
  for (let from = 0; from < STEPS; from += MANY) await send(body(from, from + MANY));
  // Something was known; and what is compared is not only that all is still warming up.
  expect(await sidecar.metric('pronoia_samples_ignored_total{reason="out_of_order"}')).toBeGreaterThan(0);
  const expected = new Map(Object.entries(reference.outputs()));
  await reference.stop();
  expect(expected.size).toBe(6 * SERIES);
  expect(await outputs(sidecar)).toEqual(expected);
  sidecar.child.kill('SIGTERM');
  expect(await sidecar.child.exited).toMatchObject({ code: 0 });
}, 180_000);
