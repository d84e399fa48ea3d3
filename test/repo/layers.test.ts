import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, textOf } from './files.ts';

/** From the bottom to the top, as docs/architecture.md draws them: what lies in `src` imports from lower floors only. */
const FLOORS: readonly (readonly string[])[] = [
  ['model', 'kernel'],
  ['config', 'series', 'version.ts'],
  ['detect', 'forecast', 'histograms', 'topology', 'correlate'],
  ['ingest', 'emit', 'incidents', 'state', 'web'],
  ['alertmanager', 'bootstrap'],
  ['notify', 'noise'],
  ['score-pipeline.ts', 'incident-pipeline.ts'],
  ['incident-lane.ts', 'score-lane.ts', 'score-replay.ts'],
  ['history-loading.ts', 'incident-replay.ts'],
  [
    'backtest',
    'incident-lane-metrics.ts',
    'score-lane-metrics.ts',
    'lifecycle-routes.ts',
    'pages',
    'replay-command.ts',
    'server.ts',
  ],
  ['app.ts'],
  ['main.ts'],
];

/** Where what comes from outside may be used; a folder stands for all in it. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  bcryptjs: ['web/bcrypt-thread.ts'],
  express: [
    'server.ts',
    'alertmanager/view.ts',
    'pages',
    'lifecycle-routes.ts',
    'emit/federation.ts',
    'emit/metrics-routes.ts',
    'emit/series-routes.ts',
    'emit/text-response.ts',
    'incidents/api.ts',
    'ingest/alert-routes.ts',
    'noise/api.ts',
    'topology/api.ts',
  ],
  'ical.js': ['config/calendar-file.ts'],
  'prom-client': ['emit/metrics.ts'],
  protobufjs: ['emit/write-request.ts', 'bootstrap/remote-read.ts'],
  snappy: ['emit/snappy-compress.ts'],
  snappyjs: ['emit/snappy-compress.ts'],
  yaml: ['config/yaml-tree.ts'],
  'node:crypto': ['score-lane.ts', 'forecast/resources.ts', 'config/certificates.ts', 'web/basic-auth.ts'],
  'node:fs': ['backtest/backtest.ts', 'replay-command.ts', 'config/load.ts', 'state', 'version.ts'],
  'node:fs/promises': ['app.ts', 'incidents/log-flush.ts', 'state'],
  'node:http': ['server.ts', 'ingest', 'web'],
  'node:https': ['server.ts', 'web/tls-server.ts'],
  'node:sqlite': ['incidents', 'noise/history.ts', 'notify/journal.ts', 'state/folder-lock.ts'],
  'node:timers/promises': ['emit/slices.ts', 'bootstrap/turns.ts'],
  'node:tls': ['config/certificates.ts', 'web/tls-server.ts'],
  'node:v8': ['main.ts'],
  'node:worker_threads': ['incidents/checkpoint-thread.ts', 'noise/report-thread.ts', 'web/bcrypt-thread.ts'],
};
/** Without a home of their own: they hold no state and touch nothing outside of the process. */
const FREE = new Set(['node:net', 'node:path', 'node:stream', 'node:stream/promises', 'node:util', 'node:zlib']);

/** The same for what needs no import. `performance.now` is not there: a duration does no harm. */
const GLOBALS: readonly (readonly [pattern: RegExp, homes: readonly string[]])[] = [
  [/\bDate\.now\b|\bnew Date\(\)|\bset(?:Timeout|Interval|Immediate)\(/, ['model/clock.ts']],
  // The clients take it as a parameter.
  [
    /(?<!typeof )\bfetch\b(?!:)|\bglobalThis\b/,
    ['app.ts', 'main.ts', 'backtest', 'emit/http-client.ts', 'bootstrap/history-client.ts', 'history-loading.ts'],
  ],
  [/\bMath\.random\b/, ['emit/retry-delay.ts']],
  [/\bprocess\.(?!versions\b)/, ['main.ts']],
];

const FILES = filesBelow('src')
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.endsWith('.asm.ts'))
  .map((file) => file.slice('src/'.length));

describe('the layers of src', () => {
  it('name every room', () => {
    expect([...new Set(FILES.map(roomOf))].sort()).toEqual(FLOORS.flat().sort());
  });

  it('hold: a file imports from its own room and from lower floors only', () => {
    const faults = (file: string) => inside(file).filter((target) => !mayImport(file, target));
    expect(FILES.flatMap((file) => faults(file).map((target) => `${file} imports ${target}`))).toEqual([]);
  });

  it('are those that docs/architecture.md draws, the top one first', () => {
    const drawn = FLOORS.toReversed().map((rooms) => rooms.map((room) => room.replace('.ts', '')).sort());
    const blocks = [...textOf('docs/architecture.md').matchAll(/^```\n(main\n[^`]+)```$/gm)];
    const floors = blocks[0]![1]!.trim().split('\n');
    expect(floors.map((line) => line.split(' · ').sort())).toEqual(drawn);
  });

  it('have no circle of imports', () => {
    expect(FILES.filter((file) => reachableFrom(file).has(file))).toEqual([]);
  });

  it('would show an import of a neighbour, of an upper floor, and of a file on the same floor', () => {
    expect(mayImport('detect/gates.ts', 'topology/subject.ts')).toBe(false);
    expect(mayImport('model/alert.ts', 'detect/gates.ts')).toBe(false);
    expect(mayImport('score-pipeline.ts', 'incident-pipeline.ts')).toBe(false);
    expect(mayImport('emit/metrics.ts', 'detect/gates.ts')).toBe(true);
  });
});

describe('what comes from outside has one home', () => {
  it('where it is imported', () => {
    const strangers = (file: string) =>
      outside(file).filter((name) => !FREE.has(name) && !isHome(HOMES[name] ?? [], file));
    expect(FILES.flatMap((file) => strangers(file).map((name) => `${file} imports ${name}`))).toEqual([]);
  });

  it('where it is there without import: time, chance, network and process are parameters', () => {
    const strangers = (file: string) =>
      GLOBALS.filter(([pattern, homes]) => pattern.test(codeOf(file)) && !isHome(homes, file));
    expect(FILES.flatMap((file) => strangers(file).map(([pattern]) => `${file} uses ${pattern}`))).toEqual([]);
  });

  it('and every package that has one is a dependency, and the other way round', () => {
    const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
    const packages = new Set(FILES.flatMap(outside).filter((name) => !name.startsWith('node:')));
    expect([...packages].sort()).toEqual(Object.keys(dependencies).sort());
  });
});

function roomOf(file: string): string {
  return file.split('/')[0]!;
}

function floorOf(file: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));
}

function mayImport(file: string, target: string): boolean {
  const isSameRoom = roomOf(file) === roomOf(target) && file.includes('/');
  return isSameRoom || floorOf(target) < floorOf(file);
}

function importsOf(file: string): string[] {
  const text = textOf(`src/${file}`);
  const found = text.matchAll(/^(?:import|export)\s[^;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm);
  return [...found].map(([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!);
}

/** A file without its comments. */
function codeOf(file: string): string {
  return textOf(`src/${file}`).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** Files of `src` that a file imports. */
function inside(file: string): string[] {
  const paths = importsOf(file).filter((path) => path.startsWith('.'));
  return paths.map((path) => posix.join(posix.dirname(file), path));
}

/** Modules and packages from outside that a file imports, packages by name. */
function outside(file: string): string[] {
  const names = importsOf(file).filter((path) => !path.startsWith('.'));
  return names.map((name) => (name.startsWith('node:') ? name : name.split('/')[0]!));
}

function isHome(homes: readonly string[], file: string): boolean {
  return homes.includes(file) || homes.includes(roomOf(file));
}

function reachableFrom(file: string): Set<string> {
  const seen = new Set<string>();
  const open = inside(file);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...inside(next));
  }
  return seen;
}
