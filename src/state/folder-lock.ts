import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes sure that one process at a time uses a folder. The lock is an open exclusive transaction on an empty database: the
 * operating system lets go of it when the process ends, however it ends, which a file with a process id in it does not do.
 * @returns lets go of the folder
 * @throws Error when another process has it
 */
export function lockFolder(folder: string): () => void {
  const database = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new Error(`${folder} is in use by another Pronoia; give each its own --storage.path`, { cause: error });
  }
  return () => database.close();
}
