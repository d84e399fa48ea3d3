import { parseDuration } from '../model/duration.ts';
import { messageOf } from '../model/errors.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { parseSelector, type Selector } from '../model/matcher.ts';
import { Secret } from './secret.ts';
import { oneOf } from './suggestion.ts';

/** A scalar as it was written, and as YAML's core schema reads it. */
interface Written {
  readonly text: string;
  readonly value: string | number | boolean;
}

/** What a leaf makes of a scalar. A reason says what to write instead, and never holds a secret. */
type Reading<T> = { readonly value: T } | { readonly reason: string };

/** A value that is one scalar. `suffix` is the unit which its property in `Config` carries: `Ms` for durations. */
export interface Leaf<T = unknown, Suffix extends string = string> {
  readonly kind: 'leaf';
  readonly expects: string;
  readonly suffix: Suffix;
  readonly read: (written: Written) => Reading<T>;
}

/** A path of a file that has to be there; relative ones start at the folder of the configuration file. */
export interface FilePath {
  readonly kind: 'file';
  readonly expects: string;
}

/** A list with at least `minLength` entries. */
export interface List<Item extends Type = Type> {
  readonly kind: 'list';
  readonly expects: string;
  readonly item: Item;
  readonly minLength: number;
}

/** `[lo, hi]`, two finite numbers with lo < hi. */
export interface Interval {
  readonly kind: 'interval';
  readonly expects: string;
}

/** Names of the user's choice, each with a value, sorted by bytes. `refuse` gives the reason why a name cannot be taken. */
export interface Dictionary<Value extends Leaf = Leaf> {
  readonly kind: 'dictionary';
  readonly expects: string;
  readonly value: Value;
  readonly refuse: (name: string) => string | undefined;
}

/** Fixed keys. Of each set in `atMostOne` and `exactlyOne` so many may be given; a key of `needs` wants one of a set. */
export interface Section<Keys extends Readonly<Record<string, Key>> = Readonly<Record<string, Key>>> {
  readonly kind: 'section';
  readonly expects: string;
  readonly keys: Keys;
  readonly atMostOne: readonly (readonly string[])[];
  readonly exactlyOne: readonly (readonly string[])[];
  readonly needs: Readonly<Record<string, readonly string[]>>;
}

export type Type = Leaf | FilePath | List | Interval | Dictionary | Section;

/** A key of a section. `preset` is the default as one writes it in YAML; lists, dictionaries and sections start empty. */
export interface Key<T extends Type = Type, Presence extends string = 'required' | 'optional' | 'preset'> {
  readonly type: T;
  readonly presence: Presence;
  readonly preset: string | number | undefined;
  readonly help: string;
  /** Whether a change takes effect only when the process is started again. */
  readonly needsRestart: boolean;
}

/** What a value of a type becomes in `Config`. */
export type ValueOf<T> =
  T extends Leaf<infer V>
    ? V
    : T extends FilePath
      ? string
      : T extends List<infer Item>
        ? readonly ValueOf<Item>[]
        : T extends Interval
          ? readonly [lo: number, hi: number]
          : T extends Dictionary<infer Value>
            ? ReadonlyMap<string, ValueOf<Value>>
            : T extends Section<infer Keys>
              ? { readonly [K in keyof Keys & string as PropertyOf<K, Keys[K]>]: KeyValue<Keys[K]> }
              : never;

type KeyValue<K> =
  K extends Key<infer T, infer P> ? (P extends 'optional' ? ValueOf<T> | undefined : ValueOf<T>) : never;
type PropertyOf<K extends string, V> = V extends Key<Leaf<unknown, infer Suffix>> ? `${Camel<K>}${Suffix}` : Camel<K>;
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** The name in `Config` of a key in YAML: `join_window`, a duration, is `joinWindowMs`. */
export function propertyOf(name: string, type: Type): string {
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return type.kind === 'leaf' ? camel + type.suffix : camel;
}

/** A key that has to be given. */
export function required<T extends Type>(type: T, help: string): Key<T, 'required'> {
  return { type, presence: 'required', preset: undefined, help, needsRestart: false };
}

/** A key that may be missing; its value is undefined then. */
export function optional<T extends Type>(type: T, help: string): Key<T, 'optional'> {
  return { type, presence: 'optional', preset: undefined, help, needsRestart: false };
}

/** A key with a default, written as in YAML. */
export function preset<T extends Leaf>(type: T, value: string | number, help: string): Key<T, 'preset'> {
  return { type, presence: 'preset', preset: value, help, needsRestart: false };
}

/** A list, dictionary or section that is empty, or holds its own defaults, unless it is given. */
export function group<T extends List | Dictionary | Section>(type: T, help: string): Key<T, 'preset'> {
  return { type, presence: 'preset', preset: undefined, help, needsRestart: false };
}

/** The same key, but a change of it takes effect only when the process is started again. */
export function afterRestart<T extends Type, P extends string>(key: Key<T, P>): Key<T, P> {
  return { ...key, needsRestart: true };
}

export function section<Keys extends Readonly<Record<string, Key>>>(
  keys: Keys,
  rules: {
    readonly atMostOne?: readonly string[][];
    readonly exactlyOne?: readonly string[][];
    readonly needs?: Readonly<Record<string, readonly string[]>>;
  } = {},
): Section<Keys> {
  const { atMostOne = [], exactlyOne = [], needs = {} } = rules;
  return { kind: 'section', expects: 'keys and values', keys, atMostOne, exactlyOne, needs };
}

export function list<Item extends Type>(item: Item, minLength = 0): List<Item> {
  return { kind: 'list', expects: 'a list, each entry on a line that starts with "- "', item, minLength };
}

export function dictionary<Value extends Leaf>(
  value: Value,
  refuse: (name: string) => string | undefined,
): Dictionary<Value> {
  return { kind: 'dictionary', expects: 'names and values', value, refuse };
}

export const interval: Interval = { kind: 'interval', expects: 'two numbers [lo, hi] with lo below hi' };

export const filePath: FilePath = { kind: 'file', expects: 'the path of a file' };

/**
 * Some text that passes the test; numbers and booleans count as what is written there. Messages do not repeat it, since
 * people write `user:password` where a user name belongs.
 */
export function text(expects: string, isValid: (text: string) => boolean): Leaf<string, ''> {
  const read = ({ text }: Written): Reading<string> =>
    isValid(text) ? { value: text } : { reason: `expected ${expects}` };
  return { kind: 'leaf', expects, suffix: '', read };
}

/** Text that is never shown again, neither by a message nor by a log. */
export function secret(expects: string, isValid: (text: string) => boolean): Leaf<Secret, ''> {
  const read = ({ text }: Written): Reading<Secret> =>
    isValid(text) ? { value: new Secret(text) } : { reason: `expected ${expects}` };
  return { kind: 'leaf', expects, suffix: '', read };
}

export function choice<const Options extends readonly string[]>(...options: Options): Leaf<Options[number], ''> {
  return leaf(oneOf(options), ({ text }) => options.find((option) => option === text));
}

/** A finite number, both limits included. */
export function number(min: number, max = Number.MAX_VALUE): Leaf<number, ''> {
  const expects = max === Number.MAX_VALUE ? `a number, ${min} or more` : `a number from ${min} to ${max}`;
  return leaf(expects, ({ value }) => (typeof value === 'number' && value >= min && value <= max ? value : undefined));
}

/** A whole number, both limits included. */
export function count(min: number, max: number): Leaf<number, ''> {
  const expects = `a whole number from ${min} to ${max}`;
  const isValid = (value: unknown) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  return leaf(expects, ({ value }) => (isValid(value) ? Number(value) : undefined));
}

/** A duration as Prometheus writes it, both limits included; milliseconds in `Config`. */
export function duration(min: string, max: string): Leaf<number, 'Ms'> {
  const [minMs, maxMs] = [parseDuration(min)!, parseDuration(max)!];
  const expects = `a duration from ${min} to ${max}, written like 90s, 5m or 1h30m`;
  const read = (text: string) => {
    const durationMs = parseDuration(text);
    return durationMs !== undefined && durationMs >= minMs && durationMs <= maxMs ? durationMs : undefined;
  };
  return { ...leaf(expects, ({ text }) => read(text)), suffix: 'Ms' };
}

/** An http or https URL. Its text is not repeated in messages, since people put passwords into URLs. */
export const httpUrl: Leaf<string, ''> = {
  kind: 'leaf',
  expects: 'a URL such as http://prometheus:9090/api/v1/write',
  suffix: '',
  read: ({ text }) => {
    const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
    if (url === null) return { reason: 'expected a URL such as http://prometheus:9090/api/v1/write' };
    if (url.username + url.password === '') return { value: url.href };
    return { reason: 'expected a URL without user and password: write them into basic_auth' };
  },
};

export const selector: Leaf<Selector, ''> = {
  kind: 'leaf',
  expects: `a selector in quotes, such as '{job="node"}'`,
  suffix: '',
  read: ({ text }) => {
    try {
      return { value: parseSelector(text) };
    } catch (error) {
      return { reason: messageOf(error) };
    }
  },
};

/** A selector that names its metric: only series of that name have to be looked at. */
export const metricSelector: Leaf<Selector, ''> = {
  kind: 'leaf',
  expects: 'the name of a metric, with matchers if needed',
  suffix: '',
  read: (written) => {
    const reading = selector.read(written);
    const hasName =
      'value' in reading && reading.value.some(({ name, operator }) => name === METRIC_NAME && operator === '=');
    if (hasName || 'reason' in reading) return reading;
    return { reason: 'expected a selector that begins with the name of a metric' };
  },
};

/** A metric as above, or a number above 0. */
export const metricOrNumber: Leaf<Selector | number, ''> = {
  kind: 'leaf',
  expects: 'the name of a metric, with matchers if needed, or a number above 0',
  suffix: '',
  read: (written) => {
    if (typeof written.value !== 'number') return metricSelector.read(written);
    return written.value > 0 ? { value: written.value } : { reason: 'expected a number above 0' };
  },
};

/** A leaf whose reason is what it expects and what it found, for values that may be shown. */
function leaf<T>(expects: string, read: (written: Written) => T | undefined): Leaf<T, ''> {
  return {
    kind: 'leaf',
    expects,
    suffix: '',
    read: (written) => {
      const value = read(written);
      return value === undefined ? { reason: `expected ${expects}, but found ${show(written)}` } : { value };
    },
  };
}

/** Quotes show a text that YAML took for text, as in `"5"` where a number was wanted. */
function show({ text, value }: Written): string {
  return typeof value === 'string' ? JSON.stringify(text) : text;
}
