import snappy from 'snappy';
import { expect, it } from 'vitest';
import { STALE } from '../../src/ingest/raw-batch.ts';
import { WriteRequestScanner } from '../../src/ingest/write-request.ts';
import { WriteRequestV2Scanner } from '../../src/ingest/write-request-v2.ts';
import { createKernel, type Kernel, PlainKernel, SLACK } from '../../src/kernel/kernel.ts';
import { readRequest, type ScannedSeries } from '../ingest/reference-reader.ts';
import { readRequestV2 } from '../ingest/reference-reader-v2.ts';
import { encodeRequest, STALE_MARKER } from '../ingest/write-request-builder.ts';
import { encodeRequestV2 } from '../ingest/write-request-v2-builder.ts';

const MUTATIONS = 200_000;
const LIMIT = 1 << 16;

const SERIES: Parameters<typeof encodeRequest>[0] = [
  {
    labels: { __name__: 'http_requests_total', code: '200', instance: '10.0.0.1:8080', job: 'api' },
    samples: [[1_795_348_800_000, 42]],
  },
  {
    labels: { __name__: 'http_requests_total', code: '500', instance: '10.0.0.1:8080', job: 'api' },
    samples: [[1_795_348_800_000, 0]],
  },
  { labels: { __name__: 'up', instance: '10.0.0.1:8080', job: 'api' }, samples: [[1_795_348_800_000, STALE_MARKER]] },
  {
    labels: { __name__: 'up', instance: '10.0.0.2:8080', job: 'api' },
    samples: [
      [-1, -0],
      [1_795_348_800_000, Number.NaN],
    ],
  },
];

const SIZES = { input: LIMIT, output: LIMIT, spare: LIMIT, scratch: 0 };

type Scanner = WriteRequestScanner | WriteRequestV2Scanner;

/** What our decoder makes of a body: its series, or undefined when it refuses it. */
function read(kernel: Kernel, scanner: Scanner, body: Uint8Array): ScannedSeries[] | undefined {
  kernel.input.set(body);
  kernel.input.fill(0xa5, body.length, body.length + SLACK);
  const decoded = kernel.decode(body.length);
  if (typeof decoded === 'string' || scanner.scan(decoded) !== undefined) return undefined;
  const { batch } = scanner;
  return Array.from({ length: batch.seriesCount }, (_, i) => {
    const samples = [];
    for (let s = i === 0 ? 0 : batch.samplesEnd[i - 1]!; s < batch.samplesEnd[i]!; s++) {
      samples.push({ timestamp: batch.timestamps[s]!, value: batch.values[s]!, isStale: batch.flags[s] === STALE });
    }
    const labels = kernel.output.subarray(batch.labelsStart[i]!, batch.labelsEnd[i]!);
    return { labelBytes: Buffer.from(labels).toString('hex'), samples };
  });
}

/** What two independent strict readers make of it. */
function readIndependently(body: Uint8Array, readMessage: typeof readRequest): ScannedSeries[] | undefined {
  try {
    const decoded = snappy.uncompressSync(Buffer.from(body)) as Buffer;
    return decoded.length > LIMIT ? undefined : readMessage(decoded);
  } catch {
    return undefined;
  }
}

const V1 = { message: encodeRequest(SERIES), Scanner: WriteRequestScanner, readMessage: readRequest };
const V2 = { message: encodeRequestV2(SERIES), Scanner: WriteRequestV2Scanner, readMessage: readRequestV2 };

it.each([
  ['remote write 1.0 in WebAssembly', createKernel(SIZES, [1, 2]), MUTATIONS, V1],
  ['remote write 1.0 in plain JavaScript', new PlainKernel(SIZES, [1, 2]), MUTATIONS / 10, V1],
  ['remote write 2.0 in WebAssembly', createKernel(SIZES, [1, 2]), MUTATIONS / 2, V2],
] as const)(
  'reads, of %s, no sample that was not sent, in hundreds of thousands of mutations of a good body',
  (_where, kernel, mutations, { message, Scanner, readMessage }) => {
    const scanner = new Scanner(kernel.output);
    const random = xorshift(20_261_124);
    let accepted = 0;
    for (let n = 0; n < mutations; n++) {
      // Half of them break the compression, the others what is compressed.
      const body =
        n % 2 === 0 ? mutate(snappy.compressSync(message), random) : snappy.compressSync(mutate(message, random));
      const found = read(kernel, scanner, body);
      if (found !== undefined) accepted++;
      const expected = readIndependently(body, readMessage);
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        expect({ body: Buffer.from(body).toString('hex'), found }).toEqual({
          body: Buffer.from(body).toString('hex'),
          found: expected,
        });
      }
    }
    // A good part of all mutations has to stay readable, or this would prove little.
    expect(accepted / mutations).toBeGreaterThan(0.1);
    expect(accepted / mutations).toBeLessThan(0.9);
  },
  120_000,
);

/** One to four changes: a byte replaced, a bit flipped, bytes removed, inserted or repeated, or the end cut off. */
function mutate(original: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(original);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length);
    const length = 1 + random(8);
    switch (random(6)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes[at]! ^= 1 << random(8);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256)]), bytes.subarray(at)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      default:
        if (random(4) === 0) bytes = bytes.subarray(0, at);
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

function xorshift(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
