import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

/** Programs that the tests work with, under their names on Debian and where upstream's differ under those. */
const COMMANDS = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  amtool: ['amtool'],
  alertmanager: ['prometheus-alertmanager', 'alertmanager'],
  node_exporter: ['prometheus-node-exporter', 'node_exporter'],
  vmagent: ['vmagent'],
  otelcol: ['otelcol-contrib', 'otelcol'],
} as const;

export type Peer = keyof typeof COMMANDS;

/** Peers of which Debian has no package: nobody is made to have them. */
const OPTIONAL: ReadonlySet<Peer> = new Set(['otelcol']);

/** Full path of a peer's program. @throws Error when it is not installed */
export function commandOf(peer: Peer): string {
  const path = findCommand(peer);
  if (path === undefined) throw new Error(`${peer} is not installed`);
  return path;
}

/**
 * `describe`, for tests that need peers. Without them they are skipped by name, or fail when `REQUIRE_PEERS` is 1 and the
 * peers are those of a Debian package.
 */
export function describeWith(peers: readonly Peer[], title: string, tests: () => void): void {
  const missing = peers.filter((peer) => findCommand(peer) === undefined);
  if (missing.length === 0) {
    describe(title, tests);
    return;
  }
  const reason = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not installed`;
  if (process.env.REQUIRE_PEERS === '1' && !missing.every((peer) => OPTIONAL.has(peer))) {
    it(`${title} needs ${missing.join(' and ')}`, () => {
      throw new Error(reason);
    });
    return;
  }
  // The reporter only counts what is skipped.
  process.stderr.write(`skipped: ${reason}: ${title}\n`);
  describe.skip(`skipped: ${reason}: ${title}`, tests);
}

function findCommand(peer: Peer): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return COMMANDS[peer].flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
