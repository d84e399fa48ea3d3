import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import snappy from 'snappy';
import { describe, expect, it } from 'vitest';
import { createKernel, PlainKernel } from '../../src/kernel/kernel.ts';

const SIZES = { input: 1 << 20, output: 1 << 20, spare: 0, scratch: 0 };

describe.each([
  ['in WebAssembly', createKernel(SIZES, [1, 2])],
  ['in plain JavaScript', new PlainKernel(SIZES, [1, 2])],
])('a snappy block, decoded %s,', (_where, kernel) => {
  function decode(block: Uint8Array): { bytes: Buffer; fault: string | undefined } {
    // What was there before must not matter.
    kernel.input.fill(0xa5, block.length, block.length + 64);
    kernel.input.set(block);
    const decoded = kernel.decode(block.length);
    const isWrong = typeof decoded === 'string';
    return {
      bytes: Buffer.from(kernel.output.subarray(0, isWrong ? 0 : decoded)),
      fault: isWrong ? decoded : undefined,
    };
  }

  it('decodes to what the reference implementation makes of it, for any content', () => {
    const word = fc.uint8Array({ minLength: 1, maxLength: 12 });
    // Repeated words make copies with all kinds of offsets, also such that overlap themselves.
    const repetitive = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 200 })), { maxLength: 30 });
    fc.assert(
      fc.property(repetitive, (parts) => {
        const content = Buffer.concat(parts.flatMap(([bytes, times]) => Array(times).fill(bytes)));
        expect(decode(snappy.compressSync(content)).bytes.equals(content)).toBe(true);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('decodes every captured request to as many bytes as declared', () => {
    const folder = new URL('../fixtures/remote-write/', import.meta.url);
    const names = readdirSync(folder).filter((name) => name.endsWith('.bin'));
    expect(names).toHaveLength(7);
    for (const name of names) {
      const block = readFileSync(new URL(name, folder));
      expect(decode(block).bytes.equals(snappy.uncompressSync(block) as Buffer)).toBe(true);
    }
  });

  it('keeps the bits of every word, signalling NaNs included', () => {
    const content = Buffer.alloc(80_000);
    for (let i = 0; i < content.length; i += 8) content.writeBigUInt64LE(0x7ff0000000000000n + BigInt(i % 800), i);
    const block = snappy.compressSync(content);
    for (let run = 0; run < 200; run++) expect(decode(block).bytes.equals(content)).toBe(true);
  });

  it.each([
    ['nothing at all', [], 'truncated'],
    ['a length that does not end', [0x80, 0x80], 'truncated'],
    ['a length of six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01], 'corrupt'],
    ['a length over the limit', [0x81, 0x80, 0x40], 'too large'],
    ['one GiB declared in seven bytes', [0x80, 0x80, 0x80, 0x80, 0x04, 0x00, 0x41], 'too large'],
    ['a literal longer than the input', [0x05, 0x10, 0x41], 'truncated'],
    ['a literal longer than declared', [0x01, 0x04, 0x41, 0x42], 'corrupt'],
    ['less than declared', [0x03, 0x04, 0x41, 0x42], 'truncated'],
    ['something behind the last element', [0x01, 0x00, 0x41, 0x00, 0x42], 'corrupt'],
    ['a copy from before the first byte', [0x05, 0x00, 0x41, 0x01, 0x02], 'corrupt'],
    ['a copy with offset 0', [0x05, 0x00, 0x41, 0x01, 0x00], 'corrupt'],
    ['a copy past what is declared', [0x03, 0x00, 0x41, 0x01, 0x01], 'corrupt'],
    ['a copy cut off', [0x05, 0x00, 0x41, 0x02, 0x01], 'truncated'],
  ])('refuses %s', (_what, bytes, fault) => {
    expect(decode(Uint8Array.from(bytes)).fault).toBe(fault);
  });

  it('takes a copy with a four-byte offset', () => {
    const block = Uint8Array.from([0x08, 0x0c, 0x41, 0x42, 0x43, 0x44, 0x0f, 0x04, 0x00, 0x00, 0x00]);
    expect(decode(block)).toEqual({ bytes: Buffer.from('ABCDABCD'), fault: undefined });
  });
});
