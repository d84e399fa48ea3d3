import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Request, Response } from 'express';

/**
 * Answers with text exposition format. The next slice is made only when the client has taken what was written, and
 * none after it has gone away.
 */
export async function sendText(request: Request, response: Response, slices: AsyncIterable<string>): Promise<void> {
  response.set({ 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', Vary: 'Accept-Encoding' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const text = Readable.from(slices, { objectMode: false });
  try {
    if (request.acceptsEncodings('gzip', 'identity') !== 'gzip') await pipeline(text, response);
    else await pipeline(text, createGzip({ level: 1 }), response.set('Content-Encoding', 'gzip'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
