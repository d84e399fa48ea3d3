import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMetadata } from '../../src/ingest/metadata.ts';
import { WriteRequestV2Scanner } from '../../src/ingest/write-request-v2.ts';
import { seriesOf } from './batch-series.ts';
import { readRequest } from './reference-reader.ts';
import { encodeRequest, STALE_MARKER } from './write-request-builder.ts';
import { encodeRequestV2, type Layout, type TestSeriesV2 } from './write-request-v2-builder.ts';

const buffer = new Uint8Array(1 << 20);
const scanner = new WriteRequestV2Scanner(buffer);

function scan(message: Uint8Array) {
  buffer.set(message);
  const fault = scanner.scan(message.length);
  return fault ?? seriesOf(scanner.batch);
}

const series: TestSeriesV2[] = [
  { labels: { __name__: 'up', job: 'node', note: 'x'.repeat(300) }, samples: [[1_795_348_800_000, 1]] },
  { labels: { __name__: 'up', job: 'api' }, samples: [[1_795_348_800_000, STALE_MARKER]] },
  {
    labels: { __name__: 'x', 'with.dots': '🙂' },
    samples: [
      [-1, -0],
      [2, Number.NaN],
    ],
  },
];

describe('the scanner of remote write 2.0', () => {
  it.each<[string, Layout]>([
    ['as its senders write it', {}],
    ['with its symbols last', { symbolsLast: true }],
    ['with references that are not packed', { unpacked: true }],
    ['with labels behind the samples', { samplesFirst: true }],
  ])('finds what 1.0 would have brought, %s', (_how, layout) => {
    expect(scan(encodeRequestV2(series, layout))).toEqual(readRequest(encodeRequest(series as never)));
  });

  it('does so whatever names, values and times are', () => {
    const sample = fc.tuple(fc.maxSafeInteger(), fc.oneof(fc.double(), fc.constant(STALE_MARKER)));
    const any = fc.record({
      labels: fc.array(fc.tuple(fc.string(), fc.string({ minLength: 1, maxLength: 300 }))),
      samples: fc.array(sample),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 5 }), (request) => {
        const given = request as Parameters<typeof encodeRequest>[0];
        expect(scan(encodeRequestV2(given))).toEqual(readRequest(encodeRequest(given)));
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  it('skips start timestamps of both release candidates', () => {
    const started = series.map((each) => ({ ...each, startedAt: { series: 5, sample: 7 } }));
    expect(scan(encodeRequestV2(started))).toEqual(scan(encodeRequestV2(series)));
  });

  it('leaves out a label without value, and series without samples', () => {
    const found = scan(
      encodeRequestV2([
        { labels: { __name__: 'a', empty: '' }, samples: [[1, 1]] },
        { labels: { __name__: 'b' }, exemplars: 2 },
        { labels: { __name__: 'c' }, type: 1 },
      ]),
    );
    expect(found).toEqual(scan(encodeRequestV2([{ labels: { __name__: 'a' }, samples: [[1, 1]] }])));
    expect(scan(encodeRequestV2([{ labels: { __name__: 'b' }, exemplars: 2 }]))).toEqual([]);
    expect(scanner.batch.exemplarCount).toBe(2);
  });

  it('tells the type of a metric once', () => {
    const typed = ['a', 'b', 'a', 'a'].map((name, i) => ({
      labels: { __name__: name, i: `${i}` },
      samples: [[1, 1]] as const,
      type: name === 'a' ? 1 : 3,
    }));
    scan(encodeRequestV2(typed));
    const { metadata } = scanner.batch;
    expect([0, 2].map((i) => readMetadata(buffer, metadata[i]!, metadata[i + 1]!))).toEqual([
      { family: 'a', type: 'counter' },
      { family: 'b', type: 'histogram' },
    ]);
    expect(metadata).toHaveLength(4);
  });

  it.each([
    ['references that lead nowhere', [1, 2, 3, 99]],
    ['an odd number of references', [1, 2, 3]],
  ])('gives a series with %s labels that nobody can read, and the others theirs', (_what, references) => {
    const found = scan(encodeRequestV2([...series, { references, samples: [[1, 1]] }]));
    expect(found.slice(0, -1)).toEqual(scan(encodeRequestV2(series)));
    expect(found.at(-1)).toMatchObject({ labelBytes: '0a' });
  });

  it.each([
    ['a message cut off', [0x2a, 0x05, 0x0a]],
    ['a symbol cut off', [0x22, 0x05, 0x61]],
    ['references cut off', [0x2a, 0x02, 0x0a, 0x05]],
    ['a reference cut off', [0x2a, 0x03, 0x0a, 0x01, 0x80]],
    ['a sample cut off', [0x2a, 0x04, 0x12, 0x09, 0x09, 0x00]],
    ['metadata cut off', [0x2a, 0x03, 0x2a, 0x01, 0x08]],
    ['a group, which proto3 does not have', [0x0b, 0x0c]],
    ['text', [...Buffer.from('up{job="node"} 1\n')]],
  ])('refuses %s', (_what, bytes) => {
    expect(typeof scan(Uint8Array.from(bytes))).toBe('string');
  });

  it('refuses labels that would fill more than the memory behind the message', () => {
    const symbol = 'x'.repeat(10_000);
    const many = Array.from({ length: 200 }, () => ({ labels: { [symbol]: symbol }, samples: [[1, 1]] as const }));
    expect(scan(encodeRequestV2(many))).toMatch(/too long: send fewer samples/);
    expect(scan(encodeRequestV2(series))).toHaveLength(3);
  });
});
