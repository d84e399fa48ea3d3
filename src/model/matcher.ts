import { type Labels, METRIC_NAME } from './labels.ts';

/** One condition of a selector. An absent label counts as the empty string, as in Prometheus. */
export interface Matcher {
  readonly name: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
  matches(labelValue: string): boolean;
}

/** All matchers have to hold. */
export type Selector = readonly Matcher[];

/** What is wrong with a selector, and at which character (from 0). */
export class SelectorError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.name = 'SelectorError';
    this.offset = offset;
  }
}

const MAX_REGEX_LENGTH = 10_000;
const METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /=~|!~|!=|=/y;
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y;
const SPACE = /\s*/y;

/**
 * Reads a series selector: `up`, `up{job="node"}`, `{__name__=~"node_.*",device!~"veth.*"}`, or the quoted-name form
 * `{"metric.with.dots", job="node"}`. At least one matcher must not match the empty string, as in Prometheus.
 * @throws SelectorError
 */
export function parseSelector(text: string): Selector {
  const matchers: Matcher[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at += match[0].length;
    return match[0];
  };
  const fail = (wanted: string): never => {
    const found = at < text.length ? `"${text.slice(at, at + 10)}"` : 'the end';
    throw new SelectorError(`selector ${JSON.stringify(text)}: expected ${wanted} but found ${found}`, at);
  };
  const matcher = (name: string, operator: Matcher['operator'], value: string, start: number) => {
    try {
      matchers.push(createMatcher(name, operator, value));
    } catch (error) {
      throw new SelectorError(`selector ${JSON.stringify(text)}: ${(error as Error).message}`, start);
    }
  };

  take(SPACE);
  const metric = take(METRIC);
  if (metric !== undefined) matcher(METRIC_NAME, '=', metric, 0);
  take(SPACE);
  if (text[at] === '{') {
    at++;
    take(SPACE);
    while (text[at] !== '}') {
      const start = at;
      const quoted = take(STRING);
      const name = quoted === undefined ? (take(LABEL) ?? fail('a label name or }')) : unquote(quoted);
      take(SPACE);
      if (quoted !== undefined && (text[at] === ',' || text[at] === '}')) {
        matcher(METRIC_NAME, '=', name, start);
      } else {
        const operator = (take(OPERATOR) ?? fail('one of = != =~ !~')) as Matcher['operator'];
        take(SPACE);
        matcher(name, operator, unquote(take(STRING) ?? fail('a quoted value')), start);
      }
      take(SPACE);
      if (text[at] === ',') at++;
      else if (text[at] !== '}') fail(', or }');
      take(SPACE);
    }
    at++;
    take(SPACE);
  }
  if (at < text.length || matchers.length === 0) fail('a metric name or {label="value"}');
  if (matchers.every((each) => each.matches(''))) {
    throw new SelectorError(
      `selector ${JSON.stringify(text)}: at least one matcher has to exclude the empty value, or it selects everything`,
      0,
    );
  }
  return matchers;
}

/** Whether a label set fulfils every matcher. */
export function selects(selector: Selector, labels: Labels): boolean {
  return selector.every((matcher) => matcher.matches(labels.get(matcher.name) ?? ''));
}

/**
 * Makes a matcher. Regular expressions are anchored on both sides, as in Prometheus.
 * @throws Error when the regular expression is not valid
 */
export function createMatcher(name: string, operator: Matcher['operator'], value: string): Matcher {
  switch (operator) {
    case '=':
      return { name, operator, value, matches: (labelValue) => labelValue === value };
    case '!=':
      return { name, operator, value, matches: (labelValue) => labelValue !== value };
    default: {
      const regex = compileAnchored(value);
      const wanted = operator === '=~';
      return { name, operator, value, matches: (labelValue) => regex.test(labelValue) === wanted };
    }
  }
}

/** RE2's syntax is nearly a subset of JavaScript's; what differs and is in use is the leading flag group `(?i)`. */
function compileAnchored(pattern: string): RegExp {
  if (pattern.length > MAX_REGEX_LENGTH)
    throw new Error(`regular expression longer than ${MAX_REGEX_LENGTH} characters`);
  const flagGroup = /^\(\?([ims]+)\)/.exec(pattern);
  const flags = new Set(['s', ...(flagGroup?.[1] ?? '')]);
  const body = flagGroup === null ? pattern : pattern.slice(flagGroup[0].length);
  if (/\(\?[=!<]|\\[1-9]/.test(body.replace(/\(\?<[a-zA-Z]/g, '').replace(/\\\\/g, ''))) {
    throw new Error(
      `regular expression ${JSON.stringify(pattern)} uses a look-around or back-reference, which Prometheus does not have`,
    );
  }
  return new RegExp(`^(?:${body.replace(/\(\?P</g, '(?<')})$`, [...flags].join(''));
}

function unquote(literal: string): string {
  const body = literal.slice(1, -1);
  if (literal[0] === '`') return body;
  return body.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/g, (_, hex, unicode, char) => {
    if (hex ?? unicode) return String.fromCharCode(Number.parseInt(hex ?? unicode, 16));
    return { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }[char as string] ?? char;
  });
}
