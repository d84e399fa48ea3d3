import {
  BACKTEST,
  BACKTEST_FLAGS,
  CHECK_CONFIG,
  CHECK_WEB_CONFIG,
  EVERYWHERE,
  FLAGS,
  type Flag,
  REPLAY,
  REPLAY_FLAGS,
  SERVE,
} from './flag-table.ts';

const WIDTH = 100;
const MAX_LEFT_WIDTH = 34;

type Row = readonly [left: string, right: string];

const EVERYWHERE_ROWS: readonly Row[] = [
  ['-h, --help', EVERYWHERE.help],
  ['    --version', EVERYWHERE.version],
];

/** The text of `--help`, laid out as Prometheus' own: of the whole program, or of one command. */
export function helpText(command?: 'serve' | 'backtest' | 'replay' | 'check config' | 'check web-config'): string {
  const check = [CHECK_CONFIG, CHECK_WEB_CONFIG].find(({ words }) => words.join(' ') === command);
  if (check !== undefined) return page(check.synopsis, check.help, EVERYWHERE_ROWS);
  const rows = (flags: object) => [
    ...EVERYWHERE_ROWS,
    ...Object.entries<Flag>(flags as Record<string, Flag>).map(flagRow),
  ];
  if (command === 'backtest') return page(BACKTEST.synopsis, BACKTEST.help, rows(BACKTEST_FLAGS));
  if (command === 'replay') return page(REPLAY.synopsis, REPLAY.help, rows(REPLAY_FLAGS));
  const flags = rows(FLAGS);
  if (command === 'serve') return page(`${SERVE.synopsis} [<flags>]`, SERVE.help, flags);
  const commands = [SERVE, BACKTEST, REPLAY, CHECK_CONFIG, CHECK_WEB_CONFIG].map(
    ({ synopsis, help }): Row => [synopsis, help],
  );
  const about =
    'Foresight for Prometheus: dynamic baselines for every series, and one incident instead of a storm of alerts.';
  return `${page('[<command>] [<flags>]', about, flags)}\nCommands:\n${table(commands)}`;
}

function page(synopsis: string, about: string, flags: readonly Row[]): string {
  return `usage: pronoia ${synopsis}\n\n${wrap(about, WIDTH).join('\n')}\n\nFlags:\n${table(flags)}`;
}

function flagRow([name, flag]: [string, Flag]): Row {
  if (!flag.takesValue) return [`    --[no-]${name}`, flag.help];
  const value = flag.preset === undefined ? flag.placeholder : `"${flag.preset}"`;
  return [`    --${name}=${value}`, flag.help];
}

/** Two columns; a left part that is too wide has its own line. */
function table(rows: readonly Row[]): string {
  const leftWidth = Math.min(Math.max(...rows.map(([left]) => left.length)), MAX_LEFT_WIDTH);
  const indent = leftWidth + 4;
  const lines = rows.flatMap(([left, right]) => {
    const [first = '', ...rest] = wrap(right, WIDTH - indent).map((line) => ' '.repeat(indent) + line);
    const start = `  ${left}`;
    const head = left.length > leftWidth ? [start, first] : [start + first.slice(start.length)];
    return [...head, ...rest];
  });
  return `${lines.join('\n')}\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
