import { createRawBatch, type RawBatch, STALE } from './raw-batch.ts';

const STALE_LOW = 0x00000002;
const STALE_HIGH = 0x7ff00000;

/** Wire types of protobuf. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * What the scanners of both versions of remote write have in common: numbers and samples as protobuf writes them, and the
 * columns into which they go.
 */
export class MessageScanner {
  readonly batch: RawBatch;
  protected readonly bytes: Uint8Array;
  protected readonly view: DataView;
  /** Where the next byte is read. */
  protected at = 0;
  /** Where label bytes are written that do not lie in the message as the batch wants them: behind it. */
  protected gatherAt = 0;

  /** @param buffer holds the message from offset 0 on, and as many spare bytes behind it as the message may be long */
  constructor(buffer: Uint8Array<ArrayBuffer>) {
    this.bytes = buffer;
    this.batch = createRawBatch(buffer);
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  /** Empties the batch, for a message of `length` bytes. */
  protected begin(length: number): void {
    const { batch } = this;
    batch.seriesCount = 0;
    batch.sampleCount = 0;
    batch.metadata.length = 0;
    batch.exemplarCount = 0;
    batch.histogramCount = 0;
    this.at = 0;
    this.gatherAt = length;
  }

  protected sample(start: number, end: number): boolean {
    const bytes = this.bytes;
    let valueAt = -1;
    let timestamp = 0;
    let at = start;
    while (at < end) {
      const tag = bytes[at]!;
      if (tag === 0x09) {
        if (at + 9 > end) return false;
        valueAt = at + 1;
        at += 9;
      } else if (tag === 0x10) {
        this.at = at + 1;
        timestamp = this.int64(end);
        if (Number.isNaN(timestamp)) return false;
        at = this.at;
      } else {
        this.at = at;
        if (!this.skipField(end)) return false;
        at = this.at;
      }
    }
    this.addSample(valueAt, timestamp);
    return true;
  }

  /** @param valueAt where the 8 bytes of the value lie; -1 when the field is left out, as proto3 does with a 0 */
  protected addSample(valueAt: number, timestamp: number): void {
    const batch = this.batch;
    const index = batch.sampleCount++;
    if (index === batch.values.length) this.#growSamples();
    const value = valueAt < 0 ? 0 : this.view.getFloat64(valueAt, true);
    batch.values[index] = value;
    batch.timestamps[index] = timestamp;
    batch.flags[index] = Number.isNaN(value) ? this.#flags(valueAt) : 0;
  }

  /** A NaN may lose its payload in any arithmetic, so the stale marker is told from other NaNs by its two words. */
  #flags(valueAt: number): number {
    const isStale =
      this.view.getUint32(valueAt, true) === STALE_LOW && this.view.getUint32(valueAt + 4, true) === STALE_HIGH;
    return isStale ? STALE : 0;
  }

  /** A histogram of the series that will be added next. */
  protected addHistogram(start: number, end: number): void {
    const batch = this.batch;
    const at = 3 * batch.histogramCount++;
    if (at === batch.histograms.length) batch.histograms = grown(batch.histograms);
    batch.histograms[at] = batch.seriesCount;
    batch.histograms[at + 1] = start;
    batch.histograms[at + 2] = end;
  }

  protected addSeries(labelsStart: number, labelsEnd: number): void {
    const batch = this.batch;
    const index = batch.seriesCount++;
    if (index === batch.labelsStart.length) {
      batch.labelsStart = grown(batch.labelsStart);
      batch.labelsEnd = grown(batch.labelsEnd);
      batch.samplesEnd = grown(batch.samplesEnd);
    }
    batch.labelsStart[index] = labelsStart;
    batch.labelsEnd[index] = labelsEnd;
    batch.samplesEnd[index] = batch.sampleCount;
  }

  #growSamples(): void {
    const batch = this.batch;
    batch.values = grown(batch.values);
    batch.timestamps = grown(batch.timestamps);
    batch.flags = grown(batch.flags);
  }

  /** Skips one field with its tag. @returns false when it is malformed or runs past `end` */
  protected skipField(end: number): boolean {
    const tag = this.varint(end);
    if (tag < 8) return false;
    switch (tag & 7) {
      case VARINT:
        return !Number.isNaN(this.int64(end));
      case FIXED64:
        this.at += 8;
        break;
      case BYTES: {
        const size = this.varint(end);
        if (size < 0) return false;
        this.at += size;
        break;
      }
      case FIXED32:
        this.at += 4;
        break;
      default:
        return false;
    }
    return this.at <= end;
  }

  /** Reads a length or a tag: at most 2^31 - 1, in at most 5 bytes. @returns -1 when it is malformed or runs past `end` */
  protected varint(end: number): number {
    const bytes = this.bytes;
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (this.at >= end) return -1;
      const byte = bytes[this.at++]!;
      if (shift === 28 && byte > 7) return -1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return -1;
  }

  /** Reads an int64 as a double: exact up to 2^53. @returns NaN when it is malformed or runs past `end` */
  protected int64(end: number): number {
    const bytes = this.bytes;
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      if (this.at >= end) return Number.NaN;
      const byte = bytes[this.at++]!;
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i < 9) high += bits * 2 ** (7 * (i - 4));
      else high += (bits & 1) * 2 ** 35;
      if (byte < 0x80) {
        // 28 low bits and 36 high ones; the highest is the sign.
        return (high >= 2 ** 35 ? high - 2 ** 36 : high) * 2 ** 28 + low;
      }
    }
    return Number.NaN;
  }
}

function grown<Column extends Int32Array | Float64Array | Uint8Array>(column: Column): Column {
  const larger = new (column.constructor as new (length: number) => Column)(column.length * 2);
  larger.set(column);
  return larger;
}
