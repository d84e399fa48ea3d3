import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { createLabels } from '../../src/model/labels.ts';
import { selects } from '../../src/model/matcher.ts';
import { describeBadFiles, errorOf, SECRET } from './bad-files.ts';

const FIXTURES = resolve(import.meta.dirname, '../fixtures/config');
const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(content: string | Uint8Array): Config {
  const file = join(folder, 'pronoia.yml');
  writeFileSync(file, content);
  return loadConfig(file);
}

function messageFor(content: string | Uint8Array): string {
  return errorOf(() => load(content)).message.replaceAll(`${folder}/`, '');
}

describeBadFiles(FIXTURES, loadConfig);

describe('what is wrong', () => {
  test('problems come as places and sentences, in the order of the file', () => {
    const { problems } = errorOf(() => load('storage: { max_series: 0 }\nnothing: 1\nglobal: []\n'));
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [1, 24],
      [2, 1],
      [3, 9],
    ]);
    expect(problems[0]).toEqual({
      file: join(folder, 'pronoia.yml'),
      line: 1,
      column: 24,
      message: 'storage.max_series: expected a whole number from 1 to 20000000, but found 0',
    });
  });
});

describe('files that are no configuration', () => {
  test('a file that is not there, and a folder', () => {
    expect(errorOf(() => loadConfig('no-such.yml')).message).toBe(
      'no-such.yml:1:1: the configuration file cannot be read (there is no such file)',
    );
    expect(errorOf(() => loadConfig(folder)).message).toContain('cannot be read (it is a folder)');
  });

  test('a file larger than 1 MiB is refused, one of exactly 1 MiB is read', () => {
    const limit = 1024 * 1024;
    expect(load(`#${' '.repeat(limit - 1)}`)).toEqual(loadConfig(undefined));
    expect(messageFor(`#${' '.repeat(limit)}`)).toBe(
      'pronoia.yml:1:1: the configuration file is larger than 1 MiB: check that it is the right one',
    );
  });

  test('bytes that are not UTF-8', () => {
    const message = 'pronoia.yml:1:1: the configuration file is not UTF-8: save it as UTF-8';
    expect(messageFor(Buffer.from([0x61, 0x3a, 0x20, 0xff]))).toBe(message);
  });

  test('a long text is cut, and a problem stays on one line', () => {
    const message = messageFor(`learn: [{ match: ["{job=~\`(\\a\\n${'x'.repeat(9000)}\`}"] }]`);
    expect(message.length).toBeLessThan(500);
    expect(message).not.toContain('\n');
  });
});

describe('good files', () => {
  test.each(['', '\n', '# only a comment\n', '---\n', '~\n', '{}\n', '\ufeff', 'learn:\nglobal: ~\n'])(
    '%j is the defaults',
    (content) => expect(load(content)).toEqual(loadConfig(undefined)),
  );

  test('the defaults', () => {
    expect(loadConfig(undefined)).toEqual({
      global: { timezone: 'UTC', externalLabels: new Map(), replicaLabel: '__replica__', clusterLabel: 'cluster' },
      learn: [],
      groups: [],
      calendars: [],
      forecast: [],
      bootstrap: {
        prometheus: undefined,
        lookbackMs: 14 * 86_400_000,
        externalLabels: new Map(),
        headers: new Map(),
        basicAuth: undefined,
        bearerToken: undefined,
        bearerTokenFile: undefined,
      },
      remoteWrite: [],
      alertmanagers: [],
      topology: { file: undefined },
      incidents: {
        joinWindowMs: 900_000,
        freezeAfterMs: 5_400_000,
        reopenWithinMs: 1_800_000,
        notifyWaitMs: 30_000,
        notifyIntervalMs: 300_000,
        notifyRepeatMs: 14_400_000,
        heartbeats: [],
      },
      notify: [],
      storage: { retentionMs: 7_776_000_000, maxSeries: 2_000_000, snapshotIntervalMs: 300_000 },
    });
  });

  test('the defaults of a rule and of a remote-write target', () => {
    const config = load('learn: [{ match: [up] }]\nremote_write: [{ url: "http://a" }]\n');
    expect(config.learn[0]).toMatchObject({
      emit: 'anomalous',
      kind: 'auto',
      sensitivity: 1,
      direction: 'both',
      minDeviation: { absolute: 0, relative: 0.05 },
      range: undefined,
      identityDrop: [],
    });
    expect(config.remoteWrite[0]).toEqual({
      url: 'http://a/',
      headers: new Map(),
      basicAuth: undefined,
      bearerToken: undefined,
      bearerTokenFile: undefined,
      remoteTimeoutMs: 30_000,
      queue: { capacity: 100_000, maxSamplesPerSend: 2000, flushIntervalMs: 5000, maxAgeMs: 600_000 },
    });
  });

  test('every key', () => {
    const file = join(FIXTURES, 'every-key.yml');
    const { global, learn, groups, calendars, remoteWrite, topology, incidents, storage, ...outputs } =
      loadConfig(file);
    expect([...global.externalLabels]).toEqual([
      ['Zone', 'no'],
      ['__cluster__', '7'],
      ['region', 'eu'],
    ]);
    expect(global).toMatchObject({ replicaLabel: 'prometheus_replica', clusterLabel: 'k8s_cluster' });
    expect(learn[0]).toMatchObject({
      emit: 'all',
      kind: 'counter',
      sensitivity: 2,
      direction: 'up',
      minDeviation: { absolute: 3, relative: 0.1 },
      range: [-1, 1.5],
      identityDrop: ['pod', 'instance'],
    });
    expect(groups).toEqual([{ by: ['namespace', 'workload'] }, { by: ['job'] }]);
    expect(calendars[0]).toMatchObject({ file: join(FIXTURES, '../calendars/holidays.ics'), start: undefined });
    expect(calendars[1]).toMatchObject({ name: 'move', start: '2026-12-24T18:00', end: '2026-12-27T06:00:00+01:00' });
    expect(remoteWrite[0]).toMatchObject({
      url: 'http://prometheus:9090/api/v1/write',
      remoteTimeoutMs: 10_000,
      queue: { capacity: 5000, maxSamplesPerSend: 500, flushIntervalMs: 1000, maxAgeMs: 5_400_000 },
    });
    expect(remoteWrite[0]!.headers.get('X-Scope-OrgID')!.reveal()).toBe('team');
    expect(remoteWrite[0]!.basicAuth!.username).toBe('me');
    expect(remoteWrite[0]!.basicAuth!.password!.reveal()).toBe(SECRET);
    expect(remoteWrite[1]!.basicAuth).toEqual({ username: '12', password: undefined, passwordFile: file });
    expect(remoteWrite[2]!.bearerToken!.reveal()).toBe('0123');
    expect(remoteWrite[3]!.bearerTokenFile).toBe(file);
    expect(incidents).toEqual({
      joinWindowMs: 600_000,
      freezeAfterMs: 3_600_000,
      reopenWithinMs: 3_600_000,
      notifyWaitMs: 0,
      notifyIntervalMs: 60_000,
      notifyRepeatMs: 3_600_000,
      heartbeats: ['AlertingWorks'],
    });
    const { alertmanagers, notify } = outputs;
    expect(alertmanagers[0]).toMatchObject({ url: 'http://alertmanager:9093/', timeoutMs: 5000, receiver: 'pronoia' });
    expect(alertmanagers[0]!.bearerToken!.reveal()).toBe(SECRET);
    expect(notify.map(({ webhook, slack, alertmanager }) => [webhook, slack, alertmanager])).toEqual([
      [expect.objectContaining({ urlFile: file, bearerTokenFile: file, timeoutMs: 2000 }), undefined, undefined],
      [undefined, expect.objectContaining({ timeoutMs: 10_000 }), undefined],
      [undefined, undefined, { resolveTimeoutMs: 120_000 }],
      [undefined, undefined, { resolveTimeoutMs: 300_000 }],
    ]);
    expect(notify[1]!.slack!.url!.reveal()).toBe(`https://hooks.example.org/${SECRET}`);
    expect(topology).toEqual({ file: join(FIXTURES, 'topology.yml') });
    expect(storage).toEqual({ retentionMs: 31_536_000_000, maxSeries: 1000, snapshotIntervalMs: 10_000 });
  });

  test('selectors arrive ready to be used, also through an alias', () => {
    const { learn } = loadConfig(join(FIXTURES, 'every-key.yml'));
    const series = createLabels([
      ['__name__', 'node_network_up'],
      ['device', 'eth0'],
    ]);
    expect(learn[0]!.match.map((selector) => selects(selector, series))).toEqual([true, false]);
    expect(learn[2]!.match[0]).toMatchObject([{ name: '__name__', operator: '=', value: 'go_goroutines' }]);
  });

  test('secrets cannot be seen, however the configuration is printed', () => {
    const config = load(`remote_write:
  - { url: "http://a", headers: { X-Key: ${SECRET} }, bearer_token: ${SECRET} }
  - { url: "http://b", basic_auth: { username: me, password: ${SECRET} } }\n`);
    const { headers, bearerToken } = config.remoteWrite[0]!;
    for (const seen of [inspect(config, { depth: 9, showHidden: true }), JSON.stringify(config), `${bearerToken}`]) {
      expect(seen).not.toContain(SECRET);
    }
    expect(JSON.stringify([...headers])).toBe('[["X-Key","<secret>"]]');
  });
});

describe('whatever is in the file', () => {
  const isLoadedOrRefused = (content: string) => {
    try {
      load(content);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      for (const { line, column, message } of (error as ConfigError).problems) {
        expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
        expect(message).not.toMatch(/\p{Cc}/u);
      }
    }
  };
  const key = fc.constantFrom(
    ...[
      'global',
      'external_labels',
      'replica_label',
      'learn',
      'match',
      'emit',
      'sensitivity',
      'min_deviation',
      'range',
    ],
    ...[
      'remote_write',
      'url',
      'headers',
      'basic_auth',
      'password',
      'password_file',
      'bearer_token',
      'queue',
      'max_age',
    ],
    ...['incidents', 'join_window', 'storage', 'max_series', '__proto__', 'constructor', 'toString'],
  );
  const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null), fc.constant('5m'));

  test('arbitrary JSON', () => {
    fc.assert(fc.property(fc.json(), isLoadedOrRefused), { numRuns: 300 });
  });

  test('JSON made of known keys', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'large', withCrossShrink: true },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 5, noNullPrototype: false }),
      ),
    }));
    const file = fc.dictionary(key, tree, { maxKeys: 5, noNullPrototype: false });
    fc.assert(
      fc.property(file, (content) => isLoadedOrRefused(JSON.stringify(content))),
      { numRuns: 500 },
    );
  });

  test('arbitrary text, heavy in the signs of YAML', () => {
    const sign = fc.constantFrom(
      ...'{}[]:-,?&*!|>\'"%@`#~<=\\\t\r\n  ',
      ': ',
      '- ',
      '\n  ',
      '*a',
      '&a ',
      '!!',
      '---\n',
    );
    const text = fc.array(fc.oneof({ weight: 4, arbitrary: sign }, key, leaf.map(String)), { maxLength: 60 });
    fc.assert(
      fc.property(text, (parts) => isLoadedOrRefused(parts.join(''))),
      { numRuns: 500 },
    );
  });

  test('a good file with a piece cut out or put in', () => {
    const good = readFileSync(join(FIXTURES, 'every-key.yml'), 'utf8').replaceAll('every-key', 'pronoia');
    const at = fc.nat(good.length);
    const change = fc.tuple(at, fc.nat(8), fc.string({ unit: 'binary', maxLength: 4 }));
    const changed = change.map(([start, length, put]) => good.slice(0, start) + put + good.slice(start + length));
    fc.assert(fc.property(changed, isLoadedOrRefused), { numRuns: 500 });
  });

  test.each([
    ['brackets', '['.repeat(20_000)],
    ['list signs', '- '.repeat(20_000)],
    ['keys', Array.from({ length: 20_000 }, (_, i) => `k${i}:`).join('\n')],
    ['aliases', `learn: [&a {}${', *a'.repeat(20_000)}]`],
  ])('very many %s', (_, content) => expect(messageFor(content)).toMatch(/^pronoia\.yml:1:\d+: /));
});
