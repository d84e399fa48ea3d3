import { randomBytes } from 'node:crypto';
import { uncompressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { loadCompress } from '../../src/emit/snappy-compress.ts';

const noBinary = () => Promise.reject(new Error('no binary for this platform'));

describe.each([
  ['native', await loadCompress()],
  ['plain JavaScript', await loadCompress(noBinary)],
])('snappy, %s', (_, compress) => {
  it.each([
    ['one byte', Buffer.from('a')],
    ['what repeats', Buffer.alloc(200_000, 'label value ')],
    ['what does not', randomBytes(200_000)],
  ])('compresses %s so that a strict decoder reads it', (_, bytes) => {
    expect(uncompressSync(Buffer.from(compress(bytes)))).toEqual(bytes);
  });
});
