import { describe, expect, it } from 'vitest';
import { createKernel, PlainKernel } from '../../src/kernel/kernel.ts';

const SIZES = { input: 64, output: 4096, spare: 0, scratch: 4096 };
const SEED = [0x1234567, -0x7654321] as const;

describe.each([
  ['in WebAssembly', (seed: readonly [number, number]) => createKernel(SIZES, seed)],
  ['in plain JavaScript', (seed: readonly [number, number]) => new PlainKernel(SIZES, seed)],
])('the hash of label bytes %s', (_where, create) => {
  const hash = create(SEED);
  const bytes = hash.output;

  function hashOf(text: string, at = 0, kernel = hash): string {
    kernel.output.fill(0xee);
    kernel.output.set(Buffer.from(text), at);
    kernel.hash(at, at + Buffer.byteLength(text));
    return `${kernel.low} ${kernel.high}`;
  }

  it('is the same for the same bytes in the scratch area', () => {
    for (let length = 0; length < 70; length++) {
      const text = 'x1-'.repeat(30).slice(0, length);
      const inOutput = hashOf(text, 5);
      hash.scratch.fill(0x11);
      hash.scratch.set(Buffer.from(text));
      hash.hashScratch(length);
      expect(`${hash.low} ${hash.high}`).toBe(inOutput);
    }
  });

  it('depends on the bytes alone: not on where they lie, nor on what lies behind them', () => {
    for (let length = 0; length < 70; length++) {
      const text = 'x1-'.repeat(30).slice(0, length);
      const places = [0, 1, 2, 3, 7, 100].map((at) => hashOf(text, at));
      expect(new Set(places).size).toBe(1);
    }
  });

  it('differs when any byte does, or the length, or the seed', () => {
    const text = 'namespace="shop",pod="cart-7d4b9c-x2x1q"';
    const seen = new Set([hashOf(text)]);
    for (let i = 0; i < text.length; i++) seen.add(hashOf(`${text.slice(0, i)}~${text.slice(i + 1)}`));
    for (let i = 0; i < text.length; i++) seen.add(hashOf(text.slice(0, i)));
    expect(seen.size).toBe(1 + 2 * text.length);
    expect(hashOf(text, 0, create([1, 2]))).not.toBe(hashOf(text));
  });

  it('has no collisions, and few in either half, for a million names that differ in a few digits', () => {
    const lows = new Set<number>();
    const highs = new Set<number>();
    const whole = new Set<bigint>();
    const template = Buffer.from('pod="service-000-0000-kq",instance="10.0.0.1:8080",id="/kubepods/000"');
    bytes.set(template);
    const count = 1_000_000;
    for (let i = 0; i < count; i++) {
      const digits = i.toString().padStart(7, '0');
      for (let d = 0; d < 3; d++) bytes[13 + d] = digits.charCodeAt(d);
      for (let d = 3; d < 7; d++) bytes[14 + d] = digits.charCodeAt(d);
      for (let d = 4; d < 7; d++) bytes[template.length - 8 + d] = digits.charCodeAt(d);
      hash.hash(0, template.length);
      lows.add(hash.low);
      highs.add(hash.high);
      whole.add((BigInt(hash.low) << 32n) ^ BigInt(hash.high >>> 0));
    }
    expect(whole.size).toBe(count);
    // Of a million random 32-bit numbers about 116 repeat an earlier one; a lane may do thirty times worse.
    expect(count - lows.size).toBeLessThan(3500);
    expect(count - highs.size).toBeLessThan(3500);
  });
});
