import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeLabels, encodeName, encodeWriteRequest, type OutputSample } from '../../src/emit/write-request.ts';
import { createLabels } from '../../src/model/labels.ts';
import { decodeWriteRequest, STALE_BITS } from './write-request-decoder.ts';

function sample(labels: Record<string, string>, value: number | 'stale', timestampMs: number): OutputSample {
  return { labels: encodeLabels(createLabels(Object.entries(labels))), name: encodeName('m'), timestampMs, value };
}

const encodeOne = (...rest: Parameters<typeof sample>) => decodeWriteRequest(encodeWriteRequest([sample(...rest)]))[0]!;

describe('encodeWriteRequest', () => {
  it('puts the metric name where its bytes belong', () => {
    const { labels } = encodeOne({ Zone: 'a', _: 'b', __a__: 'c', __proto: 'd', job: 'e' }, 1, 1);
    expect(labels.map(([name]) => name)).toEqual(['Zone', '_', '__a__', '__name__', '__proto', 'job']);
  });

  it.each([0, -0, 1.5, 5e-324, 1.7976931348623157e308, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'writes %d',
    (value) => expect(encodeOne({}, value, 1).value).toBe(value),
  );

  it('keeps a stale marker and an ordinary NaN apart, bit by bit', () => {
    const buffer = new DataView(new ArrayBuffer(8));
    buffer.setBigUint64(0, BigInt(`0x${STALE_BITS}`));
    expect(encodeOne({}, 'stale', 1).bits).toBe(STALE_BITS);
    expect(encodeOne({}, Number.NaN, 1).bits).toBe('7ff8000000000001');
    expect(encodeOne({}, buffer.getFloat64(0), 1).bits).toBe('7ff8000000000001');
  });

  it.each([0, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 1_800_000_000_000, Number.MAX_SAFE_INTEGER])(
    'writes timestamp %d',
    (timestampMs) => expect(encodeOne({}, 1, timestampMs).timestampMs).toBe(timestampMs),
  );

  it('never writes bytes that are not UTF-8', () => {
    expect(encodeOne({ title: `cut ${'😀'.slice(0, 1)}` }, 1, 1).labels).toContainEqual(['title', 'cut \ufffd']);
  });

  it('writes any label set so that the public schema reads it back', () => {
    const labels = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'binary' }));
    fc.assert(
      fc.property(fc.array(fc.tuple(labels, fc.double({ noNaN: true }), fc.nat())), (given) => {
        const received = decodeWriteRequest(encodeWriteRequest(given.map((each) => sample(...each))));
        expect(received.map(({ value, timestampMs }) => [value, timestampMs])).toEqual(
          given.map(([, value, timestampMs]) => [value, timestampMs]),
        );
        for (const [i, [wanted]] of given.entries()) {
          const { labels } = received[i]!;
          expect(new Map(labels)).toEqual(new Map([...Object.entries(wanted), ['__name__', 'm']]));
          expect(labels.map(([name]) => Buffer.from(name))).toEqual(
            labels.map(([name]) => Buffer.from(name)).sort(Buffer.compare),
          );
        }
      }),
    );
  });
});
