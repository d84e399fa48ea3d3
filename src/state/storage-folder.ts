import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../model/errors.ts';

/** Makes the storage folder where there is none yet. @throws Error that names the flag */
export function createStorageFolder(path: string): void {
  try {
    // Not always recursive: where a parent exists but takes no folder (/proc), Node would try for ever.
    mkdirSync(path, { recursive: !existsSync(dirname(resolve(path))) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(path).isDirectory()) return;
    throw new Error(`--storage.path=${path} is no folder that can be used: ${messageOf(error)}`);
  }
}
