import { parseDuration } from '../model/duration.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../model/logger.ts';
import { oneOf } from './suggestion.ts';

const REPLAY_FORMATS = ['text', 'json'] as const;

/** Where to listen; no host means all addresses of the machine. Port 0 takes any free one. */
interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

/** A moment as people name it: milliseconds since the epoch, or so many milliseconds before now. */
export type Moment = { readonly at: number } | { readonly ago: number };

/** A flag with a value. `preset` is its default as one writes it; `read` gives undefined for a value that won't do. */
interface ValueFlag<T, Preset extends string | undefined> {
  readonly takesValue: true;
  readonly placeholder: string;
  readonly preset: Preset;
  readonly expects: string;
  readonly read: (text: string) => T | undefined;
  readonly help: string;
}

/** A flag that is there or not; `--no-…` in front of its name switches it off. */
interface Switch {
  readonly takesValue: false;
  readonly help: string;
}

/** The flags of `serve`, by name without dashes. The type `Flags`, parsing and `--help` are all made from this table. */
export const FLAGS = {
  'config.file': {
    takesValue: true,
    placeholder: 'FILE',
    preset: undefined,
    expects: 'the path of a file',
    read: nonEmpty,
    help: 'Configuration file, in YAML. Without it the defaults hold.',
  },
  'web.listen-address': {
    takesValue: true,
    placeholder: 'ADDRESS',
    preset: ':9797',
    expects: ':9797, host:9797 or [::1]:9797, with a port from 0 to 65535',
    read: readListenAddress,
    help: 'Address to listen on, host:port. Port 0 takes any free one.',
  },
  'web.config.file': {
    takesValue: true,
    placeholder: 'FILE',
    preset: undefined,
    expects: 'the path of a file',
    read: nonEmpty,
    help: "Certificate, users and headers of the port, in the form of Prometheus' web configuration. Without it there is neither TLS nor a password.",
  },
  'web.external-url': {
    takesValue: true,
    placeholder: 'URL',
    preset: undefined,
    expects: 'an http or https URL without user, query and fragment, such as https://pronoia.example.org',
    read: readExternalUrl,
    help: 'URL under which people reach this process, for links in what it sends out.',
  },
  'web.enable-lifecycle': {
    takesValue: false,
    help: 'Let anyone who can reach the port reload the configuration or stop the process, by HTTP.',
  },
  'storage.path': {
    takesValue: true,
    placeholder: 'FOLDER',
    preset: './data',
    expects: 'the path of a folder',
    read: nonEmpty,
    help: 'Folder for incidents and for what has been learnt.',
  },
  'log.level': {
    takesValue: true,
    placeholder: 'LEVEL',
    preset: 'info',
    expects: oneOf(LOG_LEVELS),
    read: (text) => LOG_LEVELS.find((level) => level === text),
    help: `Log lines of this level and above: ${oneOf(LOG_LEVELS)}.`,
  },
  'log.format': {
    takesValue: true,
    placeholder: 'FORMAT',
    preset: 'logfmt',
    expects: oneOf(LOG_FORMATS),
    read: (text) => LOG_FORMATS.find((format) => format === text),
    help: `Form of log lines: ${oneOf(LOG_FORMATS)}.`,
  },
} as const satisfies Readonly<Record<string, Flag>>;

const MOMENT = 'a time such as 2026-11-01T00:00:00Z or 1793491200 (seconds), or how long ago, such as 14d';
const KINDS = ['auto', 'gauge', 'counter'] as const;

/** The flags of `backtest`. */
export const BACKTEST_FLAGS = {
  'config.file': {
    takesValue: true,
    placeholder: 'FILE',
    preset: undefined,
    expects: 'the path of a file',
    read: nonEmpty,
    help: 'Configuration file: its rules under learn and its time zone hold here too.',
  },
  prometheus: {
    takesValue: true,
    placeholder: 'URL',
    preset: undefined,
    expects: 'an http or https URL without query and fragment, such as http://localhost:9090',
    read: readPrometheusUrl,
    help: 'Prometheus whose history is replayed, instead of files.',
  },
  query: {
    takesValue: true,
    placeholder: 'PROMQL',
    preset: undefined,
    expects: 'a PromQL expression',
    read: nonEmpty,
    help: 'What to ask it for; each series of the answer is replayed.',
  },
  start: {
    takesValue: true,
    placeholder: 'TIME',
    preset: '14d',
    expects: MOMENT,
    read: readMoment,
    help: 'Begin of the range: a time (RFC 3339, or seconds), or how long ago.',
  },
  end: {
    takesValue: true,
    placeholder: 'TIME',
    preset: '0s',
    expects: MOMENT,
    read: readMoment,
    help: 'End of the range, likewise.',
  },
  step: {
    takesValue: true,
    placeholder: 'DURATION',
    preset: '1m',
    expects: 'a duration of 1s or more, such as 30s',
    read: readStep,
    help: 'Distance of two samples; the scrape interval, or more.',
  },
  kind: {
    takesValue: true,
    placeholder: 'KIND',
    preset: 'auto',
    expects: oneOf(KINDS),
    read: (text) => KINDS.find((kind) => kind === text),
    help: 'What the series are: a counter is scored as its rate. auto goes by the name of the metric.',
  },
  out: {
    takesValue: true,
    placeholder: 'PATH',
    preset: undefined,
    expects: 'the path of a file',
    read: nonEmpty,
    help: 'Write timestamp,value,label,score: to this file for one series, into this folder for several.',
  },
  picture: {
    takesValue: true,
    placeholder: 'FILE',
    preset: undefined,
    expects: 'the path of a file that ends in .svg',
    read: (text) => (/.\.svg$/i.test(text) ? text : undefined),
    help: 'Draw series, band and anomalies (SVG).',
  },
} as const satisfies Readonly<Record<string, Flag>>;

/** The flags of `replay`. */
export const REPLAY_FLAGS = {
  'config.file': FLAGS['config.file'],
  'topology.file': {
    takesValue: true,
    placeholder: 'FILE',
    preset: undefined,
    expects: 'the path of a file',
    read: nonEmpty,
    help: 'File of known dependencies, in place of the one that the configuration names.',
  },
  format: {
    takesValue: true,
    placeholder: 'FORM',
    preset: 'text',
    expects: oneOf(REPLAY_FORMATS),
    read: (text: string) => REPLAY_FORMATS.find((format) => format === text),
    help: `Form of what is printed: ${oneOf(REPLAY_FORMATS)}.`,
  },
} as const satisfies Readonly<Record<string, Flag>>;

export type Flag = ValueFlag<unknown, string | undefined> | Switch;

/** What the flags say: `web.listen-address` is `webListenAddress`. */
export type Flags = Values<typeof FLAGS>;
export type BacktestFlags = Values<typeof BACKTEST_FLAGS>;
export type ReplayFlags = Values<typeof REPLAY_FLAGS>;

type Values<Table> = { readonly [Name in keyof Table as Camel<Name & string>]: ValueOf<Table[Name]> };

type ValueOf<F> = F extends { read: (text: string) => infer T; preset: infer Preset }
  ? Preset extends string
    ? Exclude<T, undefined>
    : T
  : boolean;
type Camel<S extends string> = S extends `${infer Head}.${infer Tail}`
  ? `${Camel<Head>}${Capitalize<Camel<Tail>>}`
  : S extends `${infer Head}-${infer Tail}`
    ? `${Head}${Capitalize<Camel<Tail>>}`
    : S;

/** Commands other than `serve`, which is meant when none is named. */
export const CHECK_CONFIG = {
  words: ['check', 'config'],
  synopsis: 'check config FILE...',
  help: 'Check configuration files, print every problem as file:line:column, and end with status 2 if there is one.',
} as const;

export const CHECK_WEB_CONFIG = {
  words: ['check', 'web-config'],
  synopsis: 'check web-config FILE...',
  help: 'The same for files of --web.config.file, with the certificates and keys that they name.',
} as const;

export const BACKTEST = {
  words: ['backtest'],
  synopsis: 'backtest [<flags>] [FILE...]',
  help: 'Replay CSV files (timestamp,value[,label]) or a range of a Prometheus, and print what would have been anomalous.',
} as const;

export const REPLAY = {
  words: ['replay'],
  synopsis: 'replay [<flags>] FILE...',
  help: 'Take recorded webhooks through the production path and print the incidents that they would have become, beside what Alertmanager made of them.',
} as const;

export const SERVE = {
  words: ['serve'],
  synopsis: 'serve',
  help: 'Take in samples and alerts, and serve scores and incidents. This is what happens without a command.',
} as const;

/** The flags that every command has. */
export const EVERYWHERE = {
  help: 'Show this help.',
  version: 'Show the version.',
} as const;

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function readListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65_535) return undefined;
  return { host: match[1] ?? (match[2] || undefined), port: Number(match[3]) };
}

/** A path, a user and a password may be part of it: proxies and hosted services ask for them. */
function readPrometheusUrl(text: string): string | undefined {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null || url.search + url.hash !== '') return undefined;
  return url.href.replace(/\/+$/, '');
}

function readMoment(text: string): Moment | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return { ago };
  if (/^\d{9,11}(?:\.\d+)?$/.test(text)) return { at: Math.round(Number(text) * 1000) };
  const at = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  return Number.isNaN(at) ? undefined : { at };
}

function readStep(text: string): number | undefined {
  const stepMs = parseDuration(text);
  return stepMs !== undefined && stepMs >= 1000 ? stepMs : undefined;
}

/** Without a slash at its end, so that paths can be put behind it. */
function readExternalUrl(text: string): string | undefined {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null || url.username + url.password + url.search + url.hash !== '') return undefined;
  return url.href.replace(/\/+$/, '');
}
