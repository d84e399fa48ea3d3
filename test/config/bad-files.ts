import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/load.ts';

/** The secret of all configurations that tests write. */
export const SECRET = 'hunter2';

/** The problems that are thrown. */
export function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('expected a ConfigError');
}

/** Tests that each `.yaml` of a folder is refused with what its `.expected` says, to the letter and without secrets. */
export function describeBadFiles(folder: string, load: (file: string) => unknown): void {
  describe('bad files', () => {
    const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

    test.each(names)('%s', (name) => {
      const error = errorOf(() => load(join(folder, name)));
      const expected = readFileSync(join(folder, name.replace('.yaml', '.expected')), 'utf8');
      expect(`${error.message.replaceAll(`${folder}/`, '')}\n`).toBe(expected);
      expect(inspect(error)).not.toContain(SECRET);
    });

    test('every expectation has its file', () => {
      const expected = readdirSync(folder).filter((name) => name.endsWith('.expected'));
      expect(expected.map((name) => name.replace('.expected', '.yaml'))).toEqual(names);
    });
  });
}
