import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { createRemoteWriteSender, type RemoteWriteSenderOptions } from '../../src/emit/remote-write-sender.ts';
import type { RemoteWriteTarget } from '../../src/emit/remote-write-target.ts';
import { type Cancel, ManualClock } from '../../src/model/clock.ts';
import { compareBytes, createLabels } from '../../src/model/labels.ts';
import { createLogger } from '../../src/model/logger.ts';
import { answerWith, startTarget } from './http-target.ts';
import { createGroup, createListSource, EXPECTED, SCORE } from './series-sources.ts';
import { decodeCompressed, type ReceivedSample, STALE_BITS } from './write-request-decoder.ts';

const START = Date.UTC(2026, 10, 22, 12);
const FLUSH_MS = 5_000;
const QUEUE = { capacity: 10_000, maxSamplesPerSend: 2_000, flushIntervalMs: FLUSH_MS, maxAgeMs: 60_000 };

/** Remembers how long each timer was asked to wait, request timeouts aside. */
class RecordingClock extends ManualClock {
  readonly pauses: number[] = [];
  override after(delayMs: number, callback: () => void): Cancel {
    if (delayMs !== 30_000) this.pauses.push(delayMs);
    return super.after(delayMs, callback);
  }
}

let clock: RecordingClock;
let log: string;
let source: ReturnType<typeof createListSource>;
const cleanups: (() => Promise<void>)[] = [];

beforeEach(() => {
  clock = new RecordingClock(START);
  log = '';
  source = createListSource([createGroup(1, { job: 'a' }, START)]);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startHttpTarget(...answers: Parameters<typeof startTarget>) {
  const target = await startTarget(...answers);
  cleanups.push(target.stop);
  return target;
}

function startSender(target: Partial<RemoteWriteTarget>, options: Partial<RemoteWriteSenderOptions> = {}) {
  const whole = { url: 'http://127.0.0.1:1/', headers: new Map(), remoteTimeoutMs: 300_000, queue: QUEUE, ...target };
  const logger = createLogger({ level: 'debug', format: 'logfmt', now: () => START }, (line) => {
    log += line;
  });
  const sender = createRemoteWriteSender({
    target: whole,
    sources: [source],
    externalLabels: createLabels([]),
    clock,
    logger,
    fetch,
    readSecret: () => Promise.reject(new Error('no such file')),
    version: '1.2.3',
    ...options,
  });
  cleanups.push(() => sender.stop());
  return sender;
}

/** Moves the clock on until the condition holds: retries and flushes happen at their own times. */
function pass(condition: () => void, stepMs = 1_000): Promise<void> {
  return vi.waitFor(
    () => {
      try {
        condition();
      } catch (error) {
        clock.advance(stepMs);
        throw error;
      }
    },
    { timeout: 10_000, interval: 5 },
  );
}

const secretHeaders = (headers: Record<string, string>) =>
  new Map(Object.entries(headers).map(([name, value]) => [name, new Secret(value)]));

/** One flush, walked to its end. */
async function flush(): Promise<void> {
  clock.advance(FLUSH_MS);
  await setImmediate();
}

function seriesOf({ labels }: ReceivedSample): string {
  return labels.map(([name, value]) => `${name}=${value}`).join(',');
}

describe('a request', () => {
  it('carries the headers of the protocol, which configured headers do not replace', async () => {
    const target = await startHttpTarget();
    const headers = secretHeaders({
      'content-encoding': 'gzip',
      'Content-Type': 'text/plain',
      'user-agent': 'other',
      'x-prometheus-remote-write-version': '9',
      'X-Scope-OrgID': 'tenant',
    });
    startSender({ url: target.url, headers });
    await pass(() => expect(target.requests).toHaveLength(1));
    expect(target.requests[0]).toMatchObject({ method: 'POST', url: '/api/v1/write' });
    expect(target.requests[0]!.headers).toMatchObject({
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'user-agent': 'pronoia/1.2.3',
      'x-prometheus-remote-write-version': '0.1.0',
      'x-scope-orgid': 'tenant',
    });
  });

  it('carries whole, sorted, unique labels; external labels only where they are absent', async () => {
    const target = await startHttpTarget();
    source.list = [createGroup(1, { job: 'a', Zone: 'z', cluster: 'own', empty: '' }, START, [[SCORE, 2]])];
    const externalLabels = createLabels(Object.entries({ cluster: 'other', region: 'r' }));
    startSender({ url: target.url }, { externalLabels });
    await pass(() => expect(target.requests).toHaveLength(1));
    expect(target.requests[0]!.samples).toMatchObject([{ value: 2, timestampMs: START }]);
    expect(seriesOf(target.requests[0]!.samples[0]!)).toBe('Zone=z,__name__=anomaly_score,cluster=own,job=a,region=r');
  });

  it('is one of several at most as large as allowed, one at a time, in order', async () => {
    const target = await startHttpTarget();
    source.list = Array.from({ length: 2_500 }, (_, i) => createGroup(i, { i: String(i) }, START));
    startSender({ url: target.url, queue: { ...QUEUE, maxSamplesPerSend: 1_000 } });
    await pass(() => expect(target.requests).toHaveLength(3));
    expect(target.requests.map(({ samples }) => samples.length)).toEqual([1_000, 1_000, 500]);
    const order = target.requests.flatMap(({ samples }) => samples.map(({ labels }) => Number(labels[1]![1])));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(target.mostAtOnce).toBe(1);
  });

  it('leaves out and counts what remote write 1.0 can not name', async () => {
    const target = await startHttpTarget();
    source.list = [
      createGroup(1, { 'service.name': 'x' }, START),
      createGroup(2, { job: 'a' }, START, [['anomaly score', 1]]),
      createGroup(3, { __name__: 'x' }, START),
      createGroup(4, { __proto__x: 'fine' }, START),
    ];
    const sender = startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    expect(target.requests[0]!.samples.map(seriesOf)).toEqual(['__name__=anomaly_score,__proto__x=fine']);
    expect(sender.stats.droppedByReason.invalid_name).toBe(3);
  });

  it('carries any valid label set unharmed', async () => {
    const target = await startHttpTarget();
    const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((text) => text !== '__name__');
    const labelSet = fc.dictionary(name, fc.string({ minLength: 1, unit: 'binary' }), { noNullPrototype: true });
    const sets = fc.sample(labelSet, 300);
    source.list = sets.map((labels, i) => createGroup(i, { ...labels, i: String(i) }, START));
    startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    for (const [i, { labels }] of target.requests[0]!.samples.entries()) {
      const wanted = { ...sets[i], i: String(i), __name__: SCORE };
      expect(labels).toEqual(Object.entries(wanted).sort(([a], [b]) => compareBytes(a, b)));
    }
  });
});

describe('what is sent', () => {
  it('is each sample once, when it is newer', async () => {
    const target = await startHttpTarget();
    const sender = startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    await flush();
    source.list = [createGroup(1, { job: 'a' }, START - 1)];
    await flush();
    source.list = [createGroup(1, { job: 'a' }, START + 1, [[SCORE, 3]])];
    await pass(() => expect(target.requests).toHaveLength(2));
    expect(target.requests[1]!.samples).toMatchObject([{ value: 3, timestampMs: START + 1 }]);
    await pass(() => expect(sender.stats).toMatchObject({ sent: 2, retried: 0, failedRequests: 0, pending: 0 }));
  });

  it('is nothing older than five minutes', async () => {
    const target = await startHttpTarget();
    source.list = [createGroup(1, { job: 'old' }, START - 400_000), createGroup(2, { job: 'new' }, START - 200_000)];
    const sender = startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    expect(target.requests[0]!.samples.map(seriesOf)).toEqual(['__name__=anomaly_score,job=new']);
    source.list = [];
    await pass(() => expect(target.requests).toHaveLength(2));
    expect(target.requests[1]!.samples.map(seriesOf)).toEqual(['__name__=anomaly_score,job=new']);
    expect(sender.stats.droppedByReason.backlog).toBe(1);
  });

  it('ends with the exact stale marker when a name or a whole group is gone', async () => {
    const target = await startHttpTarget();
    const both = [[SCORE, 1], [EXPECTED, 5]] as const; // biome-ignore format: a table
    const ahead = START + 60_000;
    source.list = [createGroup(1, { job: 'a' }, START, both), createGroup(2, { job: 'b' }, ahead)];
    startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    source.list = [createGroup(1, { job: 'a' }, START, [[SCORE, 1]])];
    clock.advanceTo(START + 4 * FLUSH_MS);
    await pass(() => expect(target.requests).toHaveLength(2));
    expect(target.requests[1]!.samples.map((sample) => [seriesOf(sample), sample.bits, sample.timestampMs])).toEqual([
      ['__name__=anomaly_expected,job=a', STALE_BITS, expect.toSatisfy((at) => at > START && at <= clock.now())],
      ['__name__=anomaly_score,job=b', STALE_BITS, ahead + 1],
    ]);
    clock.advance(10 * FLUSH_MS);
    source.list = [];
    await pass(() => expect(target.requests).toHaveLength(3));
    expect(target.requests[2]!.samples.map(seriesOf)).toEqual(['__name__=anomaly_score,job=a']);
  });

  it('goes on in order when a series comes back under another id', async () => {
    const target = await startHttpTarget();
    startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    source.list = [];
    await pass(() => expect(target.requests).toHaveLength(2));
    const endedAt = target.requests[1]!.samples[0]!.timestampMs;
    source.list = [createGroup(7, { job: 'a' }, endedAt)];
    await flush();
    source.list = [createGroup(7, { job: 'a' }, endedAt + 1)];
    await pass(() => expect(target.requests).toHaveLength(3));
    expect(target.requests[2]!.samples).toMatchObject([{ value: 0.5, timestampMs: endedAt + 1 }]);
  });

  it('is one series when two groups carry the same labels', async () => {
    const target = await startHttpTarget();
    source.list = [createGroup(1, { job: 'a' }, START), createGroup(2, { job: 'a' }, START)];
    startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    expect(target.requests[0]!.samples).toHaveLength(1);
    source.list = source.list.slice(1);
    await flush();
    source.list = [createGroup(2, { job: 'a' }, START + 1)];
    await pass(() => expect(target.requests).toHaveLength(2));
    expect(target.requests[1]!.samples).toMatchObject([{ value: 0.5, timestampMs: START + 1 }]);
  });

  it('keeps every series strictly increasing, whatever the sources and the target do', async () => {
    const group = fc.record({ id: fc.nat(3), job: fc.constantFrom('a', 'b'), lag: fc.integer({ min: -9, max: 9 }) });
    const round = fc.record({
      groups: fc.array(group, { maxLength: 4 }),
      statuses: fc.array(fc.constantFrom(204, 503)),
    });
    const check = async (rounds: { groups: { id: number; job: string; lag: number }[]; statuses: number[] }[]) => {
      const stored: ReceivedSample[] = [];
      const statuses: number[] = [];
      const fakeFetch = async (_: unknown, init?: RequestInit) => {
        const status = statuses.shift() ?? 204;
        if (status === 204) stored.push(...decodeCompressed(init!.body as Uint8Array));
        return new Response(null, { status });
      };
      source = createListSource();
      const sender = startSender({}, { fetch: fakeFetch as typeof fetch });
      let generation = 0;
      for (const { groups, statuses: next } of rounds) {
        statuses.push(...next);
        generation += 10;
        source.list = groups.map(({ id, job, lag }) => {
          return createGroup(generation + id, { job }, clock.now() + lag * 1_000);
        });
        clock.advance(FLUSH_MS);
        await vi.waitFor(() => {
          clock.advance(1_000);
          expect(sender.stats.pending).toBe(0);
        }, { interval: 0 }); // biome-ignore format: one call
      }
      await sender.stop();
      const newest = new Map<string, number>();
      for (const sample of stored) {
        expect(sample.timestampMs).toBeGreaterThan(newest.get(seriesOf(sample)) ?? 0);
        newest.set(seriesOf(sample), sample.timestampMs);
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(round, { maxLength: 8 }), check), { numRuns: 40 });
  });
});

describe('a failure', () => {
  it.each([500, 503, 599, 429])('with status %d is retried with growing pauses until it succeeds', async (status) => {
    const target = await startHttpTarget(...Array.from({ length: 4 }, () => answerWith(status)));
    const sender = startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(5));
    await vi.waitFor(() => expect(sender.stats).toMatchObject({ sent: 1, retried: 4, failedRequests: 4, pending: 0 }));
    for (const { samples } of target.requests) expect(samples).toEqual(target.requests[0]!.samples);
    for (const [i, pause] of clock.pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(0.8 * 30 * 2 ** i - 1);
      expect(pause).toBeLessThanOrEqual(1.2 * 30 * 2 ** i + 1);
    }
    expect(log.match(/level=warn/g)).toHaveLength(1);
    expect(log).toContain('remote write works again');
  });

  it('is never paused for longer than five seconds and a fifth', async () => {
    const target = await startHttpTarget(...Array.from({ length: 12 }, () => answerWith(500)));
    startSender({ url: target.url, queue: { ...QUEUE, maxAgeMs: 1e9 } });
    await pass(() => expect(target.requests).toHaveLength(13), 7_000);
    expect(Math.max(...clock.pauses)).toBeLessThanOrEqual(6_000);
  });

  it.each([
    ['seconds', '20'],
    ['an HTTP date', new Date(START + FLUSH_MS + 20_000).toUTCString()],
  ])('honours Retry-After in %s', async (_, retryAfter) => {
    const target = await startHttpTarget(answerWith(503, { 'Retry-After': retryAfter }));
    startSender({ url: target.url });
    clock.advance(FLUSH_MS);
    await vi.waitFor(() => expect(clock.pauses).toEqual([20_000]));
    clock.advance(19_999);
    expect(target.requests).toHaveLength(1);
    clock.advance(1);
    await vi.waitFor(() => expect(target.requests).toHaveLength(2));
  });

  it.each(['nonsense', '-5', 'Thu, 01 Jan 1970 00:00:00 GMT'])('ignores Retry-After: %s', async (retryAfter) => {
    const target = await startHttpTarget(answerWith(503, { 'Retry-After': retryAfter }));
    startSender({ url: target.url });
    clock.advance(FLUSH_MS);
    await vi.waitFor(() => expect(clock.pauses).toHaveLength(1));
    expect(clock.pauses[0]).toBeLessThan(40);
  });

  it('of the connection is retried', async () => {
    const target = await startHttpTarget((response) => response.socket!.destroy());
    const sender = startSender({ url: target.url });
    await pass(() => expect(sender.stats).toMatchObject({ sent: 1, retried: 1 }));
  });

  it('to connect is retried', async () => {
    const target = await startHttpTarget();
    await target.stop();
    const sender = startSender({ url: target.url });
    await pass(() => expect(sender.stats.retried).toBeGreaterThan(3));
    expect(log).toContain('ECONNREFUSED');
  });

  it('to answer in time is retried', async () => {
    const target = await startHttpTarget(() => {});
    const sender = startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    clock.advance(29_000);
    expect(sender.stats.failedRequests).toBe(0);
    await pass(() => expect(sender.stats).toMatchObject({ sent: 1, retried: 1 }));
    expect(log).toContain('timed out');
  });

  it.each([400, 401, 404, 413, 415, 302, 307, 999])('with status %d is final', async (status) => {
    const elsewhere = await startHttpTarget();
    const answer = answerWith(status, { Location: elsewhere.url, 'Retry-After': '1' }, 'no, because');
    const target = await startHttpTarget(answer);
    const sender = startSender({ url: target.url });
    await pass(() => expect(sender.stats.droppedByReason.rejected).toBe(1));
    source.list = [createGroup(1, { job: 'a' }, clock.now())];
    await pass(() => expect(sender.stats).toMatchObject({ sent: 1, retried: 0, failedRequests: 1, pending: 0 }));
    expect(target.requests).toHaveLength(2);
    expect(elsewhere.requests).toEqual([]);
    expect(log).toMatch(new RegExp(`level=warn .*status=${status} answer="no, because"`));
  });

  it('that comes with a megabyte of text is logged in a few hundred bytes', async () => {
    const target = await startHttpTarget(answerWith(400, {}, 'x'.repeat(1_000_000)));
    const sender = startSender({ url: target.url });
    await pass(() => expect(sender.stats.droppedByReason.rejected).toBe(1));
    expect(log).toContain('x'.repeat(200));
    expect(log.length).toBeLessThan(600);
    source.list = [createGroup(1, { job: 'a' }, clock.now())];
    await pass(() => expect(sender.stats.sent).toBe(1));
  });

  it('that lasts gives the batch up when it is too old, and goes on with newer ones', async () => {
    const target = await startHttpTarget(...Array.from({ length: 99 }, () => answerWith(503)));
    const sender = startSender({ url: target.url });
    await pass(() => expect(sender.stats.droppedByReason.too_old).toBe(1));
    expect(clock.now() - START).toBeGreaterThanOrEqual(FLUSH_MS + QUEUE.maxAgeMs);
    expect(clock.now() - START).toBeLessThan(FLUSH_MS + QUEUE.maxAgeMs + 20_000);
    target.answers.length = 0;
    source.list = [createGroup(1, { job: 'a' }, clock.now())];
    await pass(() => expect(sender.stats).toMatchObject({ sent: 1, pending: 0 }));
  });

  it('that lasts fills the queue, which drops the oldest and counts it', async () => {
    let release = () => {};
    const target = await startHttpTarget((response) => {
      release = () => response.writeHead(204).end();
    });
    const sender = startSender({ url: target.url, queue: { ...QUEUE, capacity: 3 } });
    await pass(() => expect(target.requests).toHaveLength(1));
    for (const n of ['0', '1', '2', '3', '4']) source.list.push(createGroup(Number(n) + 2, { n }, clock.now()));
    await pass(() => expect(sender.stats).toMatchObject({ pending: 4, droppedByReason: { queue_full: 2 } }));
    release();
    await pass(() => expect(sender.stats).toMatchObject({ sent: 4, pending: 0 }));
    expect(target.requests[1]!.samples.map((sample) => sample.labels[1]![1])).toEqual(['2', '3', '4']);
  });
});

describe('credentials', () => {
  const echo = (status: number) =>
    ((response, { headers }) => {
      const [, credential = ''] = String(headers.authorization).split(' ');
      response.writeHead(status).end(`${headers.authorization} ${Buffer.from(credential, 'base64')}`);
    }) as Parameters<typeof startTarget>[0];
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it.each<[string, Partial<RemoteWriteTarget>, string]>([
    ['basic auth', { basicAuth: { username: 'user', password: new Secret('hunter2!') } }, basic('user:hunter2!')],
    ['a bearer token', { bearerToken: new Secret('hunter2!') }, 'Bearer hunter2!'],
  ])('in %s are sent and never logged, even if the target repeats them', async (_, credentials, header) => {
    const target = await startHttpTarget(echo(401), echo(500));
    const sender = startSender({ url: `${target.url}?token=hunter2!`, ...credentials });
    await pass(() => expect(sender.stats.droppedByReason.rejected).toBe(1));
    source.list = [createGroup(1, { job: 'a' }, clock.now())];
    await pass(() => expect(sender.stats.sent).toBe(1));
    expect(target.requests.map(({ headers }) => headers.authorization)).toEqual([header, header, header]);
    expect(log).toContain('<secret>');
    expect(log).not.toContain('hunter2');
    expect(log).not.toContain(header.split(' ')[1]);
    expect(sender.url).toBe(target.url);
  });

  it('in files are read at every request, so that rotation works', async () => {
    const target = await startHttpTarget(answerWith(500));
    const passwords = ['first\n', 'second\n'];
    const readSecret = async (path: string) => `${path} ${passwords.shift()}`;
    startSender({ url: target.url, basicAuth: { username: 'u', passwordFile: 'file' } }, { readSecret });
    await pass(() => expect(target.requests).toHaveLength(2));
    expect(target.requests.map(({ headers }) => headers.authorization)).toEqual([
      basic('u:file first'),
      basic('u:file second'),
    ]);
  });

  it('in a file that can not be read delay the request', async () => {
    const target = await startHttpTarget();
    const readSecret = vi.fn<(path: string) => Promise<string>>().mockRejectedValueOnce(new Error('ENOENT: token'));
    readSecret.mockResolvedValue('t');
    const sender = startSender({ url: target.url, bearerTokenFile: 'token' }, { readSecret });
    await pass(() => expect(sender.stats.sent).toBe(1));
    expect(target.requests).toHaveLength(1);
    expect(log).toContain('ENOENT: token');
  });

  it('and headers that HTTP does not allow are not quoted', async () => {
    const sender = startSender({ headers: secretHeaders({ 'X-Key': 'hunter2\nx' }) });
    await pass(() => expect(sender.stats.failedRequests).toBeGreaterThan(0));
    expect(log).toContain('HTTP does not allow');
    expect(log).not.toContain('hunter2');
  });
});

describe('stop', () => {
  it('sends what is new, without stale markers for what goes on', async () => {
    const target = await startHttpTarget();
    const sender = startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    source.list = [createGroup(1, { job: 'a' }, START + 1)];
    await sender.stop();
    expect(target.requests[1]!.samples).toMatchObject([{ value: 0.5, timestampMs: START + 1 }]);
    clock.advance(10 * FLUSH_MS);
    expect(target.requests).toHaveLength(2);
  });

  it('waits for a request on its way, and for the samples behind it', async () => {
    const target = await startHttpTarget((response) => void setImmediate().then(() => response.writeHead(204).end()));
    const sender = startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    source.list = [createGroup(1, { job: 'a' }, START + 1)];
    await sender.stop();
    expect(sender.stats).toMatchObject({ sent: 2, pending: 0 });
  });

  it('tries once and counts what it leaves when the target fails', async () => {
    const target = await startHttpTarget(...Array.from({ length: 9 }, () => answerWith(503)));
    const sender = startSender({ url: target.url });
    await pass(() => expect(clock.pauses).toHaveLength(1));
    source.list = [createGroup(1, { job: 'a' }, START + 1)];
    await sender.stop();
    expect(target.requests).toHaveLength(2);
    expect(sender.stats).toMatchObject({ sent: 0, pending: 0, droppedByReason: { shutdown: 2 } });
  });

  it('does not wait for a target that hangs', async () => {
    const target = await startHttpTarget(() => {});
    const sender = startSender({ url: target.url });
    await pass(() => expect(target.requests).toHaveLength(1));
    const stopped = sender.stop();
    clock.advance(2_000);
    await stopped;
    expect(sender.stats).toMatchObject({ pending: 0, droppedByReason: { shutdown: 1 } });
  });
});
