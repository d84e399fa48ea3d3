import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import { readSnapshot, type SnapshotParts, writeSnapshot } from './snapshot.ts';

export interface SnapshotStats {
  writtenTotal: number;
  failedTotal: number;
  /** Clock time of the latest whole snapshot, milliseconds; 0 before the first. */
  lastWrittenAt: number;
  lastBytes: number;
}

/**
 * Keeps the snapshot in a folder: written whole under another name, forced to the disk, then renamed, so that there is a
 * whole one at any moment. The one before is kept and stands in when the newer one can't be read.
 */
export class SnapshotFile {
  readonly stats: SnapshotStats = { writtenTotal: 0, failedTotal: 0, lastWrittenAt: 0, lastBytes: 0 };
  readonly #parts: SnapshotParts;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #current: string;
  readonly #previous: string;
  #writing: Promise<void> | undefined;

  constructor(folder: string, parts: SnapshotParts, clock: Clock, logger: Logger) {
    mkdirSync(folder, { recursive: true });
    this.#parts = parts;
    this.#clock = clock;
    this.#logger = logger;
    this.#current = join(folder, 'series.snapshot');
    this.#previous = join(folder, 'series.snapshot.previous');
  }

  /** Restores the newest snapshot that can be read. What can't is named, set aside and never fatal. */
  restore(): void {
    for (const path of [this.#current, this.#previous]) {
      if (!existsSync(path)) continue;
      const startedAt = this.#clock.now();
      try {
        const series = withReader(path, (read) => readSnapshot(this.#parts, read));
        this.#logger.info('snapshot restored', { file: path, series, duration_ms: this.#clock.now() - startedAt });
        return;
      } catch (error) {
        const aside = `${path}.unreadable-${new Date(startedAt).toISOString().replace(/[:.]/g, '-')}`;
        renameSync(path, aside);
        this.#logger.error('snapshot cannot be read, it was set aside', { reason: messageOf(error), file: aside });
        this.#forgetAll();
      }
    }
  }

  /** Writes a snapshot; when one is being written already, waits for that one. Failures are logged and counted. */
  write(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const temporary = `${this.#current}.writing`;
    try {
      let bytes = 0;
      const file = await open(temporary, 'w');
      try {
        for (const frame of writeSnapshot(this.#parts, this.#clock.now())) {
          await file.write(frame);
          bytes += frame.length;
        }
        await file.sync();
      } finally {
        await file.close();
      }
      if (existsSync(this.#current)) await rename(this.#current, this.#previous);
      await rename(temporary, this.#current);
      this.stats.writtenTotal++;
      this.stats.lastWrittenAt = this.#clock.now();
      this.stats.lastBytes = bytes;
      this.#logger.debug('snapshot written', { bytes });
    } catch (error) {
      this.stats.failedTotal++;
      this.#logger.error('snapshot not written, what was learnt since the last one would be lost by a crash', {
        reason: messageOf(error),
        file: temporary,
      });
    }
  }

  /** Half a snapshot is none: the older one is complete. */
  #forgetAll(): void {
    const { table } = this.#parts;
    for (let slot = 1; slot <= table.highest; slot++) if (table.kinds[slot] !== 0) table.release(slot);
  }
}

function withReader<Result>(path: string, use: (read: (bytes: number) => Buffer) => Result): Result {
  const file = openSync(path, 'r');
  try {
    return use((bytes) => {
      const buffer = Buffer.allocUnsafe(bytes);
      let length = 0;
      while (length < bytes) {
        const read = readSync(file, buffer, length, bytes - length, null);
        if (read === 0) break;
        length += read;
      }
      return buffer.subarray(0, length);
    });
  } finally {
    closeSync(file);
  }
}
