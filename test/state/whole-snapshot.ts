import { type SnapshotParts, writeSnapshot } from '../../src/state/snapshot.ts';

/** All frames of a snapshot: each is copied, because it is valid only until the next one is made. */
export function wholeSnapshot(parts: SnapshotParts, now: number): Buffer {
  return Buffer.concat(Array.from(writeSnapshot(parts, now), (frame) => Buffer.from(frame)));
}
