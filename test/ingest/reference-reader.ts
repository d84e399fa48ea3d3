import { Reader } from 'protobufjs/minimal.js';

export interface ScannedSeries {
  /** The label fields of the series, in hexadecimal. */
  readonly labelBytes: string;
  readonly samples: readonly { readonly timestamp: number; readonly value: number; readonly isStale: boolean }[];
}

/**
 * Reads a `prometheus.WriteRequest` with protobufjs' Reader, field by field: slow, simple, and independent of the scanner.
 * Series without samples and histograms are left out.
 * @throws when the message is malformed
 */
export function readRequest(message: Uint8Array): ScannedSeries[] {
  const reader = Reader.create(message);
  const series: ScannedSeries[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) {
      const found = readSeries(reader.bytes());
      if (found.samples.length + found.histograms > 0)
        series.push({ labelBytes: found.labelBytes, samples: found.samples });
    } else {
      skip(reader, tag);
    }
  }
  return series;
}

function readSeries(message: Uint8Array): ScannedSeries & { readonly histograms: number } {
  const reader = Reader.create(message);
  let labelBytes = '';
  const samples = [];
  let histograms = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    if (tag === 0x0a) {
      reader.bytes();
      labelBytes += Buffer.from(message.subarray(start, reader.pos)).toString('hex');
    } else if (tag === 0x12) samples.push(readSample(reader.bytes()));
    else if (tag === 0x22) {
      reader.bytes();
      histograms++;
    } else skip(reader, tag);
  }
  return { labelBytes, samples, histograms };
}

function readSample(message: Uint8Array) {
  const reader = Reader.create(message);
  let value = 0;
  let timestamp = 0;
  let isStale = false;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x09) {
      const bytes = Buffer.from(message.subarray(reader.pos, reader.pos + 8));
      value = reader.double();
      isStale = bytes.toString('hex') === '020000000000f07f';
    } else if (tag === 0x10) timestamp = Number(reader.int64());
    else skip(reader, tag);
  }
  return { timestamp, value, isStale };
}

/** The scanner refuses what proto3 does not have: groups, and the field number 0. */
function skip(reader: Reader, tag: number): void {
  if (tag < 8 || (tag & 7) === 3 || (tag & 7) === 4) throw new Error('not proto3');
  reader.skipType(tag & 7);
}
