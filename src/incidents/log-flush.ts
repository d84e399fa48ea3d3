import { type FileHandle, open } from 'node:fs/promises';

/**
 * Brings SQLite's write-ahead log from the system's memory to the disk, without the loop waiting for it: what was committed
 * before survives a power cut then. Without a flush it survives the end of the process only.
 */
export class LogFlush {
  readonly #path: string;
  #file: FileHandle | undefined;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** @param path of the database; its log has to be there at the first flush */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  /** Whoever comes while a flush runs shares the next one with all others that do. Rejects when the disk fails. */
  flush(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#running = this.#next!;
        this.#next = undefined;
        return this.#sync();
      });
    return this.#next;
  }

  /** After a flush that runs. */
  async stop(): Promise<void> {
    await (this.#next ?? this.#running).catch(() => {});
    await this.#file?.close();
  }

  async #sync(): Promise<void> {
    this.#file ??= await open(this.#path, 'r+');
    await this.#file.datasync();
  }
}
