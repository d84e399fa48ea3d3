import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A server that takes remote write, in a process of its own. */
export interface Receiver {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  /** User and system time of the process so far, in seconds. */
  cpuSeconds(): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: (folder: string, port: number) => string[];
  readonly versionArgs: readonly string[];
  readonly readyPath: string;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const PROGRAMS: readonly Program[] = [
  {
    name: 'pronoia',
    command: process.execPath,
    args: (folder, port) => [MAIN, `--storage.path=${folder}`, `--web.listen-address=127.0.0.1:${port}`],
    versionArgs: [MAIN, '--version'],
    readyPath: '/-/ready',
  },
  {
    name: 'prometheus',
    command: 'prometheus',
    args: (folder, port) => {
      writeFileSync(join(folder, 'prometheus.yml'), '{}\n');
      return [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
      ];
    },
    versionArgs: ['--version'],
    readyPath: '/-/ready',
  },
  {
    name: 'victoria-metrics',
    command: 'victoria-metrics',
    args: (folder, port) => [`-storageDataPath=${folder}`, `-httpListenAddr=127.0.0.1:${port}`],
    versionArgs: ['-version'],
    readyPath: '/health',
  },
];

/** Starts every receiver that is installed; says of the others that they are not. */
export async function startReceivers(onMissing: (name: string) => void): Promise<Receiver[]> {
  const receivers: Receiver[] = [];
  for (const program of PROGRAMS) {
    const version = spawnSync(program.command, program.versionArgs, { encoding: 'utf8' });
    if (version.error !== undefined) onMissing(program.name);
    else receivers.push(await start(program, firstLine(version.stdout + version.stderr)));
  }
  return receivers;
}

/** Starts the sidecar alone. */
export function startPronoia(): Promise<Receiver> {
  return start(PROGRAMS[0]!, '');
}

async function start(program: Program, version: string): Promise<Receiver> {
  const folder = mkdtempSync(join(tmpdir(), `bench-${program.name}-`));
  const port = await freePort();
  const child = spawn(program.command, program.args(folder, port), { stdio: 'ignore' });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  await waitUntilReady(child, `http://127.0.0.1:${port}${program.readyPath}`);
  return {
    name: program.name,
    version,
    port,
    cpuSeconds: () => cpuSeconds(child.pid!),
    residentBytes: () => residentBytes(child.pid!),
    async stop() {
      process.off('exit', kill);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function waitUntilReady(child: ChildProcess, url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode} before it was ready`);
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(`${url} did not become ready`);
}

/** Fields 14 and 15 of /proc/PID/stat, in clock ticks of 10 ms; the second field may hold blanks, so count from its end. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
