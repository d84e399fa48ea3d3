import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../model/errors.ts';
import type { Feedback } from '../model/feedback.ts';
import type { Logger } from '../model/logger.ts';

const VERSION = 1;

interface Contents {
  readonly version: number;
  readonly feedback: readonly Feedback[];
}

/** Keeps what people have said about anomalies in the storage folder: JSON, written whole, then renamed. */
export class FeedbackFile {
  readonly #path: string;
  readonly #logger: Logger;

  constructor(folder: string, logger: Logger) {
    this.#path = join(folder, 'feedback.json');
    this.#logger = logger;
  }

  /** What is kept. A file that cannot be read is named, set aside and never fatal. */
  load(): readonly Feedback[] {
    if (!existsSync(this.#path)) return [];
    try {
      const { version, feedback } = JSON.parse(readFileSync(this.#path, 'utf8')) as Contents;
      if (version !== VERSION) throw new Error(`it has version ${version}, this program reads version ${VERSION}`);
      return feedback.filter(isWhole);
    } catch (error) {
      const aside = `${this.#path}.unreadable`;
      renameSync(this.#path, aside);
      this.#logger.error('feedback cannot be read, it was set aside', { reason: messageOf(error), file: aside });
      return [];
    }
  }

  /** @throws when it cannot be written; then what was kept before is still there */
  save(feedback: readonly Feedback[]): void {
    const contents: Contents = { version: VERSION, feedback };
    const temporary = `${this.#path}.writing`;
    const file = openSync(temporary, 'w');
    try {
      writeSync(file, JSON.stringify(contents));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.#path);
  }
}

function isWhole({ id, series }: Feedback): boolean {
  return /^\d+$/.test(id) && series.every(({ labels, low, high }) => labels !== null && low <= high);
}
