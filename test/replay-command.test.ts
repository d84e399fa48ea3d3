import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { replay } from '../src/replay-command.ts';

const T0 = Date.parse('2026-11-22T12:00:00Z');
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
  file = join(folder, 'webhooks.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const alert = (alertname: string, service: string, minutes: number, endMinutes?: number) => ({
  status: endMinutes === undefined ? 'firing' : 'resolved',
  labels: { alertname, namespace: 'shop', service, severity: 'warning' },
  startsAt: new Date(T0 + minutes * 60_000).toISOString(),
  endsAt: endMinutes === undefined ? '0001-01-01T00:00:00Z' : new Date(T0 + endMinutes * 60_000).toISOString(),
});
const delivery = (minutes: number, groupKey: string, ...alerts: object[]) =>
  JSON.stringify({ at: T0 / 1000 + minutes * 60, payload: { version: '4', receiver: 'pronoia', groupKey, alerts } });

const record = (...lines: string[]) => writeFileSync(file, lines.join('\n'));
const run = (format: 'text' | 'json') => replay([file], { configFile: undefined, topologyFile: undefined, format });

it('prints the incidents that recorded webhooks would have become, beside what Alertmanager made of them', () => {
  record(
    delivery(1, 'a', alert('Slow', 'cart', 0)),
    delivery(2, 'b', alert('Errors', 'cart', 1)),
    delivery(3, 'c', alert('Errors', 'bank', 2)),
    delivery(9, 'a', alert('Slow', 'cart', 0, 5)),
    delivery(9, 'b', alert('Errors', 'cart', 1, 5)),
  );
  const report = JSON.parse(run('json'));
  expect(report).toMatchObject({
    from: '2026-11-22T12:01:00.000Z',
    to: '2026-11-22T12:09:00.000Z',
    alerts: 5,
    alertmanager: { groups: 3, notifications: 5 },
  });
  expect(report.incidents).toEqual([
    expect.objectContaining({ alerts: 2, state: 'resolved', openedAt: '2026-11-22T12:01:00.000Z' }),
    expect.objectContaining({ alerts: 1, state: 'open', title: 'Errors on service shop/bank' }),
  ]);
  expect(run('text').split('\n')).toEqual([
    '2026-11-22T12:01:00.000Z to 2026-11-22T12:09:00.000Z',
    'received      5 alerts in 5 notifications',
    'Alertmanager  3 groups, 5 notifications',
    'Pronoia       2 incidents, 1 of more than one alert, 0 over before anybody was told',
    '',
    expect.stringMatching(
      /^2026-11-22T12:01:00.000Z {2}[0-9a-f]{16} {2}warning {3}resolved {6}2 alerts {2}Slow on service/,
    ),
    '    50 %  starts at shop/cart; nothing that it needs shows trouble',
    expect.stringMatching(/open {10}1 alerts {2}Errors on service shop\/bank$/),
    '    50 %  starts at shop/bank; nothing that it needs shows trouble',
    '',
  ]);
});

it('names what cannot be read', () => {
  record('{"at": 1}');
  expect(() => run('text')).toThrow(`${file}:1: `);
  writeFileSync(file, '');
  expect(() => run('text')).toThrow(`nothing is recorded in ${file}`);
});
