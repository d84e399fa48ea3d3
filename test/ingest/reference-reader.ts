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
    const tag = readNumber(reader);
    if (tag === 0x0a) {
      const found = readSeries(readBytes(reader));
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
    const tag = readNumber(reader);
    if (tag === 0x0a) {
      readBytes(reader);
      labelBytes += Buffer.from(message.subarray(start, reader.pos)).toString('hex');
    } else if (tag === 0x12) samples.push(readSample(readBytes(reader)));
    else if (tag === 0x22) {
      readBytes(reader);
      histograms++;
    } else skip(reader, tag);
  }
  return { labelBytes, samples, histograms };
}

export function readSample(message: Uint8Array) {
  const reader = Reader.create(message);
  let value = 0;
  let timestamp = 0;
  let isStale = false;
  while (reader.pos < reader.len) {
    const tag = readNumber(reader);
    if (tag === 0x09) {
      const bytes = Buffer.from(message.subarray(reader.pos, reader.pos + 8));
      value = reader.double();
      isStale = bytes.toString('hex') === '020000000000f07f';
    } else if (tag === 0x10) timestamp = Number(reader.int64());
    else skip(reader, tag);
  }
  return { timestamp, value, isStale };
}

/** Reads a tag or a length. protobufjs takes more than five bytes and cuts the number; the scanners refuse that. */
export function readNumber(reader: Reader): number {
  const start = reader.pos;
  const number = reader.uint32();
  if (reader.pos - start > 5 || number >= 2 ** 31) throw new Error('not a tag or a length');
  return number;
}

/** Reads a length and so many bytes. */
export function readBytes(reader: Reader): Uint8Array {
  const length = readNumber(reader);
  if (reader.pos + length > reader.len) throw new Error('runs past the end');
  const start = reader.pos;
  reader.pos += length;
  return reader.buf.subarray(start, reader.pos);
}

/** Skips a field. The scanners refuse what proto3 does not have: groups, and the field number 0. */
export function skip(reader: Reader, tag: number): void {
  if (tag < 8 || (tag & 7) === 3 || (tag & 7) === 4) throw new Error('not proto3');
  if ((tag & 7) === 2) readBytes(reader);
  else reader.skipType(tag & 7);
}
