import { afterEach, describe, expect, it } from 'vitest';
import { SeriesHistory } from '../../src/bootstrap/series-history.ts';
import { createLabels } from '../../src/model/labels.ts';
import { readSnapshot } from '../../src/state/snapshot.ts';
import { wholeSnapshot } from '../state/whole-snapshot.ts';
import { rule, START, TestLane } from '../test-lane.ts';

const STEP_MS = 15_000;
const DAY_MS = 86_400_000;
/** Two days of it. */
const SAMPLES = (2 * DAY_MS) / STEP_MS;
/** So many of some 45 slices are learnt before something happens. */
const SLICES_BEFORE = 20;

const pasts = { take() {} };
const lanes: TestLane[] = [];
afterEach(async () => {
  for (const lane of lanes.splice(0)) await lane.stop();
});

async function newLane(): Promise<TestLane> {
  const test = await new TestLane().start();
  lanes.push(test);
  return test;
}

/** A daily wave on a slope: half of it says something else than all of it. */
function pastOf(name: string): SeriesHistory {
  const history = new SeriesHistory();
  history.begin(createLabels([['__name__', name]]));
  for (let i = 0; i < SAMPLES; i++) {
    const time = START - (SAMPLES - i) * STEP_MS;
    history.add(time, 100 + i / 100 + 20 * Math.sin((2 * Math.PI * time) / DAY_MS) + ((i * 7919) % 13) / 13);
  }
  return history;
}

/** A lane in which a series is learning its past. */
async function inTheMiddle(name: string): Promise<TestLane> {
  const test = await newLane();
  expect(test.lane.backfill.take(pastOf(name), START, pasts)).toBe('loaded');
  for (let i = 0; i < SLICES_BEFORE; i++) expect(test.lane.backfill.advance()).toBe(true);
  return test;
}

async function atTheEnd(name: string): Promise<TestLane> {
  const test = await inTheMiddle(name);
  while (test.lane.backfill.advance());
  return test;
}

/** What is put out of a series after what came live was taken in. */
async function judged(test: TestLane, live: (test: TestLane, at: number) => Promise<unknown>) {
  for (let i = 1; i <= 10; i++) {
    test.clock.advance(STEP_MS);
    await live(test, i);
  }
  while (test.lane.backfill.advance());
  return test.outputs();
}

describe('a past that is learnt slice by slice', () => {
  it.each([
    [
      'a live sample of its series',
      'queue',
      (test: TestLane, i: number) =>
        test.send({ labels: { __name__: 'queue' }, samples: [[test.clock.now(), 220 + i]] }),
    ],
    [
      'a value of a histogram that has the name of its series',
      'latency:mean',
      (test: TestLane, i: number) =>
        test.send(
          { labels: { __name__: 'latency_bucket', le: '+Inf' }, samples: [[test.clock.now(), 1000 * i]] },
          { labels: { __name__: 'latency_count' }, samples: [[test.clock.now(), 1000 * i]] },
          { labels: { __name__: 'latency_sum' }, samples: [[test.clock.now(), 220_000 * i]] },
        ),
    ],
  ])('is whole before %s is judged', async (_, name, live) => {
    const expected = await judged(await atTheEnd(name), live);
    expect(expected).toHaveProperty([`anomaly_score{metric="${name}"}`]);
    expect(await judged(await inTheMiddle(name), live)).toEqual(expected);
  });

  it('goes to nobody else when its series gives its slot back', async () => {
    const test = await inTheMiddle('queue');
    const rules = [rule('{__name__="queue"}', { emit: 'ignore' })];
    test.lane.configure({ rules, replicaLabel: '__replica__', clusterLabel: 'cluster' });
    await test.send({ labels: { __name__: 'other' }, samples: [[START, 1]] });
    expect(test.lane.backfill.advance()).toBe(false);
    expect(test.lane.table.highest).toBe(1);
    expect(test.lane.table.createdAt[1]).toBe(START / 1000);
  });

  it('does not pass for all of it after a crash', async () => {
    const restored = async (test: TestLane) => {
      const bytes = wholeSnapshot(test.lane, START);
      const other = await newLane();
      let at = 0;
      await readSnapshot(other.lane, async (length) => {
        at += length;
        return bytes.subarray(at - length, at);
      });
      return other.lane.backfill.take(pastOf('queue'), START, pasts);
    };
    expect(await restored(await inTheMiddle('queue'))).toBe('loaded');
    expect(await restored(await atTheEnd('queue'))).toBe('known');
  });
});
