import { existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
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
  #isRestoring = false;

  constructor(folder: string, parts: SnapshotParts, clock: Clock, logger: Logger) {
    mkdirSync(folder, { recursive: true });
    this.#parts = parts;
    this.#clock = clock;
    this.#logger = logger;
    this.#current = join(folder, 'series.snapshot');
    this.#previous = join(folder, 'series.snapshot.previous');
  }

  /**
   * Restores the newest snapshot that can be read, in slices: requests are read meanwhile, but nothing may be learnt before
   * it is done. What cannot be read is named, set aside and never fatal.
   */
  async restore(): Promise<void> {
    this.#isRestoring = true;
    for (const path of [this.#current, this.#previous]) {
      if (existsSync(path) && (await this.#restoreFrom(path))) break;
    }
    this.#isRestoring = false;
  }

  /**
   * Writes a snapshot; when one is being written already, waits for that one. While one is being restored there is nothing
   * to write: what is there already would be half of it. Failures are logged and counted.
   */
  async write(): Promise<void> {
    if (this.#isRestoring) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async #restoreFrom(path: string): Promise<boolean> {
    const startedAt = this.#clock.now();
    try {
      const { createdAt, series, forgottenForecasts } = await withReader(path, (read) =>
        readSnapshot(this.#parts, read),
      );
      this.stats.lastWrittenAt = createdAt;
      this.#logger.info('snapshot restored', { file: path, series, duration_ms: this.#clock.now() - startedAt });
      if (forgottenForecasts > 0) {
        const resources = forgottenForecasts;
        this.#logger.warn('forecasts of another version are not read, they begin anew', { file: path, resources });
      }
      return true;
    } catch (error) {
      const aside = `${path}.unreadable-${new Date(startedAt).toISOString().replace(/[:.]/g, '-')}`;
      const reason = messageOf(error);
      await rename(path, aside).catch((failure) =>
        this.#logger.error('a file cannot be set aside', { reason: messageOf(failure), file: path }),
      );
      this.#logger.error('snapshot cannot be read, it was set aside', { reason, file: aside });
      this.#forgetAll();
      return false;
    }
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

async function withReader<Result>(
  path: string,
  use: (read: (bytes: number) => Promise<Buffer>) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, 'r');
  try {
    return await use((bytes) => readBytes(file, bytes));
  } finally {
    await file.close();
  }
}

async function readBytes(file: FileHandle, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let length = 0;
  while (length < bytes) {
    const { bytesRead } = await file.read(buffer, length, bytes - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
