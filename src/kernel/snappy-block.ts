/**
 * Strict decoder of the snappy block format (github.com/google/snappy, format_description.txt), into a buffer that the
 * caller reuses. Strict means: what is produced has exactly the declared length, no copy reaches before the first byte,
 * no element runs past the input, and nothing follows the last element.
 *
 * Both buffers have to be SLACK bytes longer than what is used of them, because data is moved in words of 8 bytes. Words
 * are moved as 64-bit integers: V8 makes no BigInt of a word that goes from one view to another, and unlike a float an
 * integer keeps its bits whatever they mean.
 */
export const SLACK = 64;

/** What can be wrong with a block. */
export type SnappyFault = 'truncated' | 'too large' | 'corrupt';

/** Largest length that the format can declare is 2^32 - 1, in 5 bytes. */
const MAX_PREFIX_BYTES = 5;

export interface DecodedBlock {
  /** Decoded length in bytes; meaningless when there is a fault. */
  length: number;
  fault: SnappyFault | undefined;
}

export class SnappyDecoder {
  /** Decoded bytes of the latest block, valid until the next call. Owned by the decoder. */
  readonly output: Uint8Array<ArrayBuffer>;
  readonly #outputView: DataView;
  readonly #limit: number;
  readonly #result: DecodedBlock = { length: 0, fault: undefined };

  /**
   * @param limit largest decoded length, in bytes; the memory is reserved at once and becomes resident as it is used
   * @param spare bytes behind the decoded ones that the caller may use
   */
  constructor(limit: number, spare = 0) {
    this.#limit = limit;
    this.output = new Uint8Array(limit + spare + SLACK);
    this.#outputView = new DataView(this.output.buffer);
  }

  /** Decodes the first `length` bytes of `input`. The result object is reused by the next call. */
  decode(input: Uint8Array, length: number): DecodedBlock {
    const result = this.#result;
    result.length = 0;
    result.fault = undefined;
    let declared = 0;
    let at = 0;
    for (;;) {
      if (at >= length) return this.#fail('truncated');
      if (at === MAX_PREFIX_BYTES) return this.#fail('corrupt');
      const byte = input[at]!;
      declared += (byte & 0x7f) * 2 ** (7 * at);
      at++;
      if (byte < 0x80) break;
    }
    if (declared > this.#limit) return this.#fail('too large');
    const fault = this.#elements(input, at, length, declared);
    if (fault !== undefined) return this.#fail(fault);
    result.length = declared;
    return result;
  }

  #fail(fault: SnappyFault): DecodedBlock {
    this.#result.fault = fault;
    return this.#result;
  }

  #elements(input: Uint8Array, start: number, end: number, declared: number): SnappyFault | undefined {
    const output = this.output;
    const outputView = this.#outputView;
    const inputView = new DataView(input.buffer, input.byteOffset, input.byteLength);
    let at = start;
    let produced = 0;
    while (at < end) {
      // Thanks to SLACK a word can be read anywhere; what it holds of bytes behind the end is refused below.
      const word = inputView.getUint32(at, true);
      if ((word & 3) === 2) {
        // A copy with an offset of two bytes: nine of ten bytes of a request come from these, so its moves are written
        // out here. Each word is read after the one before was written, so a copy may overlap itself by anything but a
        // part of a word; what is written too much is overwritten by what comes next.
        at += 3;
        if (at > end) return 'truncated';
        const size = ((word >>> 2) & 63) + 1;
        const back = (word >>> 8) & 0xffff;
        const from = produced - back;
        const to = produced;
        produced += size;
        if (back === 0 || from < 0 || produced > declared) return 'corrupt';
        if (back < 8) {
          repeatBytes(output, from, to, size);
          continue;
        }
        outputView.setBigUint64(to, outputView.getBigUint64(from, true), true);
        outputView.setBigUint64(to + 8, outputView.getBigUint64(from + 8, true), true);
        if (size <= 16) continue;
        outputView.setBigUint64(to + 16, outputView.getBigUint64(from + 16, true), true);
        outputView.setBigUint64(to + 24, outputView.getBigUint64(from + 24, true), true);
        if (size <= 32) continue;
        outputView.setBigUint64(to + 32, outputView.getBigUint64(from + 32, true), true);
        outputView.setBigUint64(to + 40, outputView.getBigUint64(from + 40, true), true);
        if (size <= 48) continue;
        outputView.setBigUint64(to + 48, outputView.getBigUint64(from + 48, true), true);
        outputView.setBigUint64(to + 56, outputView.getBigUint64(from + 56, true), true);
        continue;
      }
      const tag = word & 0xff;
      at++;
      let length: number;
      let offset: number;
      if ((tag & 3) === 0) {
        length = (tag >>> 2) + 1;
        if (length > 60) {
          const bytes = length - 60;
          if (at + bytes > end) return 'truncated';
          length = 0;
          for (let i = 0; i < bytes; i++) length += input[at + i]! * 2 ** (8 * i);
          length++;
          at += bytes;
        }
        if (at + length > end) return 'truncated';
        if (produced + length > declared) return 'corrupt';
        if (length <= 128) {
          const stop = at + length;
          for (let from = at, to = produced; from < stop; from += 8, to += 8) {
            outputView.setBigUint64(to, inputView.getBigUint64(from, true), true);
          }
        } else {
          output.set(input.subarray(at, at + length), produced);
        }
        at += length;
        produced += length;
        continue;
      }
      if ((tag & 3) === 1) {
        if (at + 1 > end) return 'truncated';
        length = ((tag >>> 2) & 7) + 4;
        offset = ((tag & 0xe0) << 3) | input[at++]!;
      } else {
        if (at + 4 > end) return 'truncated';
        length = (tag >>> 2) + 1;
        offset = (input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24)) >>> 0;
        at += 4;
      }
      if (offset === 0 || offset > produced || produced + length > declared) return 'corrupt';
      repeatBytes(output, produced - offset, produced, length);
      produced += length;
    }
    return produced === declared ? undefined : 'truncated';
  }
}

/** A copy byte by byte, which repeats a pattern when it overlaps itself, as the format wants it. */
function repeatBytes(bytes: Uint8Array, from: number, to: number, length: number): void {
  for (let i = 0; i < length; i++) bytes[to + i] = bytes[from + i]!;
}
