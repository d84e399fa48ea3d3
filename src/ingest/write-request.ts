import { MessageScanner } from './message-scanner.ts';

/**
 * Scanner of remote write 1.0 (`prometheus.WriteRequest`, prometheus/prometheus prompb/remote.proto and types.proto).
 * It walks the bytes once and makes no object and no string per sample: what it hands on are columns of numbers and the
 * places where the label bytes lie. What crosses this border is all that a sample has: raw label bytes, time and value.
 */
export class WriteRequestScanner extends MessageScanner {
  /**
   * Scans the first `length` bytes of the buffer into `batch`.
   * @returns undefined, or what is wrong with the message; the batch must not be used then
   */
  scan(length: number): string | undefined {
    this.begin(length);
    const { bytes, batch } = this;
    while (this.at < length) {
      const tag = bytes[this.at]!;
      if (tag === 0x0a || tag === 0x1a) {
        this.at++;
        const size = this.varint(length);
        const start = this.at;
        const end = start + size;
        if (size < 0 || end > length) return `a message of the request runs past the end, at byte ${start}`;
        if (tag === 0x1a) batch.metadata.push(start, end);
        else if (!this.#commonSeries(start, end) && !this.#anySeries(start, end)) {
          return `a TimeSeries that starts at byte ${start} is not valid`;
        }
        this.at = end;
      } else if (!this.skipField(length)) {
        return `an unknown field is not valid, at byte ${this.at}`;
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
    const bytes = this.bytes;
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
    this.addSample(valueAt, timestamp);
    this.addSeries(start, labelsEnd);
    return true;
  }

  /** A series in any form that protobuf allows. @returns false when it is malformed */
  #anySeries(start: number, end: number): boolean {
    const bytes = this.bytes;
    const batch = this.batch;
    const firstSample = batch.sampleCount;
    const firstHistogram = batch.histogramCount;
    let labelsStart = start;
    let at = start;
    while (at < end && bytes[at] === 0x0a) {
      this.at = at + 1;
      const size = this.varint(end);
      at = this.at + size;
      if (size < 0 || at > end) return false;
    }
    let labelsEnd = at;
    while (at < end) {
      const tag = bytes[at]!;
      this.at = at + 1;
      if (tag === 0x12 || tag === 0x0a || tag === 0x1a || tag === 0x22) {
        const size = this.varint(end);
        const fieldStart = this.at;
        const fieldEnd = fieldStart + size;
        if (size < 0 || fieldEnd > end) return false;
        if (tag === 0x12) {
          if (!this.sample(fieldStart, fieldEnd)) return false;
        } else if (tag === 0x0a) {
          const gatheredStart = this.#gather(labelsStart, labelsEnd);
          labelsEnd = this.#append(at, fieldEnd);
          labelsStart = gatheredStart;
        } else if (tag === 0x1a) batch.exemplarCount++;
        else this.addHistogram(fieldStart, fieldEnd);
        at = fieldEnd;
      } else {
        this.at = at;
        if (!this.skipField(end)) return false;
        at = this.at;
      }
    }
    if (batch.sampleCount > firstSample || batch.histogramCount > firstHistogram)
      this.addSeries(labelsStart, labelsEnd);
    return true;
  }

  /** Copies the labels found so far behind the message, unless they are there already. */
  #gather(labelsStart: number, labelsEnd: number): number {
    if (labelsEnd === this.gatherAt && labelsStart !== labelsEnd) return labelsStart;
    const start = this.gatherAt;
    this.#append(labelsStart, labelsEnd);
    return start;
  }

  #append(from: number, to: number): number {
    this.bytes.copyWithin(this.gatherAt, from, to);
    this.gatherAt += to - from;
    return this.gatherAt;
  }
}
