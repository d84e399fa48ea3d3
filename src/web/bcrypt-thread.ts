import { parentPort, Worker, workerData } from 'node:worker_threads';
import { compare } from 'bcryptjs';

const ROLE = 'bcrypt';

interface Question {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

interface Answer {
  readonly id: number;
  readonly matches: boolean;
}

/**
 * Bcrypt on a thread of its own, which is this same file. One check takes from tens of milliseconds to seconds of CPU time,
 * for which samples must not wait. There is one thread, so one check at a time: strangers can keep one core busy, not all.
 */
export class BcryptThread {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #waiting = new Map<number, (matches: boolean) => void>();

  /** Whether a hash was made from a password; the hash is a well-formed one. Starts the thread at the first call. */
  compare(password: string, hash: string): Promise<boolean> {
    this.#worker ??= this.#start();
    const id = this.#nextId++;
    this.#worker.postMessage({ id, password, hash } satisfies Question);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Ends the thread; what is being checked is not answered any more. */
  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(import.meta.url), { workerData: ROLE });
    worker.on('message', ({ id, matches }: Answer) => {
      this.#waiting.get(id)!(matches);
      this.#waiting.delete(id);
    });
    worker.unref();
    return worker;
  }
}

if (workerData === ROLE) {
  // One after the other: bcryptjs gives way every 100 ms, and checks that take turns would all be late.
  let turn = Promise.resolve();
  parentPort!.on('message', ({ id, password, hash }: Question) => {
    turn = turn.then(async () => {
      const matches = await compare(password, hash);
      parentPort!.postMessage({ id, matches } satisfies Answer);
    });
  });
}
