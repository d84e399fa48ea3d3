import { CUSTOM_BOUNDS, type NativeHistogram } from '../histograms/native-histogram.ts';

/** More than any real histogram has: client libraries stop at a few hundred. */
const MAX_BUCKETS = 2000;
const FINEST_SCHEMA = 8;
const COARSEST_SCHEMA = -4;
/** Schemas up to here are valid, and are made coarser. */
const FINEST_VALID_SCHEMA = 52;
/** Counts that are floats may be off by their rounding. */
const ROUNDING = 1e-9;
const HINTS = ['unknown', 'reset', 'no reset', 'gauge'] as const;
const STALE_LOW = 0x00000002;
const STALE_HIGH = 0x7ff00000;

/** What is in the fields of a Histogram message, before it is known to be valid. */
interface Fields {
  count: number;
  isFloat: boolean;
  sum: number;
  isStale: boolean;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  hint: number;
  timestamp: number;
  readonly customBounds: number[];
  readonly negative: Side;
  readonly positive: Side;
}

interface Side {
  readonly spans: { readonly offset: number; readonly length: number }[];
  readonly deltas: number[];
  readonly counts: number[];
}

/** The end of a series: of such a sample only the time means something. */
export interface HistogramEnd {
  readonly isStale: true;
  readonly timestamp: number;
}

/**
 * Reads a Histogram message of remote write (prometheus/prometheus prompb/types.proto), bytes [start, end), and checks it.
 * Histograms are few, so this is plain code.
 * @throws Error that says what is wrong
 */
export function readHistogram(bytes: Uint8Array, start: number, end: number): NativeHistogram | HistogramEnd {
  const fields = readFields(bytes, start, end);
  const { timestamp, sum, zeroThreshold, zeroCount } = fields;
  if (fields.isStale) return { isStale: true, timestamp };
  const schema = checkedSchema(fields);
  const shift = schema === CUSTOM_BOUNDS ? 0 : Math.max(0, fields.schema - FINEST_SCHEMA);
  const positive = buckets(fields.positive, fields.isFloat, shift);
  const negative = buckets(fields.negative, fields.isFloat, shift);
  checkCounts(fields, [...positive.values(), ...negative.values(), zeroCount]);
  const hint = HINTS[fields.hint] ?? 'unknown';
  const { count, customBounds } = fields;
  return { timestamp, schema, count, sum, zeroThreshold, zeroCount, customBounds, positive, negative, hint };
}

function checkedSchema({ schema, customBounds, negative, positive, zeroCount, zeroThreshold }: Fields): number {
  if (schema === CUSTOM_BOUNDS) {
    const isAscending = customBounds.every((bound, i) => i === 0 || bound > customBounds[i - 1]!);
    if (!isAscending || customBounds.some((bound) => Number.isNaN(bound) || bound === Number.POSITIVE_INFINITY)) {
      throw new Error('its custom bounds do not ascend');
    }
    const length = positive.spans.reduce((sum, span) => sum + span.offset + span.length, 0);
    if (length > customBounds.length + 1 || positive.spans.some(({ offset }) => offset < 0)) {
      throw new Error('it has buckets beyond its custom bounds');
    }
    if (zeroCount !== 0 || zeroThreshold !== 0 || negative.spans.length > 0) {
      throw new Error('with custom bounds it can have neither a zero bucket nor negative ones');
    }
    return schema;
  }
  if (schema < COARSEST_SCHEMA || schema > FINEST_VALID_SCHEMA) throw new Error(`its schema ${schema} is not known`);
  if (customBounds.length > 0) throw new Error('an exponential schema has no custom bounds');
  if (!(zeroThreshold >= 0)) throw new Error('its zero threshold is not valid');
  return Math.min(schema, FINEST_SCHEMA);
}

function buckets({ spans, deltas, counts }: Side, isFloat: boolean, shift: number): Map<number, number> {
  const values = isFloat ? counts : deltas;
  if ((isFloat ? deltas : counts).length > 0) throw new Error('it mixes whole numbers and floats');
  const length = spans.reduce((sum, span) => sum + span.length, 0);
  if (length !== values.length) throw new Error('its spans and its buckets do not agree');
  const found = new Map<number, number>();
  let index = 0;
  let at = 0;
  let count = 0;
  for (const [i, span] of spans.entries()) {
    if (i > 0 && span.offset < 0) throw new Error('its spans overlap');
    index += span.offset;
    for (let n = 0; n < span.length; n++, index++) {
      count = isFloat ? values[at++]! : count + values[at++]!;
      if (!(count >= 0)) throw new Error('a bucket has a negative count');
      // 2^shift fine buckets are one of the finest that is kept.
      const coarse = shift === 0 ? index : Math.floor((index - 1) / 2 ** shift) + 1;
      found.set(coarse, (found.get(coarse) ?? 0) + count);
    }
  }
  return found;
}

function checkCounts({ count, sum, isFloat }: Fields, counts: readonly number[]): void {
  const total = counts.reduce((all, each) => all + each, 0);
  const slack = isFloat ? ROUNDING * Math.max(1, total) : 0;
  if (!(count >= 0) || !Number.isFinite(total) || !counts.every((each) => each >= 0))
    throw new Error('a count is not valid');
  // NaN was observed, which is in no bucket.
  const isRight = Number.isNaN(sum) ? total <= count + slack : Math.abs(total - count) <= slack;
  if (!isRight) throw new Error(`its buckets hold ${total} observations, but it counts ${count}`);
}

function readFields(bytes: Uint8Array, start: number, end: number): Fields {
  const side = (): Side => ({ spans: [], deltas: [], counts: [] });
  const fields: Fields = {
    count: 0,
    isFloat: false,
    sum: 0,
    isStale: false,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    hint: 0,
    timestamp: 0,
    customBounds: [],
    negative: side(),
    positive: side(),
  };
  const reader = new FieldReader(bytes, start, end);
  while (reader.next()) readField(fields, reader);
  return fields;
}

/** Wire types of the fields that are one number; those that are repeated check theirs. */
const WIRE_TYPES: Readonly<Record<number, number>> = { 1: 0, 2: 1, 3: 1, 4: 0, 5: 1, 6: 0, 7: 1, 14: 0, 15: 0 };

function readField(fields: Fields, reader: FieldReader): void {
  reader.expect(WIRE_TYPES[reader.field]);
  switch (reader.field) {
    case 1:
      fields.count = reader.unsigned();
      return;
    case 2:
      fields.count = reader.double();
      fields.isFloat = true;
      return;
    case 3:
      fields.isStale = reader.isStaleMarker();
      fields.sum = reader.double();
      return;
    case 4:
      fields.schema = zigzag(reader.varint());
      return;
    case 5:
      fields.zeroThreshold = reader.double();
      return;
    case 6:
      fields.zeroCount = reader.unsigned();
      return;
    case 7:
      fields.zeroCount = reader.double();
      return;
    case 8:
    case 11: {
      const { spans } = reader.field === 8 ? fields.negative : fields.positive;
      spans.push(readSpan(reader.message()));
      if (spans.length > MAX_BUCKETS || spans.at(-1)!.length > MAX_BUCKETS) throw tooMany();
      return;
    }
    case 9:
    case 12: {
      const { deltas } = reader.field === 9 ? fields.negative : fields.positive;
      reader.repeated(deltas, 0, (packed) => zigzag(packed.varint()));
      return;
    }
    case 10:
    case 13: {
      const { counts } = reader.field === 10 ? fields.negative : fields.positive;
      reader.repeated(counts, 1, (packed) => packed.double());
      return;
    }
    case 14:
      fields.hint = Number(reader.varint());
      return;
    case 15:
      fields.timestamp = Number(BigInt.asIntN(64, reader.varint()));
      return;
    case 16:
      reader.repeated(fields.customBounds, 1, (packed) => packed.double());
      return;
    default:
      reader.skip();
  }
}

function readSpan(reader: FieldReader) {
  let offset = 0;
  let length = 0;
  while (reader.next()) {
    if (reader.field <= 2) reader.expect(0);
    if (reader.field === 1) offset = zigzag(reader.varint());
    else if (reader.field === 2) length = reader.unsigned();
    else reader.skip();
  }
  return { offset, length };
}

function zigzag(value: bigint): number {
  return Number((value >> 1n) ^ -(value & 1n));
}

function tooMany(): Error {
  return new Error(`it has more than ${MAX_BUCKETS} buckets`);
}

/** Reads the fields of one message, one after the other. */
class FieldReader {
  field = 0;
  #wireType = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /** Moves on to the next field. @returns false at the end */
  next(): boolean {
    if (this.#at === this.#end) return false;
    const tag = Number(this.varint());
    this.field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.field === 0) throw malformed();
    return true;
  }

  /** Refuses a field that is written in another way than it should be. @param wireType undefined for any */
  expect(wireType: number | undefined): void {
    if (wireType !== undefined && wireType !== this.#wireType) throw malformed();
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#end) throw malformed();
      const byte = this.#bytes[this.#at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed();
  }

  unsigned(): number {
    return Number(this.varint());
  }

  double(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, true);
  }

  /** Whether the double that comes next is a stale marker: no arithmetic keeps the payload of a NaN. */
  isStaleMarker(): boolean {
    if (this.#at + 8 > this.#end) throw malformed();
    return (
      this.#view.getUint32(this.#at, true) === STALE_LOW && this.#view.getUint32(this.#at + 4, true) === STALE_HIGH
    );
  }

  /** The message that this field is. */
  message(): FieldReader {
    if (this.#wireType !== 2) throw malformed();
    const size = this.unsigned();
    const start = this.#take(size);
    return new FieldReader(this.#bytes, start, start + size);
  }

  /** A repeated number: several in one field, or one, of this wire type. */
  repeated(into: number[], wireType: number, read: (reader: FieldReader) => number): void {
    if (this.#wireType !== 2) {
      this.expect(wireType);
      into.push(read(this));
    } else {
      const packed = this.message();
      while (packed.#at < packed.#end && into.length <= MAX_BUCKETS) into.push(read(packed));
    }
    if (into.length > MAX_BUCKETS) throw tooMany();
  }

  skip(): void {
    if (this.#wireType === 0) this.varint();
    else if (this.#wireType === 1) this.#take(8);
    else if (this.#wireType === 2) this.message();
    else if (this.#wireType === 5) this.#take(4);
    else throw malformed();
  }

  #take(size: number): number {
    const start = this.#at;
    if (size > this.#end - start) throw malformed();
    this.#at += size;
    return start;
  }
}

function malformed(): Error {
  return new Error('its message is not valid');
}
