import { DatabaseSync } from 'node:sqlite';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

interface CheckpointRole {
  readonly role: 'checkpoint';
  readonly path: string;
}

/** While a checkpoint runs more is written; after so many rounds the rest waits for the next request. */
const MAX_ROUNDS = 3;

/**
 * Copies what SQLite's write-ahead log holds into the tables, on a thread of its own, which is this same file: the disk
 * needs up to a second for that under load, in which samples and alerts would wait. Should the thread end, nothing is lost
 * by that: the connection that writes copies by itself once the log is long.
 */
export class CheckpointThread {
  readonly #path: string;
  #worker: Worker | undefined;
  #isBusy = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Begins a checkpoint unless one is running. */
  request(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#worker ??= this.#start();
    this.#worker.postMessage('');
  }

  stop(): void {
    void this.#worker?.terminate();
  }

  #start(): Worker {
    const workerData: CheckpointRole = { role: 'checkpoint', path: this.#path };
    const worker = new Worker(new URL(import.meta.url), { workerData });
    worker.on('message', () => {
      this.#isBusy = false;
    });
    worker.on('error', () => {});
    worker.unref();
    return worker;
  }
}

const order = workerData as CheckpointRole | undefined;
if (!isMainThread && order?.role === 'checkpoint') {
  const database = new DatabaseSync(order.path);
  const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  parentPort!.on('message', () => {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { log, checkpointed } = checkpoint.get() as { log: number; checkpointed: number };
      if (log === checkpointed) break;
    }
    parentPort!.postMessage('');
  });
}
