import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, createWriteStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 20_000;

/** The path of a program under any of its names, undefined when none is on PATH. */
export function findProgram(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The programs that the demonstration has started; they end with it. */
export class Programs {
  readonly #running: { readonly name: string; readonly child: ChildProcess }[] = [];
  readonly #folder: string;

  /** @param folder for their logs */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a program and waits until it answers 200 at `readyUrl`. @throws Error that names its log */
  async start(name: string, command: string, args: readonly string[], readyUrl: string): Promise<ChildProcess> {
    const log = join(this.#folder, `${name}.log`);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const file = createWriteStream(log);
    child.stdout.pipe(file, { end: false });
    child.stderr.pipe(file, { end: false });
    this.#running.push({ name, child });
    for (let waited = 0; waited < READY_WITHIN_MS && child.exitCode === null; waited += 100) {
      const answer = await fetch(readyUrl).catch(() => undefined);
      if (answer?.ok) return child;
      await sleep(100);
    }
    throw new Error(`${name} does not come up, see ${log}`);
  }

  /** Ends them all, the newest first, and waits for each. */
  async stop(): Promise<void> {
    for (const { child } of this.#running.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await once(child, 'exit');
      clearTimeout(patience);
    }
  }
}
