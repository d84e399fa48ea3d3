import { compareBytes, createLabels, type Labels, METRIC_NAME } from '../model/labels.ts';

/** Limits of one series' labels. What exceeds them is a mistake or an attack; real series stay far below. */
export const LABEL_LIMITS = { count: 128, nameBytes: 1024, valueBytes: 16_384, totalBytes: 65_536 } as const;

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

/**
 * Reads labels from their wire form, a run of `0a <length> <Label{1 name, 2 value}>` fields, and checks them.
 * @param drop label that is left out: two replicas of one Prometheus speak of the same series
 * @returns the label set, sorted and without empty values, or why it is refused
 */
export function readLabels(bytes: Uint8Array, start: number, end: number, drop: string): Labels | LabelFault {
  if (end - start > LABEL_LIMITS.totalBytes) {
    return fault(
      'labels_too_long',
      `a series has ${end - start} bytes of labels, at most ${LABEL_LIMITS.totalBytes} are taken`,
    );
  }
  const pairs = readPairs(bytes, start, end);
  if (!Array.isArray(pairs)) return pairs as LabelFault;
  return checkPairs(pairs.filter(([name, value]) => name !== drop && value !== ''));
}

/** Reads labels that were written by `writeLabels`, so nothing can be wrong with them. */
export function readOwnLabels(bytes: Uint8Array, start: number, end: number): Labels {
  return new Map(readPairs(bytes, start, end) as Pair[]);
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

function checkPairs(pairs: Pair[]): Labels | LabelFault {
  const names = new Set<string>();
  for (const [name] of pairs) {
    if (name === '') return fault('empty_label_name', 'a label has an empty name');
    if (names.has(name)) return fault('duplicate_label_name', `the label ${shown(name)} occurs twice in one series`);
    names.add(name);
  }
  if (!names.has(METRIC_NAME)) return fault('missing_metric_name', 'a series has no metric name (label __name__)');
  return isSorted(pairs) ? new Map(pairs) : createLabels(pairs);
}

function isSorted(pairs: Pair[]): boolean {
  return pairs.every(([name], index) => index === 0 || compareBytes(pairs[index - 1]![0], name) < 0);
}

function readPairs(bytes: Uint8Array, start: number, end: number): Pair[] | LabelFault {
  const pairs: Pair[] = [];
  const cursor = { at: start };
  while (cursor.at < end) {
    cursor.at++;
    const size = readLength(bytes, cursor, end);
    const pair = size < 0 ? MALFORMED : readPair(bytes, cursor.at, cursor.at + size);
    if (!Array.isArray(pair)) return pair as LabelFault;
    pairs.push(pair as unknown as Pair);
    if (pairs.length > LABEL_LIMITS.count) {
      return fault('too_many_labels', `a series has more than ${LABEL_LIMITS.count} labels`);
    }
    cursor.at += size;
  }
  return pairs;
}

function readPair(bytes: Uint8Array, start: number, end: number): Pair | LabelFault {
  let name = '';
  let value = '';
  const cursor = { at: start };
  while (cursor.at < end) {
    const tag = bytes[cursor.at++]!;
    if (tag !== 0x0a && tag !== 0x12) return MALFORMED;
    const size = readLength(bytes, cursor, end);
    if (size < 0) return MALFORMED;
    if (tag === 0x0a && size > LABEL_LIMITS.nameBytes) {
      return fault(
        'label_name_too_long',
        `a label name is ${size} bytes long, at most ${LABEL_LIMITS.nameBytes} are taken`,
      );
    }
    if (size > LABEL_LIMITS.valueBytes) {
      return fault(
        'label_value_too_long',
        `a value of the label ${shown(name)} is ${size} bytes long, at most ${LABEL_LIMITS.valueBytes} are taken`,
      );
    }
    const text = decode(bytes, cursor.at, cursor.at + size);
    if (text === undefined) return fault('invalid_utf8', 'a label name or value is not valid UTF-8');
    if (tag === 0x0a) name = text;
    else value = text;
    cursor.at += size;
  }
  return [name, value];
}

const MALFORMED = fault('labels_malformed', 'a label is not a valid protobuf message');

function readLength(bytes: Uint8Array, cursor: { at: number }, end: number): number {
  let value = 0;
  for (let shift = 0; shift <= 21; shift += 7) {
    if (cursor.at >= end) return -1;
    const byte = bytes[cursor.at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return cursor.at + value <= end ? value : -1;
  }
  return -1;
}

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
