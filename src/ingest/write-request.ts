/**
 * Scanner of remote write 1.0 (`prometheus.WriteRequest`, prometheus/prometheus prompb/remote.proto and types.proto).
 * It walks the bytes once and makes no object and no string per sample: what it hands on are columns of numbers and the
 * places where the label bytes lie. What crosses this border is all that a sample has: raw label bytes, time and value.
 */

/** Sample flags. */
export const STALE = 1;

const STALE_LOW = 0x00000002;
const STALE_HIGH = 0x7ff00000;

/** Wire types of protobuf. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** The series and samples of one request, as columns. Reused: valid until the next scan. */
export interface RawBatch {
  /** Label bytes of series i are buffer[labelsStart[i], labelsEnd[i]): a run of `0a <length> <Label>` fields. */
  labelsStart: Int32Array;
  labelsEnd: Int32Array;
  /** Samples of series i are those from samplesEnd[i - 1] (0 for the first) up to samplesEnd[i]. */
  samplesEnd: Int32Array;
  seriesCount: number;
  values: Float64Array;
  /** Milliseconds since the epoch. */
  timestamps: Float64Array;
  flags: Uint8Array;
  sampleCount: number;
  /** Where MetricMetadata messages lie: start and end, alternating. */
  metadata: number[];
  exemplarCount: number;
  /** Native histograms: index of the series, start and end of the message in `bytes`, three numbers each. */
  histograms: Int32Array;
  histogramCount: number;
  readonly bytes: Uint8Array;
}

function createRawBatch(bytes: Uint8Array): RawBatch {
  const capacity = 4096;
  return {
    labelsStart: new Int32Array(capacity),
    labelsEnd: new Int32Array(capacity),
    samplesEnd: new Int32Array(capacity),
    seriesCount: 0,
    values: new Float64Array(capacity),
    timestamps: new Float64Array(capacity),
    flags: new Uint8Array(capacity),
    sampleCount: 0,
    metadata: [],
    exemplarCount: 0,
    histograms: new Int32Array(3 * 64),
    histogramCount: 0,
    bytes,
  };
}

export class WriteRequestScanner {
  readonly batch: RawBatch;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where the next byte is read. */
  #at = 0;
  /** Labels that other fields interrupt are gathered behind the message, so that they lie in one run like all others. */
  #gatherAt = 0;

  /** @param buffer holds the message from offset 0 on, and as many spare bytes behind it as the message may be long */
  constructor(buffer: Uint8Array<ArrayBuffer>) {
    this.#bytes = buffer;
    this.batch = createRawBatch(buffer);
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  /**
   * Scans the first `length` bytes of the buffer into `batch`.
   * @returns undefined, or what is wrong with the message; the batch must not be used then
   */
  scan(length: number): string | undefined {
    const batch = this.batch;
    batch.seriesCount = 0;
    batch.sampleCount = 0;
    batch.metadata.length = 0;
    batch.exemplarCount = 0;
    batch.histogramCount = 0;
    this.#gatherAt = length;
    const bytes = this.#bytes;
    this.#at = 0;
    while (this.#at < length) {
      const tag = bytes[this.#at]!;
      if (tag === 0x0a || tag === 0x1a) {
        this.#at++;
        const size = this.#varint(length);
        const start = this.#at;
        const end = start + size;
        if (size < 0 || end > length) return `a message of the request runs past the end, at byte ${start}`;
        if (tag === 0x1a) batch.metadata.push(start, end);
        else if (!this.#commonSeries(start, end) && !this.#anySeries(start, end)) {
          return `a TimeSeries that starts at byte ${start} is not valid`;
        }
        this.#at = end;
      } else if (!this.#skipField(length)) {
        return `an unknown field is not valid, at byte ${this.#at}`;
      }
    }
    return undefined;
  }

  /**
   * The form that nearly all series have: labels shorter than 128 bytes, then one sample with a time after 1970 and
   * before 2109, and nothing else. It is worth a function of its own, without calls and without fields in its loop.
   * @returns false when the series is of another form, or malformed; nothing has been added then
   */
  #commonSeries(start: number, end: number): boolean {
    const bytes = this.#bytes;
    let at = start;
    while (at < end && bytes[at] === 0x0a) {
      const size = bytes[at + 1]!;
      if (size >= 0x80) return false;
      at += 2 + size;
    }
    const labelsEnd = at;
    if (at >= end || bytes[at] !== 0x12 || at + 2 + bytes[at + 1]! !== end) return false;
    at += 2;
    let valueAt = -1;
    if (bytes[at] === 0x09) {
      valueAt = at + 1;
      at += 9;
    }
    // A varint of six bytes: 2^35 to 2^42 milliseconds.
    if (at + 7 !== end || bytes[at] !== 0x10 || bytes[end - 1]! >= 0x80) return false;
    const continued = bytes[at + 1]! & bytes[at + 2]! & bytes[at + 3]! & bytes[at + 4]! & bytes[at + 5]! & 0x80;
    if (continued === 0) return false;
    const low =
      (bytes[at + 1]! & 0x7f) |
      ((bytes[at + 2]! & 0x7f) << 7) |
      ((bytes[at + 3]! & 0x7f) << 14) |
      ((bytes[at + 4]! & 0x7f) << 21);
    const timestamp = low + ((bytes[at + 5]! & 0x7f) | (bytes[at + 6]! << 7)) * 2 ** 28;
    this.#addSample(valueAt, timestamp);
    this.#addSeries(start, labelsEnd);
    return true;
  }

  /** A series in any form that protobuf allows. @returns false when it is malformed */
  #anySeries(start: number, end: number): boolean {
    const bytes = this.#bytes;
    const batch = this.batch;
    const firstSample = batch.sampleCount;
    const firstHistogram = batch.histogramCount;
    let labelsStart = start;
    let at = start;
    while (at < end && bytes[at] === 0x0a) {
      this.#at = at + 1;
      const size = this.#varint(end);
      at = this.#at + size;
      if (size < 0 || at > end) return false;
    }
    let labelsEnd = at;
    while (at < end) {
      const tag = bytes[at]!;
      this.#at = at + 1;
      if (tag === 0x12 || tag === 0x0a || tag === 0x1a || tag === 0x22) {
        const size = this.#varint(end);
        const fieldStart = this.#at;
        const fieldEnd = fieldStart + size;
        if (size < 0 || fieldEnd > end) return false;
        if (tag === 0x12) {
          if (!this.#sample(fieldStart, fieldEnd)) return false;
        } else if (tag === 0x0a) {
          const gatheredStart = this.#gather(labelsStart, labelsEnd);
          labelsEnd = this.#append(at, fieldEnd);
          labelsStart = gatheredStart;
        } else if (tag === 0x1a) batch.exemplarCount++;
        else this.#addHistogram(fieldStart, fieldEnd);
        at = fieldEnd;
      } else {
        this.#at = at;
        if (!this.#skipField(end)) return false;
        at = this.#at;
      }
    }
    if (batch.sampleCount > firstSample || batch.histogramCount > firstHistogram)
      this.#addSeries(labelsStart, labelsEnd);
    return true;
  }

  /** Copies the labels found so far behind the message, unless they are there already. */
  #gather(labelsStart: number, labelsEnd: number): number {
    if (labelsEnd === this.#gatherAt && labelsStart !== labelsEnd) return labelsStart;
    const start = this.#gatherAt;
    this.#append(labelsStart, labelsEnd);
    return start;
  }

  #append(from: number, to: number): number {
    this.#bytes.copyWithin(this.#gatherAt, from, to);
    this.#gatherAt += to - from;
    return this.#gatherAt;
  }

  #sample(start: number, end: number): boolean {
    const bytes = this.#bytes;
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
        this.#at = at + 1;
        timestamp = this.#int64(end);
        if (Number.isNaN(timestamp)) return false;
        at = this.#at;
      } else {
        this.#at = at;
        if (!this.#skipField(end)) return false;
        at = this.#at;
      }
    }
    this.#addSample(valueAt, timestamp);
    return true;
  }

  /** @param valueAt where the 8 bytes of the value lie; -1 when the field is left out, as proto3 does with a 0 */
  #addSample(valueAt: number, timestamp: number): void {
    const batch = this.batch;
    const index = batch.sampleCount++;
    if (index === batch.values.length) this.#growSamples();
    const value = valueAt < 0 ? 0 : this.#view.getFloat64(valueAt, true);
    batch.values[index] = value;
    batch.timestamps[index] = timestamp;
    batch.flags[index] = Number.isNaN(value) ? this.#flags(valueAt) : 0;
  }

  /** A NaN may lose its payload in any arithmetic, so the stale marker is told from other NaNs by its two words. */
  #flags(valueAt: number): number {
    const isStale =
      this.#view.getUint32(valueAt, true) === STALE_LOW && this.#view.getUint32(valueAt + 4, true) === STALE_HIGH;
    return isStale ? STALE : 0;
  }

  /** A histogram of the series that will be added next. */
  #addHistogram(start: number, end: number): void {
    const batch = this.batch;
    const at = 3 * batch.histogramCount++;
    if (at === batch.histograms.length) batch.histograms = grown(batch.histograms);
    batch.histograms[at] = batch.seriesCount;
    batch.histograms[at + 1] = start;
    batch.histograms[at + 2] = end;
  }

  #addSeries(labelsStart: number, labelsEnd: number): void {
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
  #skipField(end: number): boolean {
    const tag = this.#varint(end);
    if (tag < 8) return false;
    switch (tag & 7) {
      case VARINT:
        return !Number.isNaN(this.#int64(end));
      case FIXED64:
        this.#at += 8;
        break;
      case BYTES: {
        const size = this.#varint(end);
        if (size < 0) return false;
        this.#at += size;
        break;
      }
      case FIXED32:
        this.#at += 4;
        break;
      default:
        return false;
    }
    return this.#at <= end;
  }

  /** Reads a length or a tag: at most 2^31 - 1, in at most 5 bytes. @returns -1 when it is malformed or runs past `end` */
  #varint(end: number): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (this.#at >= end) return -1;
      const byte = bytes[this.#at++]!;
      if (shift === 28 && byte > 7) return -1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return -1;
  }

  /** Reads an int64 as a double: exact up to 2^53. @returns NaN when it is malformed or runs past `end` */
  #int64(end: number): number {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= end) return Number.NaN;
      const byte = bytes[this.#at++]!;
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
