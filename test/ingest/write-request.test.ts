import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Writer } from 'protobufjs/minimal.js';
import snappy from 'snappy';
import { describe, expect, it } from 'vitest';
import { WriteRequestScanner } from '../../src/ingest/write-request.ts';
import { readLabels } from '../../src/series/label-bytes.ts';
import { seriesOf } from './batch-series.ts';
import { readRequest, type ScannedSeries } from './reference-reader.ts';
import { encodeRequest, STALE_MARKER, writeLabel } from './write-request-builder.ts';

const buffer = new Uint8Array(1 << 20);
const scanner = new WriteRequestScanner(buffer);

function scan(
  message: Uint8Array,
): string | { series: ScannedSeries[]; exemplars: number; histograms: number; metadata: number } {
  buffer.set(message);
  const fault = scanner.scan(message.length);
  if (fault !== undefined) return fault;
  const { batch } = scanner;
  return {
    series: seriesOf(batch),
    exemplars: batch.exemplarCount,
    histograms: batch.histogramCount,
    metadata: batch.metadata.length / 2,
  };
}

describe('the scanner of write requests', () => {
  it.each([
    ['prometheus-2.42-0001', 13, 1, 0, 0, 0],
    ['prometheus-2.42-0002', 6, 0, 1, 0, 0],
    ['prometheus-2.42-0005', 0, 0, 0, 6, 0],
    ['prometheus-2.42-0006', 17, 1, 0, 0, 1],
    ['prometheus-2.42-0014', 16, 1, 0, 0, 2],
    ['prometheus-2.42-0016', 0, 0, 0, 6, 0],
    ['vmagent-1.79.5-0328', 13, 0, 0, 0, 0],
  ])('finds in the captured %s what is there', (name, samples, exemplars, histograms, metadata, stale) => {
    const body = readFileSync(new URL(`../fixtures/remote-write/${name}.bin`, import.meta.url));
    const message = snappy.uncompressSync(body) as Buffer;
    const found = scan(message);
    if (typeof found === 'string') throw new Error(found);
    expect(found).toMatchObject({ exemplars, histograms, metadata });
    expect(found.series.flatMap((each) => each.samples)).toHaveLength(samples);
    expect(found.series.flatMap((each) => each.samples).filter((sample) => sample.isStale)).toHaveLength(stale);
    expect(found.series).toEqual(readRequest(message));
    for (let i = 0; i < found.series.length; i++) {
      const labels = readLabels(buffer, scanner.batch.labelsStart[i]!, scanner.batch.labelsEnd[i]!, '');
      expect(labels).toHaveProperty('labels');
    }
  });

  it('reads times and values as an independent reader does, whatever they are', () => {
    const sample = fc.tuple(
      fc.oneof(fc.maxSafeInteger(), fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 })),
      fc.oneof(fc.double(), fc.constant(STALE_MARKER)),
    );
    const series = fc.record({
      labels: fc.array(fc.tuple(fc.string(), fc.string({ maxLength: 300 }))),
      samples: fc.array(sample),
    });
    fc.assert(
      fc.property(fc.array(series, { maxLength: 5 }), (request) => {
        const message = encodeRequest(request as Parameters<typeof encodeRequest>[0]);
        expect(scan(message)).toMatchObject({ series: readRequest(message) });
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  it('gathers labels that other fields interrupt', () => {
    const writer = Writer.create().uint32(0x0a).fork();
    writeLabel(writer, '__name__', 'up');
    writer.uint32(0x12).fork().uint32(0x09).double(1).uint32(0x10).int64(5).ldelim();
    writeLabel(writer, 'job', 'node');
    writer.uint32(0xfa).uint32(0x01).uint32(3);
    writeLabel(writer, 'zone', 'a');
    const found = scan(writer.ldelim().finish());
    if (typeof found === 'string') throw new Error(found);
    const labels = readLabels(buffer, scanner.batch.labelsStart[0]!, scanner.batch.labelsEnd[0]!, '');
    expect(labels).toHaveProperty(
      'labels',
      new Map([
        ['__name__', 'up'],
        ['job', 'node'],
        ['zone', 'a'],
      ]),
    );
  });

  it.each([
    ['a message cut off', [0x0a, 0x05, 0x0a]],
    ['a label longer than its series', [0x0a, 0x02, 0x0a, 0x05]],
    ['a sample cut off', [0x0a, 0x04, 0x12, 0x09, 0x09, 0x00]],
    ['a group, which proto3 does not have', [0x0b, 0x0c]],
    ['field number 0', [0x02, 0x00]],
    ['a varint of eleven bytes', [0x28, ...Array(10).fill(0x80), 0x01]],
    ['text', [...Buffer.from('up{job="node"} 1\n')]],
  ])('refuses %s', (_what, bytes) => {
    expect(typeof scan(Uint8Array.from(bytes))).toBe('string');
  });
});
