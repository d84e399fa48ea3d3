import { SLACK } from '../kernel/kernel.ts';
import { MessageScanner } from './message-scanner.ts';

const METRIC_NAME_BYTES = Buffer.from('__name__');
/** A run of label bytes that can't be read: what stands for labels whose references are wrong. */
const UNREADABLE = 0x0a;

/**
 * Scanner of remote write 2.0 (`io.prometheus.write.v2.Request`, prometheus/prometheus prompb/io/prometheus/write/v2/types.proto).
 * A request brings each string once, and series refer to them. Labels are written out behind the message in the form of
 * 1.0, so that a series is the same one in both versions and everything behind this border knows one form only; so are
 * the types of metrics, once for each name. Start timestamps (of either release candidate), help and unit are skipped.
 */
export class WriteRequestV2Scanner extends MessageScanner {
  /** Symbol i is bytes[symbols[2 i], symbols[2 i + 1]). */
  #symbols = new Int32Array(2 * 4096);
  #symbolCount = 0;
  /** Series i is bytes[series[2 i], series[2 i + 1]): symbols may come after those who refer to them. */
  #series = new Int32Array(2 * 4096);
  #seriesCount = 0;
  /** The symbol `__name__`. */
  #nameSymbol = -1;
  /** Symbols whose type this request has told: metric names. */
  readonly #typed = new Set<number>();

  // The series that is being read.
  /** A label name whose value has not been seen yet. */
  #pendingName = -1;
  #metricSymbol = -1;
  #hasBadReference = false;

  /**
   * Scans the first `length` bytes of the buffer into `batch`.
   * @returns undefined, or what is wrong with the message; the batch must not be used then
   */
  scan(length: number): string | undefined {
    this.begin(length);
    this.#symbolCount = 0;
    this.#seriesCount = 0;
    this.#nameSymbol = -1;
    this.#typed.clear();
    const fault = this.#findParts(length);
    if (fault !== undefined) return fault;
    for (let i = 0; i < this.#seriesCount; i++) {
      const start = this.#series[2 * i]!;
      if (!this.#readSeries(start, this.#series[2 * i + 1]!))
        return `a TimeSeries that starts at byte ${start} is not valid`;
      if (this.gatherAt < 0) return 'its labels, written out, are too long: send fewer samples in a request';
    }
    return undefined;
  }

  /** Finds where symbols and series lie. @returns what is wrong */
  #findParts(length: number): string | undefined {
    const { bytes } = this;
    while (this.at < length) {
      const tag = bytes[this.at]!;
      if (tag === 0x22 || tag === 0x2a) {
        this.at++;
        const size = this.varint(length);
        const start = this.at;
        const end = start + size;
        if (size < 0 || end > length) return `a message of the request runs past the end, at byte ${start}`;
        if (tag === 0x22) this.#addSymbol(start, end);
        else this.#series = put(this.#series, this.#seriesCount++, start, end);
        this.at = end;
      } else if (!this.skipField(length)) {
        return `an unknown field is not valid, at byte ${this.at}`;
      }
    }
    return undefined;
  }

  #addSymbol(start: number, end: number): void {
    const index = this.#symbolCount++;
    this.#symbols = put(this.#symbols, index, start, end);
    const isName =
      this.#nameSymbol < 0 &&
      end - start === METRIC_NAME_BYTES.length &&
      METRIC_NAME_BYTES.every((byte, i) => this.bytes[start + i] === byte);
    if (isName) this.#nameSymbol = index;
  }

  /** @returns false when the series is malformed; references that lead nowhere are for the series alone to answer for */
  #readSeries(start: number, end: number): boolean {
    const { batch, bytes } = this;
    const firstSample = batch.sampleCount;
    const firstHistogram = batch.histogramCount;
    const labelsStart = this.gatherAt;
    let type = 0;
    this.#pendingName = -1;
    this.#metricSymbol = -1;
    this.#hasBadReference = false;
    this.at = start;
    while (this.at < end) {
      const tag = bytes[this.at]!;
      if (tag === 0x0a || tag === 0x12 || tag === 0x1a || tag === 0x22 || tag === 0x2a) {
        this.at++;
        const size = this.varint(end);
        const fieldStart = this.at;
        const fieldEnd = fieldStart + size;
        if (size < 0 || fieldEnd > end) return false;
        if (tag === 0x0a) {
          if (!this.#readReferences(fieldEnd)) return false;
        } else if (tag === 0x12) {
          if (!this.sample(fieldStart, fieldEnd)) return false;
        } else if (tag === 0x1a) this.addHistogram(fieldStart, fieldEnd);
        else if (tag === 0x22) batch.exemplarCount++;
        else {
          type = this.#readType(fieldEnd);
          if (type < 0) return false;
        }
        this.at = fieldEnd;
      } else if (tag === 0x08) {
        // References that are not packed.
        this.at++;
        const symbol = this.#uint32(end);
        if (symbol < 0) return false;
        this.#takeReference(symbol);
      } else if (!this.skipField(end)) {
        return false;
      }
    }
    const labelsEnd = this.gatherAt;
    if (type > 0) this.#tellType(type);
    if (batch.sampleCount === firstSample && batch.histogramCount === firstHistogram) return true;
    if (this.#hasBadReference || this.#pendingName >= 0) {
      if (this.#hasRoom(1)) this.bytes[this.gatherAt++] = UNREADABLE;
      this.addSeries(this.gatherAt - 1, this.gatherAt);
    } else {
      this.addSeries(labelsStart, labelsEnd);
    }
    return true;
  }

  #readReferences(end: number): boolean {
    const { bytes } = this;
    while (this.at < end) {
      let symbol = bytes[this.at]!;
      if (symbol < 0x80) this.at++;
      else {
        symbol = this.#uint32(end);
        if (symbol < 0) return false;
      }
      this.#takeReference(symbol);
    }
    return true;
  }

  /** Reads what the sender may write in up to ten bytes, of which the lowest 32 bits count. @returns -1 when it is malformed */
  #uint32(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) return -1;
      const byte = this.bytes[this.at++]!;
      if (shift <= 28) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    return -1;
  }

  #takeReference(symbol: number): void {
    if (symbol >= this.#symbolCount) this.#hasBadReference = true;
    else if (this.#pendingName < 0) this.#pendingName = symbol;
    else {
      if (this.#pendingName === this.#nameSymbol) this.#metricSymbol = symbol;
      this.#writeLabel(this.#pendingName, symbol);
      this.#pendingName = -1;
    }
  }

  /** Writes a Label field of 1.0. An empty value means that there is no such label. */
  #writeLabel(nameSymbol: number, valueSymbol: number): void {
    const symbols = this.#symbols;
    const nameStart = symbols[2 * nameSymbol]!;
    const nameEnd = symbols[2 * nameSymbol + 1]!;
    const valueStart = symbols[2 * valueSymbol]!;
    const valueEnd = symbols[2 * valueSymbol + 1]!;
    if (valueStart === valueEnd) return;
    const nameSize = nameEnd - nameStart;
    const valueSize = valueEnd - valueStart;
    const size = 2 + lengthSize(nameSize) + nameSize + lengthSize(valueSize) + valueSize;
    if (!this.#hasRoom(1 + lengthSize(size) + size)) return;
    this.#writeTag(0x0a, size);
    this.#writeTag(0x0a, nameSize);
    this.#copy(nameStart, nameEnd);
    this.#writeTag(0x12, valueSize);
    this.#copy(valueStart, valueEnd);
  }

  /** Whether so many bytes can still be written; when not, `gatherAt` becomes negative for the rest of the request. */
  #hasRoom(size: number): boolean {
    if (this.gatherAt >= 0 && this.gatherAt + size <= this.bytes.length - SLACK) return true;
    this.gatherAt = -1;
    return false;
  }

  #writeTag(tag: number, size: number): void {
    const { bytes } = this;
    bytes[this.gatherAt++] = tag;
    let rest = size;
    for (; rest >= 0x80; rest >>>= 7) bytes[this.gatherAt++] = (rest & 0x7f) | 0x80;
    bytes[this.gatherAt++] = rest;
  }

  /** Copies words: up to three bytes too many are overwritten by what comes next, or lie in the room behind the last. */
  #copy(from: number, to: number): void {
    const { view } = this;
    const shift = this.gatherAt - from;
    for (let i = from; i < to; i += 4) view.setInt32(i + shift, view.getInt32(i, true), true);
    this.gatherAt = to + shift;
  }

  /** Reads the type in a Metadata message. @returns 0 when it is not given, -1 when the message is malformed */
  #readType(end: number): number {
    let type = 0;
    while (this.at < end) {
      if (this.bytes[this.at] === 0x08) {
        this.at++;
        type = this.#uint32(end);
        if (type < 0) return -1;
      } else if (!this.skipField(end)) {
        return -1;
      }
    }
    return type;
  }

  /** Writes a MetricMetadata message of 1.0, once for each metric name. */
  #tellType(type: number): void {
    const symbol = this.#metricSymbol;
    if (symbol < 0 || type >= 0x80 || this.#typed.has(symbol)) return;
    this.#typed.add(symbol);
    const start = this.#symbols[2 * symbol]!;
    const end = this.#symbols[2 * symbol + 1]!;
    if (!this.#hasRoom(3 + lengthSize(end - start) + end - start)) return;
    const messageStart = this.gatherAt;
    this.#writeTag(0x08, type);
    this.#writeTag(0x12, end - start);
    this.#copy(start, end);
    this.batch.metadata.push(messageStart, this.gatherAt);
  }
}

/** How many bytes a length takes as a varint. */
function lengthSize(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  return length < 0x200000 ? 3 : 4;
}

/** Puts a pair at an index into a column, which grows by doubling. */
function put(column: Int32Array<ArrayBuffer>, index: number, first: number, second: number): Int32Array<ArrayBuffer> {
  let into = column;
  if (2 * index === column.length) {
    into = new Int32Array(column.length * 2);
    into.set(column);
  }
  into[2 * index] = first;
  into[2 * index + 1] = second;
  return into;
}
