import { RequestError } from '../model/errors.ts';
import type { Labels } from '../model/labels.ts';
import { createMatcher, type Matcher, selects } from '../model/matcher.ts';

const MATCHER = /^\s*(?:"((?:[^"\\]|\\.)+)"|([a-zA-Z_:][a-zA-Z0-9_:]*))\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;

/**
 * Reads the query parameters `filter` of Alertmanager's API, one matcher each: `severity="critical"`, the quotes being
 * optional. @throws RequestError 400
 */
export function readFilters(values: readonly string[]): (labels: Labels) => boolean {
  const matchers = values.map(readMatcher);
  return (labels) => selects(matchers, labels);
}

/** A regular expression that has to match the whole of a name. @throws RequestError 400 */
export function readNamePattern(pattern: string): (name: string) => boolean {
  const matcher = attempt(pattern, () => createMatcher('receiver', '=~', pattern));
  return (name) => matcher.matches(name);
}

function readMatcher(text: string): Matcher {
  const match = MATCHER.exec(text);
  if (match === null) throw badFilter(text, 'expected a matcher such as severity="critical"');
  const [, quotedName, bareName, operator, written] = match;
  const value = attempt(text, () => unquote(written!));
  const name = quotedName === undefined ? bareName! : attempt(text, () => unquote(`"${quotedName}"`));
  return attempt(text, () => createMatcher(name, operator as Matcher['operator'], value));
}

/** Go's quotes, which amtool writes, are those of JSON for all that occurs in matchers. */
function unquote(written: string): string {
  return written.startsWith('"') ? (JSON.parse(written) as string) : written;
}

function attempt<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw badFilter(text, (error as Error).message);
  }
}

function badFilter(text: string, reason: string): RequestError {
  return new RequestError(400, 'bad_data', `bad matcher format: ${text.slice(0, 200)}: ${reason}`);
}
