import { crc32 } from 'node:zlib';

/** The first frame of a snapshot as a later version might write it. */
export function writeNewerSnapshot(): Buffer {
  const content = Buffer.from(JSON.stringify({ magic: 'pronoia snapshot', version: 99, createdAt: 0, types: {} }));
  const header = Buffer.alloc(8);
  header.writeUInt32LE(content.length, 0);
  header.writeUInt32LE(crc32(content), 4);
  return Buffer.concat([header, content]);
}
