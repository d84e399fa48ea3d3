import { describe, expect, it } from 'vitest';
import { readFrames } from '../../src/bootstrap/frames.ts';
import { encodeFrame } from './read-response.ts';

async function* streamOf(...parts: Uint8Array[]) {
  yield* parts;
}

async function read(...parts: Uint8Array[]): Promise<string[]> {
  const frames: string[] = [];
  for await (const frame of readFrames(streamOf(...parts))) frames.push(Buffer.from(frame).toString());
  return frames;
}

const TWO = Buffer.concat([encodeFrame(Buffer.from('one')), encodeFrame(Buffer.from('x'.repeat(300)))]);

describe('the stream of a remote read', () => {
  it('is cut into its frames wherever the network cuts it', async () => {
    for (let at = 0; at <= TWO.length; at++) {
      expect(await read(TWO.subarray(0, at), TWO.subarray(at))).toEqual(['one', 'x'.repeat(300)]);
    }
  });

  it('has the checksum that Prometheus writes', () => {
    // The check value of CRC-32C.
    expect(encodeFrame(Buffer.from('123456789')).subarray(0, 5)).toEqual(Buffer.from([9, 0xe3, 0x06, 0x92, 0x83]));
  });

  it('that breaks off is an error', async () => {
    for (let at = 1; at < TWO.length - 1; at++) {
      if (at === encodeFrame(Buffer.from('one')).length) continue;
      await expect(read(TWO.subarray(0, at))).rejects.toThrow('the answer breaks off');
    }
  });

  it('that goes on as text shows the text', async () => {
    const text = Buffer.from('expanding series: query timed out in expression evaluation\n');
    await expect(read(encodeFrame(Buffer.from('one')), text)).rejects.toThrow('query timed out');
    await expect(read(Buffer.concat([encodeFrame(Buffer.from('one')).fill(0x78, 5)]))).rejects.toThrow('no stream');
  });

  it('with a length that nobody sends is refused before it is waited for', async () => {
    await expect(read(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]))).rejects.toThrow('no stream');
  });
});
