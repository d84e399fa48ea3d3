import { KERNEL_WASM } from './kernel-wasm.ts';
import { LabelHash } from './label-hash.ts';
import { SLACK, SnappyDecoder, type SnappyFault } from './snappy-block.ts';

export { SLACK, type SnappyFault };

/** How much memory a kernel works on, in bytes. */
export interface KernelSizes {
  /** Largest compressed body. */
  readonly input: number;
  /** Largest decoded message. */
  readonly output: number;
  /** Room behind the decoded message for its caller. */
  readonly spare: number;
  /** Longest run of bytes that is hashed apart from a message. */
  readonly scratch: number;
}

/**
 * The work on every byte of a request: it is decoded from one reused buffer into another, and labels are hashed where they
 * lie. Nothing is allocated per request; the memory is reserved at once and becomes resident as it is used.
 */
export interface Kernel {
  /** Where the body of a request is put before `decode`. */
  readonly input: Uint8Array<ArrayBuffer>;
  /** What the latest `decode` gave, from offset 0 on, and spare room behind it. */
  readonly output: Uint8Array<ArrayBuffer>;
  /** Where other bytes are put before `hashScratch`. */
  readonly scratch: Uint8Array<ArrayBuffer>;
  /** The two halves of the latest hash. */
  readonly low: number;
  readonly high: number;
  /** Decodes the first `length` bytes of `input` as a snappy block. @returns the decoded length, or what is wrong with it */
  decode(length: number): number | SnappyFault;
  /** Hashes bytes [start, end) of `output`. Equal bytes have equal hashes wherever they lie. */
  hash(start: number, end: number): void;
  /** Hashes the first `length` bytes of `scratch`, so that they are equal to the same bytes in `output`. */
  hashScratch(length: number): void;
}

/** Makes the kernel in WebAssembly. @param seed two 32-bit integers, secret, so that nobody can choose collisions */
export function createKernel(sizes: KernelSizes, seed: readonly [number, number]): Kernel {
  return typeof WebAssembly === 'object' ? new WasmKernel(sizes, seed) : new PlainKernel(sizes, seed);
}

const PAGE = 65_536;
/** The hash is stored here; nothing else lies below the first page. */
const RESULT = 8;
const FAULTS: Readonly<Record<number, SnappyFault>> = { [-1]: 'truncated', [-2]: 'too large', [-3]: 'corrupt' };

interface Exports {
  decode(input: number, length: number, output: number, limit: bigint): number;
  hash(start: number, end: number, seed: bigint, result: number): void;
}

class WasmKernel implements Kernel {
  readonly input: Uint8Array<ArrayBuffer>;
  readonly output: Uint8Array<ArrayBuffer>;
  readonly scratch: Uint8Array<ArrayBuffer>;
  readonly #result: Int32Array;
  readonly #seed: bigint;
  readonly #limit: bigint;
  readonly #exports: Exports;
  readonly #outputAt: number;

  constructor({ input, output, spare, scratch }: KernelSizes, [seedLow, seedHigh]: readonly [number, number]) {
    const inputAt = PAGE;
    this.#outputAt = inputAt + input + SLACK;
    const scratchAt = this.#outputAt + output + spare + SLACK;
    const pages = Math.ceil((scratchAt + scratch + SLACK) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { buffer } = memory;
    this.input = new Uint8Array(buffer, inputAt, input + SLACK);
    this.output = new Uint8Array(buffer, this.#outputAt, output + spare + SLACK);
    this.scratch = new Uint8Array(buffer, scratchAt, scratch + SLACK);
    this.#result = new Int32Array(buffer, RESULT, 2);
    this.#seed = (BigInt(seedHigh) << 32n) ^ BigInt(seedLow);
    this.#limit = BigInt(output);
    const module = new WebAssembly.Module(Buffer.from(KERNEL_WASM, 'base64'));
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  }

  get low(): number {
    return this.#result[0]!;
  }

  get high(): number {
    return this.#result[1]!;
  }

  decode(length: number): number | SnappyFault {
    const decoded = this.#exports.decode(this.input.byteOffset, length, this.#outputAt, this.#limit);
    return decoded >= 0 ? decoded : FAULTS[decoded]!;
  }

  hash(start: number, end: number): void {
    this.#exports.hash(this.#outputAt + start, this.#outputAt + end, this.#seed, RESULT);
  }

  hashScratch(length: number): void {
    const start = this.scratch.byteOffset;
    this.#exports.hash(start, start + length, this.#seed, RESULT);
  }
}

/** The same in plain JavaScript, for a Node that was started without WebAssembly, and as a second opinion in tests. */
export class PlainKernel implements Kernel {
  readonly input: Uint8Array<ArrayBuffer>;
  readonly output: Uint8Array<ArrayBuffer>;
  readonly scratch: Uint8Array<ArrayBuffer>;
  low = 0;
  high = 0;
  readonly #decoder: SnappyDecoder;
  readonly #outputHash: LabelHash;
  readonly #scratchHash: LabelHash;

  constructor({ input, output, spare, scratch }: KernelSizes, seed: readonly [number, number]) {
    this.#decoder = new SnappyDecoder(output, spare);
    this.input = new Uint8Array(input + SLACK);
    this.output = this.#decoder.output;
    this.scratch = new Uint8Array(scratch + SLACK);
    this.#outputHash = new LabelHash(this.output, seed);
    this.#scratchHash = new LabelHash(this.scratch, seed);
  }

  decode(length: number): number | SnappyFault {
    const { length: decoded, fault } = this.#decoder.decode(this.input, length);
    return fault ?? decoded;
  }

  hash(start: number, end: number): void {
    this.#take(this.#outputHash, start, end);
  }

  hashScratch(length: number): void {
    this.#take(this.#scratchHash, 0, length);
  }

  #take(hash: LabelHash, start: number, end: number): void {
    hash.update(start, end);
    this.low = hash.low;
    this.high = hash.high;
  }
}
