/** Bits of a float32 that are left out: eleven of the fraction stay, a precision of one in 4,096. */
const DROPPED_BITS = 12;
const HALF = 1 << (DROPPED_BITS - 1);
/** Exponents begin at 2^-10; with sixteen bits they go to 2^21. */
const FIRST = (127 - 10) << (23 - DROPPED_BITS);

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** A positive number from 0.001 to 4 million in sixteen bits; the nearest of these for others, 0 for 0. */
export function toShortFloat(value: number): number {
  if (value === 0) return 0;
  float[0] = value;
  return Math.max(1, Math.min(0xffff, ((bits[0]! + HALF) >>> DROPPED_BITS) - FIRST));
}

export function fromShortFloat(code: number): number {
  if (code === 0) return 0;
  bits[0] = (code + FIRST) << DROPPED_BITS;
  return float[0]!;
}
