import type { IncomingMessage } from 'node:http';
import { messageOf, RequestError } from '../model/errors.ts';

/** A webhook of 20,000 alerts is 20 MB long. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Reads a request's body whatever its content type says, within a limit of 16 MiB: some 30,000 alerts of the usual size
 * (express.json stops at 100 kB).
 * @throws RequestError 413, 415 or 400
 */
export async function readAlertBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new RequestError(
      415,
      'unsupported',
      `content encoding ${JSON.stringify(encoding)} is not taken: send the JSON as it is`,
    );
  }
  return readBytes(request);
}

/** Reads a body as JSON. @throws RequestError 400 */
export function parseAlertBody(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RequestError(400, 'bad_data', 'the body is not valid UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RequestError(400, 'bad_data', `the body is not valid JSON: ${messageOf(error).slice(0, 200)}`);
  }
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  let chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      // What is too long is still read to its end, and thrown away: a sender reads the answer only after that.
      if (length > MAX_BODY_BYTES) chunks = [];
      else chunks.push(chunk);
    }
  } catch (error) {
    throw new RequestError(400, 'bad_data', `the body broke off: ${messageOf(error)}`);
  }
  if (length > MAX_BODY_BYTES) throw tooLarge();
  return Buffer.concat(chunks, length);
}

function tooLarge(): RequestError {
  return new RequestError(
    413,
    'bad_data',
    `the body is longer than ${MAX_BODY_BYTES / 1024 / 1024} MiB: let Alertmanager send smaller groups (group_by) or fewer alerts (max_alerts)`,
  );
}
