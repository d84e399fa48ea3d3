import { helpText } from './flag-help.ts';
import {
  BACKTEST,
  BACKTEST_FLAGS,
  type BacktestFlags,
  CHECK_CONFIG,
  CHECK_WEB_CONFIG,
  EVERYWHERE,
  FLAGS,
  type Flag,
  type Flags,
  REPLAY,
  REPLAY_FLAGS,
  type ReplayFlags,
  SERVE,
} from './flag-table.ts';
import { showName, suggest } from './suggestion.ts';

/** What the command line asks for. A usage error holds every problem, one sentence each; the process ends with 2. */
export type CommandLine =
  | { readonly command: 'serve'; readonly flags: Flags }
  | { readonly command: 'backtest'; readonly flags: BacktestFlags; readonly files: readonly string[] }
  | { readonly command: CheckCommand; readonly files: readonly string[] }
  | { readonly command: 'replay'; readonly flags: ReplayFlags; readonly files: readonly string[] }
  | { readonly command: 'help'; readonly text: string }
  | { readonly command: 'version' }
  | { readonly command: 'usage error'; readonly problems: readonly string[] };

type CheckCommand = 'check config' | 'check web-config';

/** One flag as it was written: `--no-x` is x switched off; a value is undefined when none was given. */
interface GivenFlag {
  readonly written: string;
  readonly name: string;
  readonly isNegated: boolean;
  readonly value: string | undefined;
}

type FlagTable = ReadonlyMap<string, Flag>;

const NO_FLAGS: FlagTable = new Map();
const SERVE_TABLE: FlagTable = new Map<string, Flag>(Object.entries(FLAGS));
const BACKTEST_TABLE: FlagTable = new Map<string, Flag>(Object.entries(BACKTEST_FLAGS));
const REPLAY_TABLE: FlagTable = new Map<string, Flag>(Object.entries(REPLAY_FLAGS));
const ALL_FLAGS: FlagTable = new Map([...BACKTEST_TABLE, ...REPLAY_TABLE, ...SERVE_TABLE]);
/** Which command has which flags. */
const OWNERS: readonly (readonly [string, FlagTable])[] = [
  [SERVE.words[0], SERVE_TABLE],
  [BACKTEST.words[0], BACKTEST_TABLE],
  [REPLAY.words[0], REPLAY_TABLE],
];
const EVERYWHERE_NAMES = Object.keys(EVERYWHERE);

/**
 * Reads the arguments after the name of the program. `--help` and `--version` win over everything else.
 * @param argv such as `['check', 'config', 'pronoia.yml']` or `['--log.level=debug']`
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { words, given } = split(argv);
  const command = commandOf(words);
  if (given.some(isHelp)) return { command: 'help', text: helpText(words.length === 0 ? undefined : command) };
  if (given.some(({ written }) => written === '--version')) return { command: 'version' };
  if (command === 'serve') return parseServe(words, given);
  if (command === 'backtest') return parseBacktest(words, given);
  return command === 'replay' ? parseReplay(words, given) : parseCheck(command, words, given);
}

/** Of a check that is unknown or not named, the one that is meant most often. */
function commandOf([word, what]: readonly string[]): 'serve' | 'backtest' | 'replay' | CheckCommand {
  if (word === BACKTEST.words[0]) return 'backtest';
  if (word === REPLAY.words[0]) return 'replay';
  if (word !== CHECK_CONFIG.words[0]) return 'serve';
  return what === CHECK_WEB_CONFIG.words[1] ? 'check web-config' : 'check config';
}

function isHelp({ written }: GivenFlag): boolean {
  return written === '--help' || written === '-h';
}

/**
 * Tells flags from other words. node:util's parseArgs stops at the first problem or, when it is told not to, takes
 * `--a --b` for the flag a with the value `--b`; here every problem is found.
 */
function split(argv: readonly string[]): { words: string[]; given: GivenFlag[] } {
  const end = argv.indexOf('--');
  const head = end === -1 ? argv : argv.slice(0, end);
  const words: string[] = [];
  const given: GivenFlag[] = [];
  for (let i = 0; i < head.length; i++) {
    const word = head[i]!;
    if (!/^-./.test(word)) {
      words.push(word);
      continue;
    }
    const flag = readFlag(word);
    const next = head[i + 1];
    // What follows an unknown flag is more likely its value than a command.
    const takesNext = flag.value === undefined && mayTakeValue(flag) && next !== undefined && !/^-./.test(next);
    given.push(takesNext ? { ...flag, value: next } : flag);
    if (takesNext) i++;
  }
  return { words: end === -1 ? words : [...words, ...argv.slice(end + 1)], given };
}

function readFlag(word: string): GivenFlag {
  const [, written = word, value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  const name = written.replace(/^--?/, '');
  const positive = name.replace(/^no-/, '');
  const isNegated = positive !== name && ALL_FLAGS.get(positive)?.takesValue === false;
  return { written, name: isNegated ? positive : name, isNegated, value };
}

function mayTakeValue({ written, name, isNegated }: GivenFlag): boolean {
  if (isNegated || !written.startsWith('--') || EVERYWHERE_NAMES.includes(name)) return false;
  return ALL_FLAGS.get(name)?.takesValue ?? true;
}

function parseServe(words: readonly string[], given: readonly GivenFlag[]): CommandLine {
  const problems = given.flatMap((flag) => problemsOf(flag, SERVE_TABLE));
  const [command = SERVE.words[0], ...rest] = words;
  if (command !== SERVE.words[0]) {
    problems.push(unknownCommand(command));
  } else {
    problems.push(...rest.map((word) => `unexpected argument ${JSON.stringify(word)}: serve takes flags only`));
  }
  const flags = readValues(SERVE_TABLE, given, problems) as Flags;
  return problems.length > 0 ? { command: 'usage error', problems } : { command: 'serve', flags };
}

function parseBacktest([, ...files]: readonly string[], given: readonly GivenFlag[]): CommandLine {
  const problems = given.flatMap((flag) => problemsOf(flag, BACKTEST_TABLE));
  const flags = readValues(BACKTEST_TABLE, given, problems) as BacktestFlags;
  const isGiven = (name: string) => given.some((each) => each.name === name);
  if (!isGiven('prometheus')) {
    const stray = ['query', 'start', 'end', 'step'].filter(isGiven);
    problems.push(...stray.map((name) => `--${name} needs --prometheus=URL: files are replayed whole`));
    if (files.length === 0)
      problems.push('nothing to replay: name CSV files, or give --prometheus=URL and --query=PROMQL');
  } else {
    if (!isGiven('query')) problems.push('--prometheus needs --query=PROMQL: what to ask it for');
    if (files.length > 0) problems.push('files and --prometheus do not go together: run the command twice');
  }
  return problems.length > 0 ? { command: 'usage error', problems } : { command: 'backtest', flags, files };
}

function parseReplay([, ...files]: readonly string[], given: readonly GivenFlag[]): CommandLine {
  const problems = given.flatMap((flag) => problemsOf(flag, REPLAY_TABLE));
  if (files.length === 0) problems.push(`no file to replay: write: pronoia ${REPLAY.synopsis}`);
  const flags = readValues(REPLAY_TABLE, given, problems) as ReplayFlags;
  return problems.length > 0 ? { command: 'usage error', problems } : { command: 'replay', flags, files };
}

function parseCheck(command: CheckCommand, words: readonly string[], given: readonly GivenFlag[]): CommandLine {
  const problems = given.flatMap((flag) => problemsOf(flag, NO_FLAGS));
  const [, what, ...files] = words;
  const { synopsis } = command === 'check config' ? CHECK_CONFIG : CHECK_WEB_CONFIG;
  if (what === undefined) problems.push(`check what? write: pronoia ${synopsis}`);
  else if (!command.endsWith(` ${what}`)) problems.push(unknownCommand(`check ${what}`));
  else if (files.length === 0) problems.push(`no file to check: write: pronoia ${synopsis}`);
  return problems.length > 0 ? { command: 'usage error', problems } : { command, files };
}

function unknownCommand(written: string): string {
  const known = [SERVE, BACKTEST, REPLAY, CHECK_CONFIG, CHECK_WEB_CONFIG].map(({ words }) => words.join(' '));
  return `unknown command ${JSON.stringify(written)}${suggest(written, known)}`;
}

/** What is wrong with a flag apart from its value. @param table the flags of the command */
function problemsOf({ written, name, value }: GivenFlag, table: FlagTable): string[] {
  if (EVERYWHERE_NAMES.includes(name)) return [`${written} is not a flag: write --${name}, without a value`];
  const flag = ALL_FLAGS.get(name);
  const dashed = [...table.keys(), ...EVERYWHERE_NAMES].map((each) => `--${each}`);
  if (flag === undefined) return [`unknown flag ${showName(written)}`.trimEnd() + suggest(written, dashed)];
  if (!table.has(name)) {
    const owners = OWNERS.filter(([, flags]) => flags.has(name)).map(([owner]) => owner);
    return [`--${name} is a flag of ${owners[0]} only: leave it out`];
  }
  if (!written.startsWith('--')) return [`flags start with two dashes: write --${name}`];
  if (!flag.takesValue && value !== undefined) return [`--${name} takes no value: write --${name} or --no-${name}`];
  return [];
}

/** The value of every flag of a table, by property; what is wrong goes to `problems`. */
function readValues(table: FlagTable, given: readonly GivenFlag[], problems: string[]): unknown {
  return Object.fromEntries(
    [...table].map(([name, flag]) => [propertyOf(name), readValue(name, flag, given, problems)]),
  );
}

/** The value of one flag, or its default; what is wrong with it goes to `problems`. */
function readValue(name: string, flag: Flag, given: readonly GivenFlag[], problems: string[]): unknown {
  const [first, second] = given.filter((each) => each.name === name);
  if (second !== undefined) problems.push(`--${name} is given more than once: keep one`);
  if (!flag.takesValue) return first !== undefined && !first.isNegated;
  const text = first === undefined ? flag.preset : first.value;
  const value = text === undefined ? undefined : flag.read(text);
  if (first !== undefined && value === undefined) {
    problems.push(`--${name}${text === undefined || text === '' ? ' needs a value' : ''}: expected ${flag.expects}`);
  }
  return value;
}

function propertyOf(name: string): string {
  return name.replace(/[.-]([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
