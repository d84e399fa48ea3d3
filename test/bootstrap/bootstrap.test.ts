import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bootstrap } from '../../src/bootstrap/bootstrap.ts';
import { Turns } from '../../src/bootstrap/turns.ts';
import { START, TestLane } from '../test-lane.ts';
import { HistoryServer } from './history-server.ts';
import { loadHistory } from './load-history.ts';
import type { StoredSeries } from './read-response.ts';

const STEP_MS = 15_000;
const DAY_MS = 86_400_000;

/** Values around a daily wave, for some days up to now. */
function stored(labels: Record<string, string>, days = 2, endsAt = START): StoredSeries {
  const count = (days * DAY_MS) / STEP_MS;
  const samples = Array.from({ length: count }, (_, i) => {
    const time = endsAt - (count - i) * STEP_MS;
    return [time, level(time) + ((i * 7919) % 13) / 13] as const;
  });
  return { labels, samples };
}

function level(time: number): number {
  return 100 + 20 * Math.sin((2 * Math.PI * time) / DAY_MS);
}

describe('history that is loaded at the first start', () => {
  let test: TestLane;
  let server: HistoryServer;
  let log: string[];
  let bootstrap: Bootstrap;

  async function load(token = ''): Promise<boolean> {
    const loading = await loadHistory(test, server, log, token);
    bootstrap = loading.bootstrap;
    return loading.done;
  }

  const outcomesOf = ({ stats }: Bootstrap) => Object.fromEntries(stats.series);
  const outcomes = () => outcomesOf(bootstrap);
  const scoreOf = async (value: number, labels: Record<string, string>) => {
    const time = test.clock.now() + STEP_MS;
    test.clock.advanceTo(time);
    await test.send({ labels, samples: [[time, level(time) + value]] });
    return test.score(labels.__name__!);
  };

  beforeEach(async () => {
    test = await new TestLane().start();
    server = new HistoryServer([]);
    log = [];
  });
  afterEach(() => test.stop());

  it('lets the first live sample be judged', async () => {
    const labels = { __name__: 'queue', instance: 'a' };
    server.series = [stored(labels)];
    expect(await load()).toBe(true);
    expect(outcomes()).toEqual({ loaded: 1 });
    expect(bootstrap.stats.samples).toBe(11_520);
    expect(await scoreOf(0.5, labels)).toBeLessThan(1);
    expect(await scoreOf(150, labels)).toBeGreaterThan(1);
  });

  it('is what a series would have learnt had it been here', async () => {
    const labels = { __name__: 'queue', instance: 'a' };
    const past = stored(labels);
    server.series = [past];
    await load();
    const other = await new TestLane().start();
    for (let i = 0; i < past.samples.length; i += 1000) {
      await other.send({ labels, samples: past.samples.slice(i, i + 1000) });
    }
    const time = START + DAY_MS / 24;
    for (const lane of [test, other]) {
      lane.clock.advanceTo(time);
      await lane.send({ labels, samples: [[time, 130]] });
    }
    expect(test.score('queue')).toBe(other.score('queue'));
    await other.stop();
  });

  it('takes the place of the little that came live before', async () => {
    const labels = { __name__: 'queue', instance: 'a', __replica__: 'one' };
    await test.send({ labels, samples: [[START - 1000, 1]] });
    server.series = [stored({ ...labels, __replica__: 'two' })];
    await load();
    expect(test.lane.table.size).toBe(1);
    expect(outcomes()).toEqual({ loaded: 1 });
    expect(await scoreOf(150, labels)).toBeGreaterThan(1);
  });

  it('is learnt when it is half an hour: a Prometheus may be new as well', async () => {
    const labels = { __name__: 'queue', instance: 'a' };
    await test.send({ labels, samples: [[START - 1000, 100]] });
    server.series = [stored(labels, 1 / 48)];
    await load();
    expect(outcomes()).toEqual({ loaded: 1 });
    expect(bootstrap.stats.samples).toBe(120);
  });

  it('is passed over where as much was learnt before, ended, or is not learnt at all', async () => {
    server.series = [
      stored({ __name__: 'queue', instance: 'a' }),
      stored({ __name__: 'queue', instance: 'old' }, 1, START - 3_600_000),
      stored({ __name__: 'ALERTS', alertname: 'x' }),
      stored({ __name__: 'anomaly_score', metric: 'x' }),
    ];
    await load();
    expect(outcomes()).toEqual({ loaded: 1, ended: 1 });
    await load();
    expect(outcomes()).toEqual({ known: 1, ended: 1 });
  });

  it('goes by what the server knows of the kinds of metrics', async () => {
    server.types = { jobs_done: 'counter' };
    server.series = [stored({ __name__: 'jobs_done' })];
    await load();
    await test.send({ labels: { __name__: 'jobs_done' }, samples: [[test.clock.now(), 1]] });
    expect([...test.lane.table.countByKind.values()]).toEqual([1]);
    expect(bootstrap.stats.samples).toBeGreaterThan(0);
    expect(test.lane.table.kinds[1]).toBe(2);
  });

  it('goes on after a server that is down, answers 503, or breaks off in the middle', async () => {
    server.series = [
      stored({ __name__: 'a' }),
      stored({ __name__: 'b', instance: '1' }),
      stored({ __name__: 'b', instance: '2' }),
    ];
    server.failures.push(new TypeError('fetch failed'), new Response('busy', { status: 503 }));
    server.breaksAfter = 15;
    expect(await load()).toBe(true);
    expect(outcomes()).toMatchObject({ loaded: 3 });
    expect(log.filter((line) => line.startsWith('history waits'))).toHaveLength(2);
    expect(log.filter((line) => line.startsWith('the server of the history answers again'))).toHaveLength(2);
  });

  it.each([
    [
      'has no remote read',
      () => {
        server.hasRemoteRead = false;
      },
    ],
    [
      'has chunks that are not known here',
      () => {
        server.encoding = 9;
      },
    ],
  ])('comes by range selectors where the server %s', async (_, arrange) => {
    arrange();
    server.series = [
      stored({ __name__: 'queue', instance: 'a' }),
      stored({ __name__: 'queue', instance: 'a', pod: 'b' }),
    ];
    expect(await load()).toBe(true);
    expect(outcomes()).toEqual({ loaded: 2 });
    expect(bootstrap.stats.samples).toBe(2 * 11_520);
    expect(await scoreOf(150, { __name__: 'queue', instance: 'a', cluster: 'one' })).toBeGreaterThan(1);
    expect(server.paths().filter((path) => path === '/api/v1/read')).toHaveLength(1);
  });

  it('is given up where credentials are missing, and the log says so without them', async () => {
    server.series = [stored({ __name__: 'a' })];
    server.failures.push(new Response('token hunter2 is not valid', { status: 401 }));
    expect(await load('hunter2')).toBe(false);
    expect(bootstrap.stats.state).toBe('failed');
    expect(server.requests[0]!.headers.get('authorization')).toBe('Bearer hunter2');
    expect(log.join('\n')).toContain('answers 401: token <secret> is not valid');
    expect(log.join('\n')).not.toContain('hunter2');
  });

  it('leaves out a metric that the server fails to give, and loads the others', async () => {
    server.series = [stored({ __name__: 'a' }), stored({ __name__: 'b' })];
    const metadata = new Response('{"data":{}}');
    const names = new Response('{"data":["a","b"]}');
    server.failures.push(metadata, names, ...Array.from({ length: 5 }, () => new Response('corrupt', { status: 500 })));
    expect(await load()).toBe(true);
    expect(outcomes()).toEqual({ loaded: 1 });
    expect(bootstrap.stats).toMatchObject({ metricsDone: 1, metricsRefused: 1 });
    expect(log.join()).toContain('the history of a metric cannot be had {"metric":"a"');
  });

  it('leaves a turn to others between its slices, and is not given up in the middle of a series', async () => {
    const past = stored({ __name__: 'queue' });
    server.series = [past];
    const { bootstrap, done } = await loadHistory(test, server, log, '', new Turns(0));
    const lastAt = () => test.lane.scorer.sampleClock.lastAt(1);
    const seen = new Set<number>();
    for (let isOver = false; !isOver; isOver = lastAt() === past.samples.at(-1)![0]) {
      seen.add(lastAt());
      if (seen.size === 20) bootstrap.stop();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen.size).toBeGreaterThan(40);
    await done;
    expect(outcomesOf(bootstrap)).toEqual({ loaded: 1 });
  });

  it('is given up at the stop', async () => {
    server.series = [stored({ __name__: 'a' })];
    server.failures.push(...Array.from({ length: 1000 }, () => new TypeError('fetch failed')));
    const running = load();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    bootstrap.stop();
    expect(await running).toBe(false);
  });
});
