/** A well mixed number below 2^32 (the finaliser of MurmurHash3): the same seed always gives the same one. */
export function chance(seed: number): number {
  let h = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** One of the two integers next to a number, the nearer one more often, so that small changes count in the long run. */
export function roundByChance(value: number, seed: number): number {
  const lower = Math.floor(value);
  return chance(seed) < (value - lower) * 2 ** 32 ? lower + 1 : lower;
}
