import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BACKTEST_FLAGS, FLAGS } from '../../src/config/flag-table.ts';
import { parseCommandLine } from '../../src/config/flags.ts';

const DEFAULTS = {
  configFile: undefined,
  webListenAddress: { host: undefined, port: 9797 },
  webConfigFile: undefined,
  webExternalUrl: undefined,
  webEnableLifecycle: false,
  storagePath: './data',
  logLevel: 'info',
  logFormat: 'logfmt',
};

const ALL_FLAGS =
  '--config.file, --web.listen-address, --web.config.file, --web.external-url, --web.enable-lifecycle, --storage.path, ' +
  '--log.level, --log.format, --help, --version';

function flagsOf(...argv: string[]) {
  const line = parseCommandLine(argv);
  if (line.command !== 'serve') throw new Error(JSON.stringify(line));
  return line.flags;
}

function problemsOf(...argv: string[]) {
  const line = parseCommandLine(argv);
  return line.command === 'usage error' ? line.problems : [];
}

function helpOf(...argv: string[]) {
  const line = parseCommandLine(argv);
  return line.command === 'help' ? line.text : '';
}

describe('serve', () => {
  test('is what happens without a command', () => {
    expect(parseCommandLine([])).toEqual({ command: 'serve', flags: DEFAULTS });
    expect(parseCommandLine(['serve'])).toEqual({ command: 'serve', flags: DEFAULTS });
  });

  test('takes every flag, as --x=v and as --x v, before and after the command', () => {
    const expected = {
      configFile: 'a=b.yml',
      webListenAddress: { host: '127.0.0.1', port: 0 },
      webConfigFile: 'web.yml',
      webExternalUrl: 'https://example.org/pronoia',
      webEnableLifecycle: true,
      storagePath: '/var/lib/pronoia',
      logLevel: 'debug',
      logFormat: 'json',
    };
    const pairs = [
      ['--config.file', 'a=b.yml'],
      ['--web.listen-address', '127.0.0.1:0'],
      ['--web.config.file', 'web.yml'],
      ['--web.external-url', 'https://example.org/pronoia/'],
      ['--storage.path', '/var/lib/pronoia'],
      ['--log.level', 'debug'],
      ['--log.format', 'json'],
    ];
    expect(flagsOf('serve', '--web.enable-lifecycle', ...pairs.flat())).toEqual(expected);
    expect(flagsOf(...pairs.map((pair) => pair.join('=')), '--web.enable-lifecycle', 'serve')).toEqual(expected);
  });

  test('a switch is switched off by --no-', () => {
    expect(flagsOf('--no-web.enable-lifecycle').webEnableLifecycle).toBe(false);
  });

  test.each([
    [':9797', { host: undefined, port: 9797 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65535 }],
    ['[::1]:9797', { host: '::1', port: 9797 }],
    ['[fe80::1%eth0]:0', { host: 'fe80::1%eth0', port: 0 }],
  ])('listens on %s', (text, address) =>
    expect(flagsOf(`--web.listen-address=${text}`).webListenAddress).toEqual(address),
  );

  test.each(['9797', 'localhost', '::1:9797', ':65536', ':x', ':-1', 'http://a:1', '[::1]', ' :1'])(
    'does not listen on %j',
    (text) => {
      expect(problemsOf(`--web.listen-address=${text}`)).toEqual([
        '--web.listen-address: expected :9797, host:9797 or [::1]:9797, with a port from 0 to 65535',
      ]);
    },
  );

  test.each(['example.org', 'ftp://example.org', 'http://', 'https://me:pw@example.org', 'https://example.org/?a'])(
    'is not reached under %s',
    (url) => {
      expect(problemsOf('--web.external-url', url)).toEqual([
        '--web.external-url: expected an http or https URL without user, query and fragment, such as https://pronoia.example.org',
      ]);
    },
  );
});

describe('check config', () => {
  test('takes files, also such that begin with a dash', () => {
    expect(parseCommandLine(['check', 'config', 'a.yml', 'b.yml', '--', '--c.yml'])).toEqual({
      command: 'check config',
      files: ['a.yml', 'b.yml', '--c.yml'],
    });
  });

  test('takes files of the other kind as well', () => {
    expect(parseCommandLine(['check', 'web-config', 'web.yml'])).toEqual({
      command: 'check web-config',
      files: ['web.yml'],
    });
  });

  test.each([
    [['check', 'web-config'], 'no file to check: write: pronoia check web-config FILE...'],
    [['check', 'web-cofnig', 'a.yml'], 'unknown command "check web-cofnig", did you mean "check web-config"?'],
    [['check'], 'check what? write: pronoia check config FILE...'],
    [['check', 'config'], 'no file to check: write: pronoia check config FILE...'],
    [['check', 'cofnig', 'a.yml'], 'unknown command "check cofnig", did you mean "check config"?'],
    [
      ['check', 'rules', 'a.yml'],
      'unknown command "check rules": expected one of serve, backtest, replay, check config, check web-config',
    ],
    [['check', 'config', 'a.yml', '--log.level=debug'], '--log.level is a flag of serve only: leave it out'],
    [['check', 'config', 'a.yml', '--lint=all'], 'unknown flag "--lint": expected one of --help, --version'],
  ])('%j', (argv, problem) => expect(problemsOf(...argv)).toEqual([problem]));
});

describe('backtest', () => {
  const range = ['backtest', '--prometheus=http://u:p@prom:9090/x/', '--query=up'];

  test('takes files, or a range of a Prometheus', () => {
    expect(parseCommandLine(['backtest', 'a.csv', '--out=o', 'b.csv'])).toMatchObject({
      command: 'backtest',
      files: ['a.csv', 'b.csv'],
      flags: { out: 'o', kind: 'auto', prometheus: undefined },
    });
    const defaults = { start: { ago: 14 * 86_400_000 }, end: { ago: 0 }, step: 60_000 };
    expect(parseCommandLine(range)).toMatchObject({
      files: [],
      flags: { prometheus: 'http://u:p@prom:9090/x', query: 'up', ...defaults },
    });
  });

  test.each([
    ['2026-11-01', { at: Date.UTC(2026, 10, 1) }],
    ['2026-11-01T06:30:00+01:00', { at: Date.UTC(2026, 10, 1, 5, 30) }],
    ['1793491200.5', { at: 1_793_491_200_500 }],
    ['1d12h', { ago: 129_600_000 }],
  ])('understands the time %s', (text, moment) =>
    expect(parseCommandLine([...range, `--start=${text}`])).toMatchObject({ flags: { start: moment } }),
  );

  test.each([
    [['backtest'], ['nothing to replay: name CSV files, or give --prometheus=URL and --query=PROMQL']],
    [['backtest', 'a.csv', '--step=1m'], ['--step needs --prometheus=URL: files are replayed whole']],
    [['backtest', '--prometheus=http://p'], ['--prometheus needs --query=PROMQL: what to ask it for']],
    [[...range, 'a.csv'], ['files and --prometheus do not go together: run the command twice']],
    [[...range, '--log.level=debug'], ['--log.level is a flag of serve only: leave it out']],
    [['serve', '--query=up'], ['--query is a flag of backtest only: leave it out']],
    [
      [...range, '--start=yesterday', '--step=10ms'],
      [
        '--start: expected a time such as 2026-11-01T00:00:00Z or 1793491200 (seconds), or how long ago, such as 14d',
        '--step: expected a duration of 1s or more, such as 30s',
      ],
    ],
    [['backtest', 'a.csv', '--picture=a.png'], ['--picture: expected the path of a file that ends in .svg']],
  ])('%j', (argv, problems) => expect(problemsOf(...argv)).toEqual(problems));
});

describe('replay', () => {
  test('takes files and flags of its own', () => {
    expect(parseCommandLine(['replay', 'a.jsonl', '--format=json', 'b.jsonl'])).toEqual({
      command: 'replay',
      files: ['a.jsonl', 'b.jsonl'],
      flags: { configFile: undefined, topologyFile: undefined, format: 'json' },
    });
  });

  test.each([
    [['replay'], 'no file to replay: write: pronoia replay [<flags>] FILE...'],
    [['replay', 'a', '--format=xml'], '--format: expected one of text, json'],
    [['replay', 'a', '--log.level=debug'], '--log.level is a flag of serve only: leave it out'],
    [['serve', '--format=json'], '--format is a flag of replay only: leave it out'],
  ])('%j', (argv, problem) => expect(problemsOf(...argv)).toEqual([problem]));

  test('has help', () => {
    expect(helpOf('replay', '--help')).toMatch(
      /^usage: pronoia replay \[<flags>\] FILE\.\.\.\n\nTake rec[\s\S]*--format="text"/,
    );
  });
});

describe('usage errors', () => {
  test.each([
    [['--log.levle=debug'], 'unknown flag "--log.levle", did you mean "--log.level"?'],
    [['--log-level', 'debug'], 'unknown flag "--log-level", did you mean "--log.level"?'],
    [['--frobnicate', 'debug'], `unknown flag "--frobnicate": expected one of ${ALL_FLAGS}`],
    [['--__proto__=1'], `unknown flag "--__proto__": expected one of ${ALL_FLAGS}`],
    [['--no-config.file'], 'unknown flag "--no-config.file", did you mean "--config.file"?'],
    [['-x'], `unknown flag "-x": expected one of ${ALL_FLAGS}`],
    [['-config.file=a.yml'], 'flags start with two dashes: write --config.file'],
    [['-version'], '-version is not a flag: write --version, without a value'],
    [['--config.file'], '--config.file needs a value: expected the path of a file'],
    [['--config.file', '--log.level=info'], '--config.file needs a value: expected the path of a file'],
    [['--storage.path='], '--storage.path needs a value: expected the path of a folder'],
    [['--log.level=trace'], '--log.level: expected one of debug, info, warn, error'],
    [['--log.format', 'xml'], '--log.format: expected one of logfmt, json'],
    [['--log.level=info', '--log.level=warn'], '--log.level is given more than once: keep one'],
    [
      ['--web.enable-lifecycle=true'],
      '--web.enable-lifecycle takes no value: write --web.enable-lifecycle or --no-web.enable-lifecycle',
    ],
    [['srve'], 'unknown command "srve", did you mean "serve"?'],
    [['serve', 'now'], 'unexpected argument "now": serve takes flags only'],
  ])('%j', (argv, problem) => expect(problemsOf(...argv)).toEqual([problem]));

  test('a flag that only resembles another one in part is not taken for it', () => {
    expect(problemsOf('--web.route-prefix=/pronoia')[0]).not.toContain('did you mean');
  });

  test('all are listed', () => {
    expect(problemsOf('--log.levle=debug', 'srve', '--log.format=xml', '--storage.path')).toHaveLength(4);
  });

  test('arguments of any kind are understood or refused, never more', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...Object.keys(FLAGS).flatMap((name) => [`--${name}`, `--no-${name}`, `-${name}=1`])),
      fc.constantFrom('serve', 'check', 'config', '--', '-', '--no-', '=', '--='),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        const line = parseCommandLine(argv);
        if (line.command === 'usage error') expect(line.problems).not.toEqual([]);
      }),
    );
  });
});

describe('help and version', () => {
  test('win over everything else', () => {
    expect(parseCommandLine(['--version', '--nonsense'])).toEqual({ command: 'version' });
    expect(helpOf('--nonsense', '--version', '-h')).toBe(helpOf('--help'));
  });

  test('a file to be checked may be called --help', () => {
    expect(parseCommandLine(['check', 'config', '--', '--help'])).toMatchObject({ files: ['--help'] });
  });

  test('of the whole program', () => {
    expect(helpOf('--help')).toBe(`usage: pronoia [<command>] [<flags>]

Foresight for Prometheus: dynamic baselines for every series, and one incident instead of a storm of
alerts.

Flags:
  -h, --help                        Show this help.
      --version                     Show the version.
      --config.file=FILE            Configuration file, in YAML. Without it the defaults hold.
      --web.listen-address=":9797"  Address to listen on, host:port. Port 0 takes any free one.
      --web.config.file=FILE        Certificate, users and headers of the port, in the form of
                                    Prometheus' web configuration. Without it there is neither TLS
                                    nor a password.
      --web.external-url=URL        URL under which people reach this process, for links in what it
                                    sends out.
      --[no-]web.enable-lifecycle   Let anyone who can reach the port reload the configuration or
                                    stop the process, by HTTP.
      --storage.path="./data"       Folder for incidents and for what has been learnt.
      --log.level="info"            Log lines of this level and above: one of debug, info, warn,
                                    error.
      --log.format="logfmt"         Form of log lines: one of logfmt, json.

Commands:
  serve                         Take in samples and alerts, and serve scores and incidents. This is
                                what happens without a command.
  backtest [<flags>] [FILE...]  Replay CSV files (timestamp,value[,label]) or a range of a
                                Prometheus, and print what would have been anomalous.
  replay [<flags>] FILE...      Take recorded webhooks through the production path and print the
                                incidents that they would have become, beside what Alertmanager made
                                of them.
  check config FILE...          Check configuration files, print every problem as file:line:column,
                                and end with status 2 if there is one.
  check web-config FILE...      The same for files of --web.config.file, with the certificates and
                                keys that they name.
`);
  });

  test('of one command', () => {
    expect(helpOf('check', 'config', '-h')).toMatch(/^usage: pronoia check config FILE\.\.\.\n\nCheck/);
    expect(helpOf('check', 'config', '-h')).not.toContain('--config.file');
    expect(helpOf('check', 'web-config', '-h')).toMatch(/^usage: pronoia check web-config FILE/);
    expect(helpOf('backtest', '-h')).toMatch(
      /^usage: pronoia backtest \[<flags>\] \[FILE\.\.\.\][\s\S]*--picture=FILE/,
    );
    expect(helpOf('serve', '--help')).toMatch(/^usage: pronoia serve \[<flags>\]\n\nTake in[\s\S]*--storage\.path/);
  });

  test.each([...Object.entries(FLAGS), ...Object.entries(BACKTEST_FLAGS)])(
    '--%s has help, and its default satisfies it',
    (_, flag) => {
      expect(flag.help).toMatch(/^[A-Z].*\.$/);
      if (flag.takesValue && flag.preset !== undefined) expect(flag.read(flag.preset)).toBeDefined();
    },
  );
});
