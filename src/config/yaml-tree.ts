import {
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';

/** Where something stands in the file, both counted from 1; the column in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong at a place; the sentence says what to write instead and never repeats a value. */
export interface Finding extends Position {
  readonly message: string;
}

/** One scalar: `text` as it was written (escapes resolved), `value` as YAML's core schema reads it. */
interface ScalarTree {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly text: string;
  readonly value: string | number | boolean;
}

/** A value at the place of its key, or of the entry of its list. `undefined` stands for an empty one (`key:`, `~`). */
interface Entry {
  readonly at: Position;
  readonly tree: Tree | undefined;
}

/** What a file says, with the place of each part. */
export type Tree =
  | ScalarTree
  | { readonly kind: 'list'; readonly at: Position; readonly items: readonly Entry[] }
  | {
      readonly kind: 'section';
      readonly at: Position;
      readonly entries: ReadonlyMap<string, Entry>;
    };

/** Aliases may not add more values than this: a file of a kilobyte could otherwise stand for billions. */
const MAX_ALIASED_VALUES = 10_000;
const MAX_DEPTH = 100;

const NESTED_TOO_DEEP = 'values are nested too deep: no section of this file has more than a few levels';

/**
 * Our own sentence for each error of the parser. Its own ones quote the file, which may hold passwords, and say what
 * the parser met rather than what to write.
 */
const SENTENCES: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*name) cannot have a tag or an anchor: write it alone, or put quotes around the text',
  BAD_ALIAS: 'an alias (*name) or anchor (&name) needs a name: put quotes around a text that starts with * or &',
  BAD_COLLECTION_TYPE: 'the tag (!name) does not fit this value: leave the tag out',
  BAD_DIRECTIVE: 'a line that starts with % is a YAML directive, and this one is not known: leave it out',
  BAD_DQ_ESCAPE: 'unknown escape after a backslash: double the backslash, or put single quotes around the text',
  BAD_INDENT:
    'wrong indentation: start all keys of a section, and all entries of a list, in the same column, and close every bracket',
  BAD_PROP_ORDER: 'a tag (!name) or anchor (&name) stands in the wrong place: write it right before its value',
  BAD_SCALAR_START: 'a text cannot start with this character: put quotes around the text',
  BLOCK_AS_IMPLICIT_KEY: 'a second "key:" stands on one line: start a new line, or put quotes around a text with ": "',
  BLOCK_IN_FLOW: 'lines of keys or list entries cannot stand inside [ ] or { }: close the bracket first',
  DUPLICATE_KEY: 'duplicate key: keep one',
  IMPOSSIBLE: 'this cannot be read as YAML: check quotes, brackets and indentation',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters: shorten it, or close a quote or bracket before it',
  MISSING_CHAR: 'something is missing: close the quote or bracket, or write ": " between key and value',
  MULTILINE_IMPLICIT_KEY: 'a key has to stand on one line, followed by ": ": check for a colon that is missing above',
  MULTIPLE_ANCHORS: 'a value has more than one anchor (&name): keep one',
  MULTIPLE_DOCS: 'a second document starts here: keep one document, without a "---" line in the middle',
  MULTIPLE_TAGS: 'a value has more than one tag (!name): leave them out',
  NON_STRING_KEY: 'a key has to be a text',
  RESOURCE_EXHAUSTION: NESTED_TOO_DEEP,
  TAB_AS_INDENT: 'tabs cannot indent YAML: use spaces',
  TAG_RESOLVE_FAILED: 'this tag (!name) is not known: leave it out, or put quotes around a text that starts with !',
  UNEXPECTED_TOKEN: 'this does not belong here: check quotes, brackets and indentation before it',
};

/** After these the rest of the file can still be trusted, so it is checked as well. */
const HARMLESS: ReadonlySet<ErrorCode> = new Set(['MULTIPLE_DOCS', 'TAG_RESOLVE_FAILED', 'BAD_COLLECTION_TYPE']);

/**
 * Reads YAML 1.2 (core schema) into a tree of plain nodes with positions.
 * @returns the tree and what is wrong with the YAML itself. When the syntax is broken the tree is undefined, because
 * whatever else were said about the file would be a guess.
 */
export function parseYaml(text: string): { tree: Tree | undefined; findings: Finding[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'core',
    resolveKnownTags: false,
    uniqueKeys: false, // Compares each key with all others; the map in #section does not.
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  const reader = new TreeReader(lines);
  const faults = [...document.errors, ...document.warnings];
  // The parser says more than one thing about the same place; the first is the cause.
  const byOffset = new Map(faults.toReversed().map((fault) => [fault.pos[0], fault]));
  for (const [offset, { code }] of byOffset) reader.report(reader.position(offset), SENTENCES[code]);
  if (faults.some(({ code }) => !HARMLESS.has(code))) return { tree: undefined, findings: reader.findings };
  const { tree } = document.contents === null ? NOTHING : reader.read(document.contents, 0);
  return { tree: reader.isBroken ? undefined : tree, findings: reader.findings };
}

/** A tree and how many values it holds, aliases counted each time. */
interface Weighed {
  readonly tree: Tree | undefined;
  readonly weight: number;
}

const NOTHING: Weighed = { tree: undefined, weight: 1 };

class TreeReader {
  readonly findings: Finding[] = [];
  /** Whether parts are missing from the tree, so that checking the rest would report what is only a consequence. */
  isBroken = false;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, Weighed>();
  #aliasedValues = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  report(at: Position, message: string): void {
    this.findings.push({ ...at, message });
  }

  #giveUp(at: Position, message: string): Weighed {
    this.isBroken = true;
    this.report(at, message);
    return NOTHING;
  }

  /** An anchor becomes known when its value is complete, so an alias inside its own anchor is an unknown one. */
  read(node: Node, depth: number): Weighed {
    const at = this.position(node.range?.[0] ?? 0);
    if (depth > MAX_DEPTH) return this.#giveUp(at, NESTED_TOO_DEEP);
    if (isAlias(node)) return this.#alias(node.source, at);
    const weighed = this.#value(node, at, depth);
    if ('anchor' in node && node.anchor !== undefined) this.#anchors.set(node.anchor, weighed);
    return weighed;
  }

  #value(node: Node, at: Position, depth: number): Weighed {
    if (isMap(node)) return this.#section(node.items as Pair<unknown, Node | null>[], at, depth);
    if (isSeq(node)) return this.#list(node.items as Node[], at, depth);
    if (!isScalar(node)) return NOTHING;
    const { value } = node;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return NOTHING;
    const text = typeof value === 'string' ? value : (node.source ?? String(value));
    return { tree: { kind: 'scalar', at, text, value }, weight: 1 };
  }

  #alias(name: string, at: Position): Weighed {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      return this.#giveUp(at, 'no anchor (&name) ends before this alias (*name): put quotes around a text with *');
    }
    const before = this.#aliasedValues;
    this.#aliasedValues += target.weight;
    if (this.#aliasedValues <= MAX_ALIASED_VALUES) return target;
    if (before > MAX_ALIASED_VALUES) return NOTHING;
    return this.#giveUp(at, `aliases (*name) add more than ${MAX_ALIASED_VALUES} values: write them out or use fewer`);
  }

  #list(items: readonly Node[], at: Position, depth: number): Weighed {
    const read = items.map((item) => this.read(item, depth + 1));
    const entries = read.map(({ tree }, i) => ({ at: this.position(items[i]!.range?.[0] ?? 0), tree }));
    return { tree: { kind: 'list', at, items: entries }, weight: weightOf(read) };
  }

  #section(pairs: readonly Pair<unknown, Node | null>[], at: Position, depth: number): Weighed {
    const entries = new Map<string, Entry>();
    const read: Weighed[] = [];
    for (const { key, value } of pairs) {
      const keyAt = this.position((key as Node | null)?.range?.[0] ?? value?.range?.[0] ?? 0);
      const weighed = value === null ? NOTHING : this.read(value, depth + 1);
      read.push(weighed);
      const name = isScalar(key) && key.value !== null ? (key.source ?? String(key.value)) : undefined;
      const first = name === undefined ? undefined : entries.get(name);
      if (name === undefined) this.report(keyAt, 'a key has to be a text, followed by ": "');
      else if (first !== undefined) this.report(keyAt, `duplicate key, first given in line ${first.at.line}: keep one`);
      else entries.set(name, { at: keyAt, tree: weighed.tree });
    }
    return { tree: { kind: 'section', at, entries }, weight: weightOf(read) };
  }
}

function weightOf(parts: readonly Weighed[]): number {
  return parts.reduce((sum, { weight }) => sum + weight, 1);
}
