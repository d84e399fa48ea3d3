#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { startApp } from './app.ts';
import { backtest } from './backtest/backtest.ts';
import { type CommandLine, parseCommandLine } from './config/flags.ts';
import { ConfigError } from './config/load.ts';
import { loadFiles, loadWebConfig } from './config/web-load.ts';
import { systemClock } from './model/clock.ts';
import { messageOf } from './model/errors.ts';
import { createLogger } from './model/logger.ts';
import { replay } from './replay-command.ts';
import { VERSION } from './version.ts';

/** As Prometheus: wrong usage and a wrong configuration end with 2, anything else that goes wrong with 1. */
const EXIT = { success: 0, failure: 1, usage: 2 } as const;

// Bodies of requests live outside V8's heap and die young. Small semi-spaces let them go at the next, cheap scavenge; large
// ones would be full so seldom that V8 marks the whole heap instead, which costs a tenth of all CPU time.
setFlagsFromString('--semi-space-growth-factor=1');
// Selectors are written by strangers, and a backtracking regular expression can take for ever. V8 then goes on with its
// linear engine.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

const commandLine = parseCommandLine(process.argv.slice(2));
switch (commandLine.command) {
  case 'serve':
    await serve(commandLine);
    break;
  case 'backtest':
    await runBacktest(commandLine);
    break;
  case 'check config':
    process.exitCode = checkFiles(commandLine.files, (configFile) =>
      loadFiles({ configFile, webConfigFile: undefined }, systemClock.now()),
    );
    break;
  case 'check web-config':
    process.exitCode = checkFiles(commandLine.files, loadWebConfig);
    break;
  case 'replay':
    process.exitCode = replayFiles(commandLine);
    break;
  case 'help':
    process.stdout.write(commandLine.text);
    break;
  case 'version':
    process.stdout.write(`pronoia, version ${VERSION} (node ${process.versions.node})\n`);
    break;
  case 'usage error':
    for (const problem of commandLine.problems) process.stderr.write(`pronoia: ${problem}\n`);
    process.stderr.write('pronoia: try --help\n');
    process.exitCode = EXIT.usage;
    break;
}

async function serve({ flags }: Extract<CommandLine, { command: 'serve' }>): Promise<void> {
  const logger = createLogger({ level: flags.logLevel, format: flags.logFormat, now: systemClock.now }, (line) =>
    process.stderr.write(line),
  );
  let isStopping = false;
  const stop = (reason: string) => {
    if (isStopping) return;
    isStopping = true;
    logger.info('stopping', { reason });
    // A signal may come while the start is still under way: the state has to be written all the same.
    starting.then((app) => app.stop()).then(() => process.exit(EXIT.success), end);
  };
  const end = (error: unknown): never => {
    fail(error);
    process.exit();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  // What went wrong has been logged; the process goes on with the configuration that it has.
  process.on('SIGHUP', () => void starting.then((app) => app.reload()).catch(() => {}));
  const starting = startApp({ flags, clock: systemClock, logger, onQuit: () => stop('asked by HTTP') });
  await starting.catch(end);
}

async function runBacktest({ flags, files }: Extract<CommandLine, { command: 'backtest' }>): Promise<void> {
  const writeProgress = process.stderr.isTTY ? (text: string) => void process.stderr.write(text) : undefined;
  try {
    process.stdout.write(await backtest({ flags, files, clock: systemClock, fetch, writeProgress }));
  } catch (error) {
    fail(error);
  }
}

/** Says what went wrong; the status of the process tells a wrong configuration from everything else. */
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof ConfigError ? '' : 'pronoia: '}${messageOf(error)}\n`);
  process.exitCode = error instanceof ConfigError ? EXIT.usage : EXIT.failure;
}

function replayFiles({ files, flags }: Extract<CommandLine, { command: 'replay' }>): number {
  try {
    process.stdout.write(replay(files, flags));
    return EXIT.success;
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? '' : 'pronoia: '}${messageOf(error)}\n`);
    return error instanceof ConfigError ? EXIT.usage : EXIT.failure;
  }
}

function checkFiles(files: readonly string[], load: (file: string) => unknown): number {
  let exitCode: number = EXIT.success;
  for (const file of files) {
    try {
      load(file);
      process.stdout.write(`${file}: valid\n`);
    } catch (error) {
      process.stderr.write(`${messageOf(error)}\n`);
      exitCode = EXIT.usage;
    }
  }
  return exitCode;
}
