import { compareBytes, createLabels, type Labels, METRIC_NAME } from '../model/labels.ts';

/** Limits of one series' labels. What exceeds them is a mistake or an attack; real series stay far below. */
const LABEL_LIMITS = { count: 128, nameBytes: 1024, valueBytes: 16_384, totalBytes: 65_536 } as const;

/** The bytes of one series' labels, written anew, are never longer than this. */
export const MAX_WRITTEN_LABEL_BYTES = 2 * LABEL_LIMITS.totalBytes;

/** Why labels were refused: a name for metrics, and a sentence for the sender. */
export interface LabelFault {
  readonly reason:
    | 'labels_malformed'
    | 'invalid_utf8'
    | 'missing_metric_name'
    | 'empty_label_name'
    | 'duplicate_label_name'
    | 'too_many_labels'
    | 'label_name_too_long'
    | 'label_value_too_long'
    | 'labels_too_long';
  readonly sentence: string;
}

type Pair = readonly [name: string, value: string];

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Labels that were read from their wire form. */
export interface ReadLabels {
  readonly labels: Labels;
  /** The bytes that `writeLabels` would give; those that were read when they are the same. */
  readonly bytes: Uint8Array;
}

/**
 * Reads labels from their wire form, a run of `0a <length> <Label{1 name, 2 value}>` fields, and checks them.
 * @param drop label that is left out: two replicas of one Prometheus speak of the same series
 * @returns the label set, sorted and without empty values, or why it is refused
 */
export function readLabels(bytes: Uint8Array, start: number, end: number, drop: string): ReadLabels | LabelFault {
  if (end - start > LABEL_LIMITS.totalBytes) {
    return fault(
      'labels_too_long',
      `a series has ${end - start} bytes of labels, at most ${LABEL_LIMITS.totalBytes} are taken`,
    );
  }
  const reader = new PairReader(bytes);
  const unreadable = reader.read(start, end);
  if (unreadable !== undefined) return unreadable;
  const kept = reader.pairs.filter(([name, value]) => name !== drop && value !== '');
  const isSorted = kept.every(([name], index) => index === 0 || compareBytes(kept[index - 1]![0], name) < 0);
  const wrong = checkNames(kept, isSorted);
  if (wrong !== undefined) return wrong;
  const labels = isSorted ? new Map(kept) : createLabels(kept);
  const isCanonical = isSorted && reader.isPlain && kept.length === reader.pairs.length;
  return { labels, bytes: isCanonical ? bytes.subarray(start, end) : writeLabels(labels) };
}

/** Reads labels that were written by `writeLabels`, so nothing can be wrong with them. */
export function readOwnLabels(bytes: Uint8Array, start: number, end: number): Labels {
  const reader = new PairReader(bytes);
  reader.read(start, end);
  return new Map(reader.pairs);
}

/** The metric name among labels that were written by `writeLabels`; empty when there is none. */
export function readOwnMetricName(bytes: Uint8Array): string {
  const reader = new PairReader(bytes);
  // Only upper-case label names come before it.
  for (let at = 0; at < bytes.length; at = reader.end) {
    const pair = reader.readOne(at, bytes.length);
    if (pair === undefined) break;
    if (pair[0] === METRIC_NAME) return pair[1];
  }
  return '';
}

/**
 * Copies labels that were written by `writeLabels`, but for those with one of these names.
 * @param names in UTF-8. @param into room for all of `bytes`
 * @returns how many bytes were copied
 */
export function copyLabelsWithout(bytes: Uint8Array, names: readonly Uint8Array[], into: Uint8Array): number {
  let written = 0;
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    const content = lengthAt(bytes, start + 1);
    end = content.end + content.length;
    const name = lengthAt(bytes, content.end + 1);
    const isDropped = names.some(
      (each) => each.length === name.length && each.every((byte, i) => byte === bytes[name.end + i]),
    );
    if (isDropped) continue;
    into.set(bytes.subarray(start, end), written);
    written += end - start;
  }
  return written;
}

/** A length as `writeLabels` writes it, and where it ends. */
function lengthAt(bytes: Uint8Array, start: number): { readonly length: number; readonly end: number } {
  let length = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { length, end: at };
  }
}

/** The wire form of a label set, in its order. Two equal label sets have equal bytes. */
export function writeLabels(labels: Labels): Uint8Array {
  const parts: Buffer[] = [];
  for (const [name, value] of labels) {
    const nameField = field(0x0a, Buffer.from(name));
    const valueField = field(0x12, Buffer.from(value));
    parts.push(field(0x0a, Buffer.concat([nameField, valueField])));
  }
  return Buffer.concat(parts);
}

function field(tag: number, content: Buffer): Buffer {
  const prefix = [tag];
  let length = content.length;
  for (; length >= 0x80; length >>>= 7) prefix.push((length & 0x7f) | 0x80);
  prefix.push(length);
  return Buffer.concat([Buffer.from(prefix), content]);
}

function checkNames(pairs: readonly Pair[], isSorted: boolean): LabelFault | undefined {
  const names = new Set<string>();
  let hasMetricName = false;
  for (const [name] of pairs) {
    if (name === '') return fault('empty_label_name', 'a label has an empty name');
    if (name === METRIC_NAME) hasMetricName = true;
    // In ascending order nothing can occur twice.
    if (isSorted) continue;
    if (names.has(name)) return fault('duplicate_label_name', `the label ${shown(name)} occurs twice in one series`);
    names.add(name);
  }
  return hasMetricName ? undefined : fault('missing_metric_name', 'a series has no metric name (label __name__)');
}

/** Reads Label messages one after the other. */
class PairReader {
  readonly pairs: Pair[] = [];
  /** Whether every label was written as `writeLabels` does it: name, value, and lengths in as few bytes as possible. */
  isPlain = true;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Where the latest label ended. */
  get end(): number {
    return this.#at;
  }

  /** Reads the label that begins at `start`. */
  readOne(start: number, end: number): Pair | undefined {
    this.#at = start + 1;
    const size = this.#length(end);
    const isReadable = size >= 0 && this.#pair(this.#at + size) === undefined;
    return isReadable ? this.pairs.pop() : undefined;
  }

  read(start: number, end: number): LabelFault | undefined {
    this.#at = start;
    while (this.#at < end) {
      if (this.pairs.length === LABEL_LIMITS.count) {
        return fault('too_many_labels', `a series has more than ${LABEL_LIMITS.count} labels`);
      }
      this.#at++;
      const size = this.#length(end);
      if (size < 0) return MALFORMED;
      const wrong = this.#pair(this.#at + size);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  #pair(end: number): LabelFault | undefined {
    let name = '';
    let value = '';
    let fields = 0;
    while (this.#at < end) {
      const tag = this.#bytes[this.#at++]!;
      if (tag !== 0x0a && tag !== 0x12) return MALFORMED;
      const size = this.#length(end);
      if (size < 0) return MALFORMED;
      const limit = tag === 0x0a ? LABEL_LIMITS.nameBytes : LABEL_LIMITS.valueBytes;
      if (size > limit) return tooLong(tag === 0x0a ? undefined : name, size, limit);
      const text = decode(this.#bytes, this.#at, this.#at + size);
      if (text === undefined) return fault('invalid_utf8', 'a label name or value is not valid UTF-8');
      if (tag === 0x0a) name = text;
      else value = text;
      if (fields++ !== (tag === 0x0a ? 0 : 1)) this.isPlain = false;
      this.#at += size;
    }
    if (fields !== 2) this.isPlain = false;
    this.pairs.push([name, value]);
    return undefined;
  }

  /** Reads a length. @returns -1 when it is malformed or leads past `end` */
  #length(end: number): number {
    let value = 0;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= end) return -1;
      const byte = this.#bytes[this.#at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) this.isPlain = false;
        return this.#at + value <= end ? value : -1;
      }
    }
    return -1;
  }
}

function tooLong(name: string | undefined, size: number, limit: number): LabelFault {
  return name === undefined
    ? fault('label_name_too_long', `a label name is ${size} bytes long, at most ${limit} are taken`)
    : fault(
        'label_value_too_long',
        `a value of the label ${shown(name)} is ${size} bytes long, at most ${limit} are taken`,
      );
}

const MALFORMED = fault(
  'labels_malformed',
  'a label is not a valid protobuf message (of remote write 2.0: its references lead nowhere, or are odd in number)',
);

/** ASCII is nearly all there is, and short: made from its bytes at once it is faster than through a TextDecoder. */
function decode(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= 64) {
    let at = start;
    let text = '';
    while (at < end && bytes[at]! < 0x80) text += String.fromCharCode(bytes[at++]!);
    if (at === end) return text;
  }
  try {
    return strict.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

function fault(reason: LabelFault['reason'], sentence: string): LabelFault {
  return { reason, sentence };
}

function shown(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
