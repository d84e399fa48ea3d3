// AssemblyScript, not TypeScript: `npm run build:kernel` compiles it into kernel-wasm.ts. It does what snappy-block.ts and
// label-hash.ts do, three times as fast, because WebAssembly moves and multiplies 64 bits at once. No memory is allocated:
// the caller says where everything lies, and sees to it that 64 bytes behind each area may be read and written.

const TRUNCATED = -1;
const TOO_LARGE = -2;
const CORRUPT = -3;

/**
 * Decodes a snappy block, strictly.
 * @returns the decoded length, or one of the codes above
 */
export function decode(input: usize, length: usize, output: usize, limit: u64): i32 {
  const end = input + length;
  let at = input;
  let declared: u64 = 0;
  for (let shift: u64 = 0; ; shift += 7) {
    if (at >= end) return TRUNCATED;
    if (shift == 35) return CORRUPT;
    const byte = <u64>load<u8>(at++);
    declared |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (declared > limit) return TOO_LARGE;
  const stop = output + <usize>declared;
  let to = output;
  while (at < end) {
    const word = load<u32>(at);
    const kind = word & 3;
    let size: usize;
    let back: usize;
    if (kind == 2) {
      at += 3;
      size = ((word >> 2) & 63) + 1;
      back = (word >> 8) & 0xffff;
    } else if (kind == 0) {
      at++;
      let literal = <u64>((word >> 2) & 63) + 1;
      if (literal > 60) {
        const bytes = <usize>literal - 60;
        literal = (<u64>load<u32>(at) & ((<u64>1 << (8 * <u64>bytes)) - 1)) + 1;
        at += bytes;
        if (at > end) return TRUNCATED;
      }
      if (literal > <u64>(end - at)) return TRUNCATED;
      if (literal > <u64>(stop - to)) return CORRUPT;
      size = <usize>literal;
      if (size <= 16) {
        store<u64>(to, load<u64>(at));
        store<u64>(to, load<u64>(at, 8), 8);
      } else {
        memory.copy(to, at, size);
      }
      at += size;
      to += size;
      continue;
    } else if (kind == 1) {
      at += 2;
      size = ((word >> 2) & 7) + 4;
      back = ((word & 0xe0) << 3) | ((word >> 8) & 0xff);
    } else {
      size = ((word >> 2) & 63) + 1;
      back = <usize>load<u32>(at, 1);
      at += 5;
    }
    if (at > end) return TRUNCATED;
    if (back == 0 || back > to - output || size > stop - to) return CORRUPT;
    const from = to - back;
    if (back >= 8) {
      // Each word is read after the one before was written; what is written too much is overwritten by what comes next.
      store<u64>(to, load<u64>(from));
      store<u64>(to, load<u64>(from, 8), 8);
      if (size > 16) {
        store<u64>(to, load<u64>(from, 16), 16);
        store<u64>(to, load<u64>(from, 24), 24);
        if (size > 32) {
          store<u64>(to, load<u64>(from, 32), 32);
          store<u64>(to, load<u64>(from, 40), 40);
          store<u64>(to, load<u64>(from, 48), 48);
          store<u64>(to, load<u64>(from, 56), 56);
        }
      }
    } else {
      for (let i: usize = 0; i < size; i++) store<u8>(to + i, load<u8>(from + i));
    }
    to += size;
  }
  return to == stop ? <i32>declared : TRUNCATED;
}

/**
 * Hashes bytes [start, end) and stores the 64 bits at `result`. Two lanes of 64 bits, each taking every other word of 8
 * bytes by steps that are one-to-one in the word: xor, multiplication by an odd constant, and a shift that brings down what
 * was carried upwards. The finaliser is that of SplitMix64 (Steele, Lea and Flood, 2014).
 */
export function hash(start: usize, end: usize, seed: u64, result: usize): void {
  let a: u64 = seed ^ <u64>(end - start);
  let b: u64 = ~seed;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    a = (a ^ load<u64>(at)) * 0x9e3779b97f4a7c15;
    a ^= a >> 32;
    b = (b ^ load<u64>(at, 8)) * 0xc2b2ae3d27d4eb4f;
    b ^= b >> 29;
  }
  // Up to 15 bytes are left; the last word is masked to its length.
  for (; at < end; at += 8) {
    const left = <u64>(end - at);
    const word = left >= 8 ? load<u64>(at) : load<u64>(at) & ((<u64>1 << (8 * left)) - 1);
    a = (a ^ word) * 0x9e3779b97f4a7c15;
    a ^= a >> 32;
  }
  a ^= b * 0x165667b19e3779f9;
  a = (a ^ (a >> 30)) * 0xbf58476d1ce4e5b9;
  a = (a ^ (a >> 27)) * 0x94d049bb133111eb;
  store<u64>(result, a ^ (a >> 31));
}
