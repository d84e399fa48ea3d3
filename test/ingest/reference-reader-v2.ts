import { Reader, Writer } from 'protobufjs/minimal.js';
import { readBytes, readNumber, readSample, type ScannedSeries, skip } from './reference-reader.ts';
import { writeLabel } from './write-request-builder.ts';

/** Labels of 1.0 that can't be read. */
const UNREADABLE = '0a';

/**
 * Reads an `io.prometheus.write.v2.Request` with protobufjs' Reader, field by field, and writes its labels as 1.0 does:
 * slow, simple, and independent of the scanner. Series without samples and histograms are left out.
 * @throws when the message is malformed
 */
export function readRequestV2(message: Uint8Array): ScannedSeries[] {
  const reader = Reader.create(message);
  const symbols: Uint8Array[] = [];
  const series: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = readNumber(reader);
    if (tag === 0x22) symbols.push(readBytes(reader));
    else if (tag === 0x2a) series.push(readBytes(reader));
    else skip(reader, tag);
  }
  return series.flatMap((each) => readSeries(each, symbols));
}

function readSeries(message: Uint8Array, symbols: readonly Uint8Array[]): ScannedSeries[] {
  const reader = Reader.create(message);
  const refs: number[] = [];
  const samples = [];
  let histograms = 0;
  while (reader.pos < reader.len) {
    const tag = readNumber(reader);
    if (tag === 0x0a) {
      const packed = Reader.create(readBytes(reader));
      while (packed.pos < packed.len) refs.push(packed.uint32());
    } else if (tag === 0x08) refs.push(reader.uint32());
    else if (tag === 0x12) samples.push(readSample(readBytes(reader)));
    else if (tag === 0x1a) {
      readBytes(reader);
      histograms++;
    } else if (tag === 0x22) readBytes(reader);
    else if (tag === 0x2a) readMetadata(readBytes(reader));
    else skip(reader, tag);
  }
  return samples.length + histograms === 0 ? [] : [{ labelBytes: labelsOf(refs, symbols), samples }];
}

function labelsOf(refs: readonly number[], symbols: readonly Uint8Array[]): string {
  if (refs.length % 2 === 1 || refs.some((ref) => ref >= symbols.length)) return UNREADABLE;
  const writer = Writer.create();
  for (let i = 0; i < refs.length; i += 2) {
    const value = symbols[refs[i + 1]!]!;
    if (value.length > 0) writeLabel(writer, symbols[refs[i]!]!, value);
  }
  return Buffer.from(writer.finish()).toString('hex');
}

function readMetadata(message: Uint8Array): void {
  const reader = Reader.create(message);
  while (reader.pos < reader.len) {
    const tag = readNumber(reader);
    if (tag === 0x08) reader.uint32();
    else skip(reader, tag);
  }
}
