import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../model/errors.ts';
import { type Config, configSchema } from './schema.ts';
import type { Section, Type, ValueOf } from './schema-types.ts';
import { byPosition, type Surroundings, validate } from './validate.ts';
import { type Finding, type Position, parseYaml, type Tree } from './yaml-tree.ts';

/** Of a configuration file, and of each file that it names. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** One thing that is wrong in a configuration file, and where; lines and columns count from 1. */
export interface Problem extends Finding {
  readonly file: string;
}

/** A configuration that cannot be used. Its message has a line for every problem, `file:line:column: message`. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Finds the place of what stands under a path of keys (in a list: numbers, from 0); undefined when the file does not have it. */
export type Locate = (...keys: readonly string[]) => Position | undefined;

/** What a schema cannot say: values that do not go together, files with the wrong content. What is wrong in itself is undefined. */
export type FurtherChecks<T extends Type> = (value: Partial<ValueOf<T>>, locate: Locate) => readonly Finding[];

/**
 * Reads and checks the main configuration file.
 * @param path undefined when there is no file, which gives the defaults
 * @throws ConfigError with all problems, in the order of the file
 */
export function loadConfig(path: string | undefined, furtherChecks?: FurtherChecks<typeof configSchema>): Config {
  if (path === undefined) return validate(configSchema, undefined, surroundingsOf('.')).value;
  return loadFile(configSchema, path, (config, locate) => [
    ...checkNotify(config, locate('notify')),
    ...(furtherChecks?.(config, locate) ?? []),
  ]);
}

/** Incidents are posted to the Alertmanagers that are named elsewhere. */
function checkNotify({ notify = [], alertmanagers = [] }: Partial<Config>, at: Position | undefined): Finding[] {
  const isWanted = notify.some(({ alertmanager }) => alertmanager !== undefined);
  if (at === undefined || !isWanted || alertmanagers.length > 0) return [];
  return [{ ...at, message: 'notify: alertmanager needs to know where: write alertmanagers: [{ url: … }] as well' }];
}

/**
 * Reads a YAML file and checks it against a schema.
 * @throws ConfigError with all problems, in the order of the file
 */
export function loadFile<T extends Section>(
  schema: T,
  path: string,
  furtherChecks: FurtherChecks<T> = () => [],
): ValueOf<T> {
  const { tree, findings } = parseYaml(readText(path));
  // After bad syntax there is no tree, and validation then finds nothing to add: no section at the top is required.
  const { value, findings: more } = validate(schema, tree, surroundingsOf(dirname(path)));
  const last = furtherChecks(value ?? {}, (...keys) => positionOf(tree, keys));
  const problems = [...findings, ...more, ...last].sort(byPosition);
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => ({ file: path, ...problem })));
  return value;
}

function positionOf(tree: Tree | undefined, [key, ...rest]: readonly string[]): Position | undefined {
  const entry =
    tree?.kind === 'list' ? tree.items[Number(key)] : tree?.kind === 'section' ? tree.entries.get(key!) : undefined;
  return rest.length > 0 ? positionOf(entry?.tree, rest) : (entry?.tree?.at ?? entry?.at);
}

function readText(path: string): string {
  return readTextFile(path, (message) => {
    const sentence = `the configuration file ${message}`;
    return new ConfigError([{ file: path, line: 1, column: 1, message: sentence }]);
  });
}

/** Reads a file of at most a mebibyte, in UTF-8. @param errorOf makes the error that is thrown, of what is wrong with it */
export function readTextFile(path: string, errorOf: (message: string) => Error): string {
  let bytes: Buffer;
  try {
    bytes = readBytes(path);
  } catch (error) {
    throw errorOf(`cannot be read (${reasonOf(error)})`);
  }
  if (bytes.length > MAX_FILE_BYTES) throw errorOf('is larger than 1 MiB: check that it is the right one');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw errorOf('is not UTF-8: save it as UTF-8');
  }
}

/** At most one byte more than allowed, whatever the size of the file says: it may be a pipe, or grow. */
export function readBytes(path: string): Buffer<ArrayBuffer> {
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
  const file = openSync(path, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(file, buffer, length, buffer.length - length, null);
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

function surroundingsOf(folder: string): Surroundings {
  return {
    resolvePath: (path) => resolve(folder, path),
    whyUnreadable: (path) => {
      try {
        accessSync(path, constants.R_OK);
        return statSync(path).isDirectory() ? 'it is a folder' : undefined;
      } catch (error) {
        return reasonOf(error);
      }
    },
  };
}

/** What the operating system says, without the path, which may hold what it should not. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  const known: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is not a folder',
  };
  return known[code] ?? code;
}
