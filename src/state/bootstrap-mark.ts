import { existsSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** What was loaded. */
export interface LoadedHistory {
  readonly prometheus: string;
  readonly lookbackMs: number;
}

/** Remembers in the storage folder that history was loaded as a whole, so that it is done once and not at every start. */
export class BootstrapMark {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'bootstrap.json');
  }

  /** Whether this much of the past of this server was loaded. A file that cannot be read counts as none. */
  async isSetFor({ prometheus, lookbackMs }: LoadedHistory): Promise<boolean> {
    if (!existsSync(this.#path)) return false;
    try {
      const loaded = JSON.parse(await readFile(this.#path, 'utf8')) as LoadedHistory;
      return loaded.prometheus === prometheus && loaded.lookbackMs >= lookbackMs;
    } catch {
      return false;
    }
  }

  /** To be called when what was learnt is on the disk. */
  async set({ prometheus, lookbackMs }: LoadedHistory): Promise<void> {
    const temporary = `${this.#path}.writing`;
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(`${JSON.stringify({ prometheus, lookbackMs })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
  }
}
