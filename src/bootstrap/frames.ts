/** A frame holds one series or a part of it; Prometheus cuts at 1 MiB, so a larger one is a mistake. */
const MAX_FRAME_BYTES = 50 * 1024 * 1024;
const CHECKSUM_BYTES = 4;
const MAX_PREFIX_BYTES = 5;

/**
 * Cuts the answer of a streamed remote read into its frames (prometheus/prometheus storage/remote/chunked.go): each is a
 * varint length, the CRC-32C of the content (big endian), and the content.
 * @throws Error when the stream breaks off, or is no such stream: an error in the middle of one comes as plain text
 */
export async function* readFrames(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending = Buffer.alloc(0);
  for await (const part of stream) {
    pending = pending.length === 0 ? Buffer.from(part) : Buffer.concat([pending, part]);
    for (let frame = firstFrame(pending); frame !== undefined; frame = firstFrame(pending)) {
      yield frame.content;
      pending = pending.subarray(frame.end);
    }
  }
  if (pending.length > 0) throw broken('breaks off', pending);
}

/** The first frame, undefined while it is not there as a whole. */
function firstFrame(bytes: Buffer): { content: Uint8Array; end: number } | undefined {
  let length = 0;
  let at = 0;
  for (let isLast = false; !isLast; at++) {
    if (at === MAX_PREFIX_BYTES) throw broken('is no stream of chunks from here on', bytes);
    if (at === bytes.length) return undefined;
    length += (bytes[at]! & 0x7f) * 2 ** (7 * at);
    isLast = bytes[at]! < 0x80;
  }
  if (length > MAX_FRAME_BYTES) throw broken('is no stream of chunks from here on', bytes);
  const start = at + CHECKSUM_BYTES;
  const end = start + length;
  if (bytes.length < end) return undefined;
  const content = bytes.subarray(start, end);
  if (crc32c(content) !== bytes.readUInt32BE(at)) throw broken('is no stream of chunks from here on', bytes);
  return { content, end };
}

function broken(how: string, bytes: Buffer): Error {
  const text = bytes.toString('latin1', 0, 200).replace(/[^\x20-\x7e]+/g, ' ');
  return new Error(`the answer ${how}: ${text.trim()}`);
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4); the one of zlib has another polynomial. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** The checksum of some bytes, an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  let value = ~0;
  for (let i = 0; i < bytes.length; i++) value = (value >>> 8) ^ TABLE[(value ^ bytes[i]!) & 0xff]!;
  return ~value >>> 0;
}
