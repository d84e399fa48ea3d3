import { gzipSync } from 'node:zlib';
import snappy from 'snappy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { START, TestLane } from '../test-lane.ts';
import { encodeBody } from './write-request-builder.ts';
import { encodeBodyV2, type TestSeriesV2 } from './write-request-v2-builder.ts';

const TYPE = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
/** Integer histograms: of two observations, of the same with a count that is wrong, and of custom bounds. */
const HISTOGRAM = Uint8Array.of(0x08, 2, 0x5a, 4, 0x08, 2, 0x10, 1, 0x62, 1, 4, ...timestamp());
const WRONG_HISTOGRAM = Uint8Array.of(0x08, 99, 0x5a, 4, 0x08, 2, 0x10, 1, 0x62, 1, 4, ...timestamp());

let lane: TestLane;
beforeEach(async () => {
  lane = await new TestLane().start();
});
afterEach(() => lane.stop());

async function send(series: readonly TestSeriesV2[], headers: Record<string, string> = {}) {
  return sendBody(encodeBodyV2(series), headers);
}

async function sendBody(body: Uint8Array, headers: Record<string, string> = {}) {
  const { status, body: text, headers: answered } = await lane.post(body, { 'content-type': TYPE, ...headers });
  const written = ['samples', 'histograms', 'exemplars'].map((kind) => {
    return answered[`x-prometheus-remote-write-${kind}-written`];
  });
  return { status, text, written: written.join(' ') };
}

const up = (job: string, at = START, value = 1): TestSeriesV2 => {
  return { labels: { __name__: 'up', job }, samples: [[at, value]] };
};

describe('remote write 2.0', () => {
  it('is taken, and what was written is said', async () => {
    const answer = await send([
      up('a'),
      { ...up('b'), exemplars: 2, type: 2 },
      { labels: { __name__: 'latency' }, histograms: [HISTOGRAM] },
    ]);
    expect(answer).toEqual({ status: 204, text: '', written: '2 1 2' });
    expect(lane.lane.stats.acceptedTotal).toBe(3);
  });

  it('speaks of the same series as 1.0, whichever comes first and however its labels are sorted', async () => {
    await lane.post(encodeBody([{ labels: { __name__: 'up', job: 'a', zone: 'z' }, samples: [[START, 1]] }]));
    const known = lane.lane.table.size;
    await send([{ labels: { zone: 'z', job: 'a', empty: '', __name__: 'up' }, samples: [[START + 1000, 1]] }]);
    expect(lane.lane.table.size).toBe(known);
    expect(lane.lane.stats.acceptedTotal).toBe(2);
  });

  it('says nothing of what was written to a sender of 1.0', async () => {
    const { headers } = await lane.post(encodeBody([{ labels: { __name__: 'up' }, samples: [[START, 1]] }]));
    expect(Object.keys(headers).filter((name) => name.startsWith('x-prometheus'))).toEqual([]);
  });

  it('counts what is left out on purpose as written: to send it again would change nothing', async () => {
    await send([up('a')]);
    expect(await send([up('a'), up('a', START - 60_000)])).toMatchObject({ status: 204, written: '2 0 0' });
    expect(lane.lane.stats.acceptedTotal).toBe(1);
  });

  it.each<[string, TestSeriesV2, string, RegExp]>([
    ['references that lead nowhere', { references: [1, 2, 3, 99], samples: [[START, 1]] }, '1 0 0', /references/],
    ['an odd number of references', { references: [1, 2, 3], samples: [[START, 1]] }, '1 0 0', /references/],
    ['no metric name', { labels: { job: 'x' }, samples: [[START, 1]] }, '1 0 0', /no metric name/],
    ['no labels', { references: [], samples: [[START, 1]] }, '1 0 0', /no metric name/],
    ['a time in 2100', up('x', Date.UTC(2100, 0)), '1 0 0', /in the future/],
    [
      'a wrong histogram',
      { labels: { __name__: 'h' }, histograms: [WRONG_HISTOGRAM, HISTOGRAM] },
      '1 1 0',
      /counts 99/,
    ],
  ])('with %s in one series takes the rest', async (_what, wrong, written, text) => {
    const answer = await send([up('good'), wrong]);
    expect(answer).toMatchObject({ status: 400, written });
    expect(JSON.parse(answer.text).error).toMatch(text);
    expect(JSON.parse(answer.text).error).toMatch(/^rejected 1 of /);
  });

  it('takes a type from the series themselves', async () => {
    // By its name alone it would be a gauge.
    const requests = (at: number) => ({ labels: { __name__: 'requests' }, samples: [[at, 5]] as const, type: 1 });
    await send([requests(START)]);
    const slot = lane.lane.table.slots[0]!;
    expect(lane.lane.table.kinds[slot]).toBe(2);
  });

  it('with metadata or exemplars alone is fine, and wrote no samples', async () => {
    expect(await send([{ labels: { __name__: 'a' }, type: 1 }])).toMatchObject({ status: 204, written: '0 0 0' });
    expect(await send([{ labels: { __name__: 'a' }, exemplars: 1 }])).toMatchObject({ status: 204, written: '0 0 1' });
  });

  it('wrote nothing when the body is no message, or is not read', async () => {
    expect(await sendBody(snappy.compressSync('garbage '.repeat(9)))).toMatchObject({ status: 400, written: '0 0 0' });
    expect(await sendBody(Buffer.of(0x30, 0x00))).toMatchObject({ status: 400, written: '0 0 0' });
    const tooLong = { 'content-length': `${64 << 20}` };
    expect(await sendBody(Buffer.alloc(0), tooLong).catch(() => undefined)).toMatchObject({ written: '0 0 0' });
    expect((await sendBody(gzipSync(encodeBodyV2([])), { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('is held like 1.0 while what was learnt is being restored', async () => {
    lane.lane.receiver.hold();
    expect(await send([up('a')])).toMatchObject({ status: 204, written: '1 0 0' });
    await lane.post(encodeBody([{ labels: { __name__: 'up', job: 'a' }, samples: [[START + 1000, 1]] }]));
    expect(lane.lane.stats.receivedTotal).toBe(0);
    lane.lane.receiver.resume(() => {});
    lane.clock.advance(0);
    lane.clock.advance(0);
    expect(lane.lane.stats.acceptedTotal).toBe(2);
    expect(lane.lane.stats.ignored.size).toBe(0);
  });
});

/** The timestamp field of a histogram at START. */
function timestamp(): number[] {
  const bytes = [0x78];
  let rest = BigInt(START);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}
