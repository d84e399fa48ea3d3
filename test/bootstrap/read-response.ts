import { Reader, Writer } from 'protobufjs/minimal.js';
import { crc32c } from '../../src/bootstrap/frames.ts';
import { writeLabel } from '../ingest/write-request-builder.ts';
import { encodeXorChunk } from './xor-encoder.ts';

/** A series of a server that is asked for history. */
export interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [timestamp: number, value: number])[];
}

const SAMPLES_PER_CHUNK = 120;
const CHUNKS_PER_FRAME = 5;

/** Frames of a streamed remote read, a series after the other, as Prometheus cuts them. */
export function encodeReadResponse(series: readonly StoredSeries[], encoding = 1): Uint8Array[] {
  return series.flatMap(({ labels, samples }) => {
    const chunks = slices(samples, SAMPLES_PER_CHUNK);
    return slices(chunks, CHUNKS_PER_FRAME).map((part) => {
      const writer = Writer.create().uint32(0x0a).fork();
      for (const [name, value] of Object.entries(labels)) writeLabel(writer, name, value);
      for (const chunk of part) {
        writer.uint32(0x12).fork();
        writer.uint32(0x08).int64(chunk[0]![0]).uint32(0x10).int64(chunk.at(-1)![0]);
        writer.uint32(0x18).int32(encoding).uint32(0x22).bytes(encodeXorChunk(chunk)).ldelim();
      }
      return encodeFrame(writer.ldelim().finish());
    });
  });
}

export function encodeFrame(content: Uint8Array): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(content));
  return Buffer.concat([Writer.create().uint32(content.length).finish(), checksum, content]);
}

/** The metric that a `prometheus.ReadRequest` asks for. */
export function metricOfReadRequest(message: Uint8Array): string {
  const query = Reader.create(field(message, 1));
  const matcher = field(query.buf.subarray(query.pos, query.len), 3);
  return Buffer.from(field(matcher, 3)).toString();
}

function field(message: Uint8Array, wanted: number): Uint8Array {
  const reader = Reader.create(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === wanted) return reader.bytes();
    reader.skipType(tag & 7);
  }
  throw new Error(`the message has no field ${wanted}`);
}

function slices<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
