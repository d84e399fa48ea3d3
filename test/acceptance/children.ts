import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, vi } from 'vitest';
import { until } from './polling.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The pinned runtime, whatever runs the tests. */
export const NODE = join(ROOT, 'node_modules/.bin/node');
const LOG_TAIL_CHARACTERS = 6000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that a test has started. */
export interface Child {
  readonly name: string;
  /** What it has written so far, standard output and standard error in one. */
  readonly output: () => string;
  readonly hasExited: () => boolean;
  readonly exited: Promise<Exit>;
  /** Sends a signal to the program alone. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Sends a signal to the program and to all that it has started, as a terminal does at Ctrl-C. */
  readonly killAll: (signal: NodeJS.Signals) => void;
}

const reaper = spawn(NODE, [fileURLToPath(import.meta.resolve('./reaper.ts'))], {
  stdio: ['pipe', 'ignore', 'ignore'],
  detached: true,
});
const children: Child[] = [];

/** Starts a program. It does not outlive the test file. */
export function startChild(name: string, command: string, args: readonly string[]): Child {
  // A group of its own: what it starts in turn (npm does) is killed with it.
  const spawned = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [spawned.stdout, spawned.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  spawned.on('error', (error) => (output += `${error.message}\n`));
  if (spawned.pid !== undefined) reaper.stdin.write(`+${spawned.pid}\n`);
  const exited = exitOf(spawned);
  const child: Child = {
    name,
    output: () => output,
    hasExited: () => spawned.exitCode !== null || spawned.signalCode !== null || spawned.pid === undefined,
    exited,
    kill: (signal) => spawned.kill(signal),
    killAll: (signal) => process.kill(-spawned.pid!, signal),
  };
  children.push(child);
  return child;
}

/** Waits until a child has written something that matches; rejects when it ends without. */
export async function outputOf(child: Child, pattern: RegExp, withinMs?: number): Promise<RegExpExecArray> {
  const found = await until(
    `${child.name} to write ${pattern}`,
    () => {
      return pattern.exec(child.output()) ?? (child.hasExited() ? 'ended' : undefined);
    },
    withinMs,
  );
  if (found !== 'ended') return found;
  throw new Error(`${child.name} ended without writing ${pattern}:\n${tail(child)}`);
}

/** Waits until a child answers 200 at a URL; rejects when it ends before. */
export async function answering(child: Child, url: string): Promise<void> {
  const answer = await until(`${child.name} to answer at ${url}`, async () => {
    if (child.hasExited()) return 'ended';
    return (await fetch(url)).ok ? 'ready' : undefined;
  });
  if (answer === 'ended') throw new Error(`${child.name} ended before it was ready:\n${tail(child)}`);
}

/** A folder that is removed after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pronoia-acceptance-'));
  reaper.stdin.write(`${folder}\n`);
  return folder;
}

/**
 * Starts a program that has to be told its port, which can't be told 0. Somebody else may take the port first: then
 * another one is tried.
 */
export async function withFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === 3 || !(error as Error).message.includes('address already in use')) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function exitOf(spawned: ChildProcess): Promise<Exit> {
  if (spawned.pid === undefined) return { code: null, signal: null };
  // Not `exit`: what the program wrote last may come after that.
  const [code, signal] = await once(spawned, 'close');
  reaper.stdin?.write(`-${spawned.pid}\n`);
  return { code, signal };
}

function tail(child: Child): string {
  return child.output().slice(-LOG_TAIL_CHARACTERS);
}

function printLogs(): void {
  for (const child of children) process.stderr.write(`--- log of ${child.name}\n${tail(child)}\n`);
}

// Longer than any wait, so that a test fails by saying what it waited for.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeEach(({ onTestFailed }) => onTestFailed(printLogs));

afterAll(async () => {
  reaper.stdin.end();
  await once(reaper, 'exit');
  await Promise.all(children.map(({ exited }) => exited));
});
