import { compareBytes } from '../model/labels.ts';
import {
  type Dictionary,
  type FilePath,
  type Interval,
  type Key,
  type Leaf,
  type List,
  propertyOf,
  type Section,
  type Type,
  type ValueOf,
} from './schema-types.ts';
import { showName, suggest } from './suggestion.ts';
import type { Finding, Position, Tree } from './yaml-tree.ts';

const START: Position = { line: 1, column: 1 };
const MAX_MESSAGE_LENGTH = 400;

/** What validation has to know of the outside. */
export interface Surroundings {
  /** Makes the path of a file absolute. */
  resolvePath(path: string): string;
  /** Why the file at an absolute path cannot be read, undefined when it can. */
  whyUnreadable(path: string): string | undefined;
}

/**
 * Checks a tree against a type of the schema and fills in the defaults.
 * @param tree undefined for a file that says nothing
 * @returns the value, and everything that is wrong; the value is usable only when nothing is
 */
export function validate<T extends Type>(type: T, tree: Tree | undefined, surroundings: Surroundings) {
  const validation = new Validation(surroundings);
  const value = validation.read(type, tree, '', tree?.at ?? START) as ValueOf<T>;
  return { value, findings: validation.findings };
}

type SectionTree = Extract<Tree, { kind: 'section' }>;

/**
 * One walk over schema and file. `path` is the name of the value for people (`learn[0].match`), `at` the place of the
 * key that it belongs to. A value that is wrong is reported and read as undefined.
 */
class Validation {
  readonly findings: Finding[] = [];
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  read(type: Type, tree: Tree | undefined, path: string, at: Position): unknown {
    switch (type.kind) {
      case 'leaf':
        return this.#leaf(type, tree, path, at);
      case 'file':
        return this.#file(type, tree, path, at);
      case 'interval':
        return this.#interval(type, tree, path, at);
      case 'list':
        return this.#list(type, tree, path, at);
      case 'dictionary':
        return this.#dictionary(type, tree, path, at);
      case 'section':
        return this.#section(type, tree, path, at);
    }
  }

  #report(at: Position, path: string, sentence: string): undefined {
    // A problem is one line, also when it quotes a text that has several.
    const message = (path === '' ? sentence : `${path}: ${sentence}`).replace(/\p{Cc}+/gu, ' ');
    const cut = message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
    this.findings.push({ line: at.line, column: at.column, message: cut });
  }

  #mismatch(type: Type, tree: Tree | undefined, path: string, at: Position): undefined {
    const found = { undefined: 'nothing', scalar: 'a single value', list: 'a list', section: 'keys and values' };
    this.#report(tree?.at ?? at, path, `expected ${type.expects}, but found ${found[tree?.kind ?? 'undefined']}`);
  }

  #leaf(type: Leaf, tree: Tree | undefined, path: string, at: Position): unknown {
    if (tree?.kind !== 'scalar') return this.#mismatch(type, tree, path, at);
    const reading = type.read(tree);
    return 'value' in reading ? reading.value : this.#report(tree.at, path, reading.reason);
  }

  /** The path is not repeated in the message: a secret pasted in place of its file would be shown. */
  #file(type: FilePath, tree: Tree | undefined, path: string, at: Position): string | undefined {
    if (tree?.kind !== 'scalar') return this.#mismatch(type, tree, path, at);
    const file = this.#surroundings.resolvePath(tree.text);
    const reason = this.#surroundings.whyUnreadable(file);
    if (reason === undefined) return file;
    return this.#report(
      tree.at,
      path,
      `this file cannot be read (${reason}): a relative path starts at the folder of the configuration file`,
    );
  }

  #interval(type: Interval, tree: Tree | undefined, path: string, at: Position): [number, number] | undefined {
    if (tree?.kind !== 'list') return this.#mismatch(type, tree, path, at);
    const [lo, hi] = tree.items.map((item) => (item.tree?.kind === 'scalar' ? item.tree.value : undefined));
    const isInterval = tree.items.length === 2 && Number.isFinite(lo) && Number.isFinite(hi) && lo! < hi!;
    return isInterval ? [Number(lo), Number(hi)] : this.#report(tree.at, path, `expected ${type.expects}`);
  }

  #list(type: List, tree: Tree | undefined, path: string, at: Position): unknown[] | undefined {
    if (tree !== undefined && tree.kind !== 'list') return this.#mismatch(type, tree, path, at);
    const items = tree?.items ?? [];
    if (items.length < type.minLength) this.#report(tree?.at ?? at, path, `expected ${type.minLength} or more entries`);
    return items.map((item, i) => this.read(type.item, item.tree, `${path}[${i}]`, item.at));
  }

  #dictionary(type: Dictionary, tree: Tree | undefined, path: string, at: Position): unknown {
    if (tree !== undefined && tree.kind !== 'section') return this.#mismatch(type, tree, path, at);
    const pairs: [string, unknown][] = [];
    for (const [name, entry] of tree?.entries ?? []) {
      const reason = type.refuse(name);
      if (reason !== undefined) this.#report(entry.at, path, reason);
      else pairs.push([name, this.read(type.value, entry.tree, `${path}.${name}`, entry.at)]);
    }
    return new Map(pairs.sort(([a], [b]) => compareBytes(a, b)));
  }

  #section(type: Section, tree: Tree | undefined, path: string, at: Position): unknown {
    if (tree !== undefined && tree.kind !== 'section') return this.#mismatch(type, tree, path, at);
    this.#unknownKeys(type, tree, path);
    this.#exclusiveKeys(type, tree, path, tree?.at ?? at);
    const values = Object.entries(type.keys).map(([name, key]) => {
      const entry = tree?.entries.get(name);
      const keyPath = path === '' ? name : `${path}.${name}`;
      return [propertyOf(name, key.type), this.#key(key, entry?.tree, keyPath, entry?.at ?? tree?.at ?? at)];
    });
    return Object.fromEntries(values);
  }

  #key(key: Key, tree: Tree | undefined, path: string, at: Position): unknown {
    if (tree !== undefined) return this.read(key.type, tree, path, at);
    if (key.presence === 'optional') return undefined;
    if (key.presence === 'required') return this.#report(at, path, `is missing: expected ${key.type.expects}`);
    if (key.preset === undefined) return this.read(key.type, undefined, path, at);
    return this.#leaf(key.type as Leaf, { kind: 'scalar', at, text: String(key.preset), value: key.preset }, path, at);
  }

  #unknownKeys(type: Section, tree: SectionTree | undefined, path: string): void {
    const known = Object.keys(type.keys);
    for (const [name, { at }] of tree?.entries ?? []) {
      if (known.includes(name)) continue;
      this.#report(at, path, `unknown key ${showName(name)}`.trimEnd() + suggest(name, known));
    }
  }

  #exclusiveKeys(type: Section, tree: SectionTree | undefined, path: string, at: Position): void {
    const given = (names: readonly string[]) => names.filter((name) => tree?.entries.get(name)?.tree !== undefined);
    for (const names of [...type.atMostOne, ...type.exactlyOne]) {
      const tooMany = given(names).map((name) => tree!.entries.get(name)!.at);
      for (const extra of tooMany.sort(byPosition).slice(1)) {
        this.#report(extra, path, `expected only one of ${names.join(', ')}: remove this or the other`);
      }
    }
    for (const names of type.exactlyOne) {
      if (given(names).length === 0) this.#report(at, path, `expected one of ${names.join(', ')}, but found none`);
    }
    for (const [name, others] of Object.entries(type.needs)) {
      const found = tree?.entries.get(name);
      if (found?.tree === undefined || given(others).length > 0) continue;
      this.#report(found.at, path, `${name} needs one of ${others.join(', ')}`);
    }
  }
}

/** The order in which a reader meets two places. */
export function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}
