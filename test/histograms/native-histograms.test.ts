import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Writer } from 'protobufjs/minimal.js';
import snappy from 'snappy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NativeHistogram, nativeQuantile } from '../../src/histograms/native-histogram.ts';
import { readHistogram } from '../../src/ingest/histogram-message.ts';
import { WriteRequestScanner } from '../../src/ingest/write-request.ts';
import { writeLabel } from '../ingest/write-request-builder.ts';
import { gaussian, START, TestLane } from '../test-lane.ts';

/** The fields of a Histogram message, as prompb/types.proto has them; what is left out is not written. */
interface Message {
  count?: number;
  floatCount?: number;
  sum?: number | 'stale';
  schema?: number;
  zeroThreshold?: number;
  zeroCount?: number;
  floatZeroCount?: number;
  negativeSpans?: readonly (readonly [number, number])[];
  negativeDeltas?: readonly number[];
  positiveSpans?: readonly (readonly [number, number])[];
  positiveDeltas?: readonly number[];
  positiveCounts?: readonly number[];
  hint?: number;
  timestamp?: number;
  custom?: readonly number[];
}

function encode(message: Message): Uint8Array {
  const writer = Writer.create();
  const spans = (tag: number, list: Message['positiveSpans'] = []) => {
    for (const [offset, length] of list) {
      writer.uint32(tag).fork().uint32(0x08).sint32(offset).uint32(0x10).uint32(length).ldelim();
    }
  };
  const packed = (tag: number, list: readonly number[] | undefined, write: (value: number) => void) => {
    if (list === undefined) return;
    writer.uint32(tag).fork();
    list.forEach(write);
    writer.ldelim();
  };
  const double = (tag: number, value: number | undefined) => value !== undefined && writer.uint32(tag).double(value);
  if (message.count !== undefined) writer.uint32(0x08).uint64(message.count);
  double(0x11, message.floatCount);
  if (message.sum === 'stale') writer.uint32(0x19).fixed32(2).fixed32(0x7ff00000);
  else double(0x19, message.sum);
  if (message.schema !== undefined) writer.uint32(0x20).sint32(message.schema);
  double(0x29, message.zeroThreshold);
  if (message.zeroCount !== undefined) writer.uint32(0x30).uint64(message.zeroCount);
  double(0x39, message.floatZeroCount);
  spans(0x42, message.negativeSpans);
  packed(0x4a, message.negativeDeltas, (value) => writer.sint64(value));
  spans(0x5a, message.positiveSpans);
  packed(0x62, message.positiveDeltas, (value) => writer.sint64(value));
  packed(0x6a, message.positiveCounts, (value) => writer.double(value));
  if (message.hint !== undefined) writer.uint32(0x70).int32(message.hint);
  writer.uint32(0x78).int64(message.timestamp ?? START);
  packed(0x82, message.custom, (value) => writer.double(value));
  return writer.finish();
}

const read = (message: Message) => {
  const bytes = encode(message);
  return readHistogram(bytes, 0, bytes.length);
};
const VALID: Message = {
  count: 6,
  sum: 9,
  positiveSpans: [
    [0, 2],
    [1, 1],
  ],
  positiveDeltas: [1, 1, 1],
  schema: 0,
};

describe('a histogram message', () => {
  it('with whole numbers has running sums of its deltas, at the places that its spans say', () => {
    const found = read({ ...VALID, count: 9, zeroCount: 1, negativeSpans: [[-2, 1]], negativeDeltas: [2] });
    expect(found).toMatchObject({ count: 9, sum: 9, schema: 0, zeroCount: 1, timestamp: START, hint: 'unknown' });
    const { positive, negative } = found as NativeHistogram;
    expect([...positive]).toEqual([
      [0, 1],
      [1, 2],
      [3, 3],
    ]);
    expect([...negative]).toEqual([[-2, 2]]);
  });

  it('with floats has counts', () => {
    const found = read({
      floatCount: 0.75,
      floatZeroCount: 0.25,
      positiveSpans: [[5, 1]],
      positiveCounts: [0.5],
      hint: 3,
    });
    expect(found).toMatchObject({ count: 0.75, zeroCount: 0.25, hint: 'gauge' });
  });

  it('that ends its series is one whatever else it holds', () => {
    expect(read({ sum: 'stale', schema: 99, count: 3 })).toEqual({ isStale: true, timestamp: START });
  });

  it('of a schema that is too fine is made coarser', () => {
    const found = read({ ...VALID, schema: 10, positiveSpans: [[1, 3]] }) as NativeHistogram;
    expect(found.schema).toBe(8);
    expect([...found.positive]).toEqual([[1, 6]]);
  });

  it('with custom bounds is taken', () => {
    const found = read({ count: 3, schema: -53, custom: [1, 5], positiveSpans: [[1, 2]], positiveDeltas: [1, 1] });
    expect(nativeQuantile(0.3, found as NativeHistogram)).toBeCloseTo(1 + 4 * 0.9, 9);
  });

  it.each<[string, Message]>([
    ['its schema 53 is not known', { ...VALID, schema: 53 }],
    ['its schema -5 is not known', { ...VALID, schema: -5 }],
    ['its spans and its buckets do not agree', { ...VALID, positiveSpans: [[0, 2]] }],
    [
      'its spans overlap',
      {
        ...VALID,
        positiveSpans: [
          [0, 2],
          [-1, 1],
        ],
      },
    ],
    ['a bucket has a negative count', { ...VALID, positiveDeltas: [1, -2, 7] }],
    ['its buckets hold 6 observations, but it counts 7', { ...VALID, count: 7 }],
    ['it mixes whole numbers and floats', { ...VALID, positiveCounts: [1] }],
    ['its custom bounds do not ascend', { schema: -53, custom: [2, 1] }],
    ['it has buckets beyond its custom bounds', { ...VALID, schema: -53, custom: [1] }],
    ['an exponential schema has no custom bounds', { ...VALID, custom: [1] }],
    ['its zero threshold is not valid', { ...VALID, zeroThreshold: -1 }],
    ['it has more than 2000 buckets', { count: 0, positiveSpans: [[0, 4e9]] }],
    ['a count is not valid', { floatCount: Number.NaN }],
  ])('is refused: %s', (fault, message) => expect(() => read(message)).toThrow(fault));

  it('of a real Prometheus is valid', () => {
    const body = readFileSync(new URL('../fixtures/remote-write/prometheus-2.42-0002.bin', import.meta.url));
    const decoded = snappy.uncompressSync(body) as Buffer;
    const scanner = new WriteRequestScanner(new Uint8Array(Buffer.concat([decoded, Buffer.alloc(decoded.length)])));
    expect(scanner.scan(decoded.length)).toBeUndefined();
    const { histograms, histogramCount, bytes } = scanner.batch;
    expect(histogramCount).toBeGreaterThan(0);
    for (let i = 0; i < histogramCount; i++) {
      const found = readHistogram(bytes, histograms[3 * i + 1]!, histograms[3 * i + 2]!) as NativeHistogram;
      expect(found.count).toBeGreaterThan(0);
      expect(new Date(found.timestamp).getUTCFullYear()).toBe(2026);
    }
  });

  it('of any bytes is read or refused, and nothing else', () => {
    const valid = encode({ ...VALID, negativeSpans: [[0, 1]], negativeDeltas: [0], zeroThreshold: 0.1, hint: 2 });
    const mutated = fc
      .tuple(fc.nat(valid.length - 1), fc.nat(255))
      .map(([at, byte]) => valid.map((each, i) => (i === at ? byte : each)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), (bytes) => {
        try {
          const found = readHistogram(bytes, 0, bytes.length);
          if ('isStale' in found) return;
          const total = [...found.positive.values(), ...found.negative.values()].reduce(
            (sum, n) => sum + n,
            found.zeroCount,
          );
          if (!Number.isNaN(found.sum)) expect(Math.abs(total - found.count)).toBeLessThanOrEqual(1e-6 * total + 1e-9);
        } catch (error) {
          expect((error as Error).message).toMatch(/^(?:its?|a|with|an) /);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a quantile of exponential buckets', () => {
  it('is within a bucket of the true one, for values of both signs', () => {
    const schema = 2;
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1 }), (values) => {
        const sides = [new Map<number, number>(), new Map<number, number>()];
        let zeroCount = 0;
        for (const value of values) {
          const index = Math.ceil(Math.log2(Math.abs(value)) * 2 ** schema);
          const side = sides[value < 0 ? 1 : 0]!;
          if (Math.abs(value) <= 0.001) zeroCount++;
          else side.set(index, (side.get(index) ?? 0) + 1);
        }
        const found = nativeQuantile(0.95, {
          timestamp: 0,
          schema,
          count: values.length,
          sum: 0,
          zeroThreshold: 0.001,
          zeroCount,
          customBounds: [],
          positive: sides[0]!,
          negative: sides[1]!,
          hint: 'unknown',
        });
        const truth = values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!;
        expect(Math.abs(found - truth)).toBeLessThanOrEqual(Math.abs(truth) * (2 ** 0.25 - 1) * 1.01 + 0.002);
      }),
    );
  });
});

describe('native histograms', () => {
  let lane: TestLane;
  beforeEach(async () => {
    lane = await new TestLane().start();
  });
  afterEach(() => lane.stop());

  const send = (...messages: Message[]) => {
    const writer = Writer.create();
    writer.uint32(0x0a).fork();
    writeLabel(writer, '__name__', 'latency');
    writeLabel(writer, 'job', 'shop');
    for (const message of messages) writer.uint32(0x22).bytes(encode(message));
    writer.ldelim();
    return lane.post(snappy.compressSync(Buffer.from(writer.finish())));
  };
  const noise = gaussian(4);
  let buckets = [0, 0, 0];
  let sum = 0;
  const scrape = async (count: number, weights: readonly number[]) => {
    for (let i = 0; i < count; i++) {
      lane.clock.advance(15_000);
      buckets = buckets.map((each, b) => each + Math.max(0, Math.round(weights[b]! * (1 + 0.1 * noise()))));
      sum += 20 + noise();
      const positiveDeltas = buckets.map((each, b) => each - (buckets[b - 1] ?? 0));
      const total = buckets.reduce((all, each) => all + each, 0);
      const { status } = await send({
        count: total,
        sum,
        positiveSpans: [[1, 3]],
        positiveDeltas,
        timestamp: lane.clock.now(),
      });
      expect(status).toBe(204);
    }
  };
  const expected = (metric: string) => lane.outputs()[`anomaly_expected{job="shop",metric="${metric}"}`];

  it('are scored by rate, mean and an upper quantile; slow ones are an anomaly, a restart is none', async () => {
    buckets = [0, 0, 0];
    await scrape(350, [60, 35, 5]);
    expect(expected('latency:rate')).toBeCloseTo(100 / 15, 0);
    expect(expected('latency:mean')).toBeCloseTo(0.2, 1);
    expect(expected('latency:p95')).toBeGreaterThan(2);
    buckets = [0, 0, 0];
    await scrape(20, [60, 35, 5]);
    expect(lane.anomalies).toEqual([]);
    await scrape(20, [5, 5, 90]);
    expect(lane.anomalies.map(({ labels }) => labels.get('__name__'))).toEqual(['latency:p95']);
    await send({ sum: 'stale', timestamp: lane.clock.now() + 1 });
    expect(lane.outputs()).toEqual({});
  });

  it('that are not valid are refused with the reason, the others are taken', async () => {
    const at = lane.clock.now();
    const answer = await send(
      { ...VALID, timestamp: at },
      { ...VALID, count: 1, timestamp: at },
      { ...VALID, timestamp: at + 3.6e6 },
    );
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).error).toContain('rejected 2 of 3 samples');
    expect(JSON.parse(answer.body).error).toContain('1 because a native histogram is not valid: its buckets hold 6');
    expect(lane.lane.stats.acceptedTotal).toBe(1);
  });
});
