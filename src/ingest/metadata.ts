import { type FamilyType, METRIC_TYPES } from '../series/kinds.ts';

const MAX_FAMILY_BYTES = 1024;

/**
 * Reads the type and the family name from a MetricMetadata message ({1 enum type; 2 metric_family_name; 4 help; 5 unit}),
 * bytes [start, end). Rare and small, so plain code: a request brings them once in a minute.
 * @returns undefined when the message is malformed or names no family; metadata is advice, nothing is refused for it
 */
export function readMetadata(bytes: Uint8Array, start: number, end: number): FamilyType | undefined {
  let at = start;
  let type = 0;
  let family = '';
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift <= 28 && at < end; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return -1;
  };
  while (at < end) {
    const tag = varint();
    const wireType = tag & 7;
    const content = varint();
    if (tag < 0 || content < 0 || (wireType !== 0 && wireType !== 2)) return undefined;
    if (wireType === 0) {
      if (tag === 0x08) type = content;
      continue;
    }
    if (at + content > end) return undefined;
    if (tag === 0x12 && content <= MAX_FAMILY_BYTES) family = Buffer.from(bytes.subarray(at, at + content)).toString();
    at += content;
  }
  return family === '' ? undefined : { family, type: METRIC_TYPES[type] ?? 'unknown' };
}
