import { Writer } from 'protobufjs/minimal.js';
import snappy from 'snappy';

/** A series as a test writes it: labels in the order given, unchecked. */
export interface TestSeries {
  readonly labels: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly samples: readonly (readonly [timestampMs: number, value: number | typeof STALE_MARKER])[];
}

/** The two words of the stale marker, which no JavaScript number is sure to keep. */
const STALE_WORDS = [0x00000002, 0x7ff00000] as const;
/** Stands for the stale marker in a test's samples. */
export const STALE_MARKER: unique symbol = Symbol('stale');

/** A decoded `prometheus.WriteRequest`, written by protobufjs and so independently of what is tested. */
export function encodeRequest(series: readonly TestSeries[]): Buffer {
  const writer = Writer.create();
  for (const each of series) {
    writer.uint32(0x0a).fork();
    const labels = Array.isArray(each.labels) ? each.labels : Object.entries(each.labels);
    for (const [name, value] of labels) writeLabel(writer, name, value);
    for (const [timestamp, value] of each.samples) writeSample(writer, timestamp, value);
    writer.ldelim();
  }
  return Buffer.from(writer.finish());
}

/** The same, as it travels. */
export function encodeBody(series: readonly TestSeries[]): Buffer {
  return snappy.compressSync(encodeRequest(series));
}

/** A body with metadata only. @param types number of the metric type by family name */
export function encodeMetadataBody(types: Readonly<Record<string, number>>): Buffer {
  const writer = Writer.create();
  for (const [family, type] of Object.entries(types)) {
    writer
      .uint32(0x1a)
      .fork()
      .uint32(0x08)
      .int32(type)
      .uint32(0x12)
      .string(family)
      .uint32(0x22)
      .string('Help.')
      .ldelim();
  }
  return snappy.compressSync(Buffer.from(writer.finish()));
}

export function writeLabel(writer: Writer, name: string | Uint8Array, value: string | Uint8Array): void {
  writer.uint32(0x0a).fork().uint32(0x0a).bytes(Buffer.from(name)).uint32(0x12).bytes(Buffer.from(value)).ldelim();
}

function writeSample(writer: Writer, timestamp: number, value: number | typeof STALE_MARKER): void {
  writer.uint32(0x12).fork();
  if (value === STALE_MARKER) writer.uint32(0x09).fixed32(STALE_WORDS[0]).fixed32(STALE_WORDS[1]);
  else if (value !== 0 || Object.is(value, -0)) writer.uint32(0x09).double(value);
  writer.uint32(0x10).int64(timestamp).ldelim();
}
