import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Writer } from 'protobufjs/minimal.js';
import snappy from 'snappy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { START, TestLane, times } from '../test-lane.ts';
import { encodeBody, encodeRequest, writeLabel } from './write-request-builder.ts';

let lane: TestLane;
beforeEach(async () => {
  lane = await new TestLane().start();
});
afterEach(() => lane.stop());

const good = (timestamp = START) =>
  encodeBody([{ labels: { __name__: 'up', job: 'node' }, samples: [[timestamp, 1]] }]);
const series = (labels: readonly (readonly [string, string])[], timestamp = START, value = 1) =>
  encodeBody([{ labels, samples: [[timestamp, value]] }]);
const gib = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0x00, 0x41]);
const named = ['__name__', 'up'] as const;

describe('a request that is wrong', () => {
  it.each<[string, Uint8Array, Record<string, string | undefined>, number, RegExp]>([
    ['zstd', zstdCompressSync(good()), { 'content-encoding': 'zstd' }, 415, /send snappy/],
    ['gzip', gzipSync(good()), { 'content-encoding': 'gzip' }, 415, /send snappy/],
    ['JSON', Buffer.from('{}'), { 'content-type': 'application/json' }, 415, /send application\/x-protobuf/],
    [
      'an unknown message',
      good(),
      { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request' },
      415,
      /send prometheus\.WriteRequest or io\.prometheus\.write\.v2\.Request/,
    ],
    ['no body', Buffer.alloc(0), {}, 400, /not a valid snappy block/],
    [
      'a corrupt first byte',
      Buffer.concat([Buffer.from([0x30]), good().subarray(1)]),
      {},
      400,
      /not a valid snappy block/,
    ],
    [
      'another corrupt first byte',
      Buffer.concat([Buffer.from([0xff]), good().subarray(1)]),
      {},
      400,
      /snappy|too large/,
    ],
    ['a truncated body', good().subarray(0, -3), {}, 400, /snappy block \(truncated\)/],
    ['the framed format', Buffer.from('ff060000734e61507059', 'hex'), {}, 400, /block format|too large/],
    ['a body that claims 1 GiB', gib, {}, 400, /too large: at most 32 MiB/],
    ['more than 32 MiB decoded', snappy.compressSync(Buffer.alloc(33 << 20)), {}, 400, /too large: at most 32 MiB/],
    ['more than 32 MiB compressed', Buffer.alloc((32 << 20) + 1), {}, 400, /too large/],
    [
      'garbage in good snappy',
      snappy.compressSync(Buffer.from('garbage '.repeat(50))),
      {},
      400,
      /not a valid prometheus\.WriteRequest/,
    ],
    ['no metric name', series([['job', 'node']]), {}, 400, /no metric name/],
    [
      'an empty metric name',
      series([
        ['__name__', ''],
        ['job', 'x'],
      ]),
      {},
      400,
      /no metric name/,
    ],
    ['an empty label name', series([named, ['', 'x']]), {}, 400, /empty name/],
    ['a label twice', series([named, ['a', '1'], ['a', '2']]), {}, 400, /"a" occurs twice/],
    ['a label name of 10 kB', series([named, ['n'.repeat(10_240), 'x']]), {}, 400, /label name is 10240 bytes long/],
    [
      'a label value of 20 kB',
      series([named, ['n', 'x'.repeat(20_480)]]),
      {},
      400,
      /value of the label "n" is 20480 bytes long/,
    ],
    [
      '10,000 labels',
      series([named, ...times(10_000, (i) => [`l${i}`, 'x'] as const)]),
      {},
      400,
      /bytes of labels|more than 128 labels/,
    ],
    ['200 labels', series([named, ...times(200, (i) => [`l${i}`, 'x'] as const)]), {}, 400, /more than 128 labels/],
    ['a time in 1970', series([named], 1000), {}, 400, /1970-01-01T00:00:01\.000Z.*a year in the past/],
    ['a time in 2100', series([named], Date.UTC(2100, 0)), {}, 400, /2100-01-01.*in the future.*check the clocks/],
    ['a time before all calendars', series([named], Number.MIN_SAFE_INTEGER), {}, 400, /in milliseconds/],
    ['a label that is not UTF-8', invalidUtf8(), {}, 400, /not valid UTF-8/],
  ])('with %s gets a 4xx that helps, and the next good one works', async (_what, body, headers, status, text) => {
    const answer = await lane.post(body, headers);
    expect(answer.status).toBe(status);
    const parsed = JSON.parse(answer.body);
    expect(parsed).toMatchObject({ status: 'error' });
    expect(parsed.error).toMatch(text);
    expect((await lane.post(good())).status).toBe(204);
    expect(lane.lane.stats.acceptedTotal).toBe(1);
  });

  it('with another method gets 405', async () => {
    const answer = await lane.post(good(), {}, 'PUT');
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  it('takes what is right of it, and says how much was not', async () => {
    const answer = await lane.send(
      { labels: { __name__: 'a' }, samples: [[START, 1]] },
      {
        labels: { job: 'x' },
        samples: [
          [START, 1],
          [START + 1, 1],
        ],
      },
      {
        labels: { __name__: 'b' },
        samples: [
          [START, 1],
          [Date.UTC(2100, 0), 1],
        ],
      },
    );
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).error).toMatch(
      /^rejected 3 of 5 samples, the others were taken: 2 because .*; 1 because /,
    );
    expect(lane.lane.stats.acceptedTotal).toBe(2);
    expect(Object.fromEntries(lane.lane.stats.refused)).toEqual({ missing_metric_name: 2, timestamp_out_of_bounds: 1 });
  });
});

describe('a request that looks odd but is right', () => {
  it.each<[string, Uint8Array, Record<string, string | undefined>]>([
    ['without content type', good(), { 'content-type': undefined }],
    ['without content encoding', good(), { 'content-encoding': undefined }],
    ['with the message named', good(), { 'content-type': 'application/x-protobuf; proto=prometheus.WriteRequest' }],
    ['with another version', good(), { 'x-prometheus-remote-write-version': '9.9.9' }],
    ['with nothing in it', encodeBody([]), {}],
    ['with a label named __proto__', series([named, ['__proto__', 'x'], ['constructor', 'y']]), {}],
    [
      'with a label named with dots and emoji',
      series([
        ['__name__', 'http.server 🙂'],
        ['a b', 'line\nfeed'],
      ]),
      {},
    ],
    ['with NaN', series([named], START, Number.NaN), {}],
    ['with infinity', series([named], START, Number.NEGATIVE_INFINITY), {}],
    ['with 1e308', series([named], START, 1e308), {}],
    ['with a denormal', series([named], START, 5e-324), {}],
    ['nine minutes ahead', series([named], START + 540_000), {}],
    ['a month late', series([named], START - 30 * 86_400_000), {}],
  ])('%s is taken', async (_what, body, headers) => {
    expect(await lane.post(body, headers)).toMatchObject({ status: 204, body: '' });
  });

  it('keeps __proto__ as a label like any other', async () => {
    await lane.post(series([named, ['__proto__', 'x']]));
    expect(Object.keys(lane.outputs())[0]).toBe('anomaly_score{__proto__="x",metric="up"}');
  });
});

describe('bodies that arrive together', () => {
  it('do not mix', async () => {
    const bodies = times(50, (i) =>
      encodeBody(times(20, (k) => ({ labels: { __name__: `m${i}`, k: `${k}` }, samples: [[START, i]] as const }))),
    );
    const answers = await Promise.all(bodies.map((body) => lane.post(body)));
    expect(answers.every(({ status }) => status === 204)).toBe(true);
    expect(lane.lane.stats.refused.size).toBe(0);
    expect(lane.lane.table.size).toBe(1000);
  });
});

function invalidUtf8(): Buffer {
  const writer = Writer.create().uint32(0x0a).fork();
  writeLabel(writer, '__name__', 'up');
  writer.uint32(0x0a).fork().uint32(0x0a).string('x').uint32(0x12).bytes(Uint8Array.of(0xff, 0xfe)).ldelim();
  writer.uint32(0x12).fork().uint32(0x10).int64(START).ldelim().ldelim();
  return snappy.compressSync(Buffer.concat([Buffer.from(writer.finish()), encodeRequest([])]));
}
