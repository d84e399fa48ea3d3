import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readXorChunk } from '../../src/bootstrap/xor-chunk.ts';
import { encodeXorChunk } from './xor-encoder.ts';

function read(chunk: Uint8Array): [number, number][] {
  const samples: [number, number][] = [];
  readXorChunk(chunk, (timestamp, value) => samples.push([timestamp, value]));
  return samples;
}

/** Any times that grow, any values: what is not a number as well, and numbers that differ in few bits. */
const samples = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 2 ** 40 })),
      fc.oneof(fc.double(), fc.constant(1), fc.integer({ min: 0, max: 1000 })),
    ),
    { minLength: 1, maxLength: 130 },
  )
  .map((steps) => {
    let time = 1_700_000_000_000;
    return steps.map(([step, value]): [number, number] => {
      time += step;
      return [time, value];
    });
  });

describe('a chunk of Prometheus', () => {
  it('gives the samples that went into it, bit for bit', () => {
    fc.assert(
      fc.property(samples, (given) => {
        expect(read(encodeXorChunk(given))).toEqual(given);
      }),
    );
  });

  it('keeps times before 1970 and differences of each size', () => {
    const times = [-5000, 10_000, 25_000, 40_001, 63_193, 63_194, 200_000, 900_000, 20_000_000, 20_000_001];
    const given = times.map((time, i): [number, number] => [time, i % 3]);
    expect(read(encodeXorChunk(given))).toEqual(given);
  });

  it('that was cut off is refused, wherever it was cut', () => {
    const chunk = encodeXorChunk(Array.from({ length: 20 }, (_, i) => [i * 15_000 + (i % 3), i / 3]));
    for (let length = 0; length < chunk.length; length++) {
      expect(() => read(chunk.subarray(0, length))).toThrow('ends before its last sample');
    }
  });

  it('may hold nothing', () => {
    expect(read(Uint8Array.of(0, 0))).toEqual([]);
  });
});
