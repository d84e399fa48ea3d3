import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseWebhook } from '../../src/ingest/webhook.ts';
import { RequestError } from '../../src/model/errors.ts';

const RECEIVED_AT = Date.parse('2026-11-22T13:40:00Z');
const OPTIONS = { replicaLabel: '__replica__' };
const FOLDER = 'test/fixtures/webhook';
const FIRING = { status: 'firing', labels: { alertname: 'A' }, startsAt: '2026-11-22T13:30:00Z' };

const parse = (body: unknown) => parseWebhook(body, RECEIVED_AT, OPTIONS);
const withAlerts = (...alerts: unknown[]) => ({ version: '4', alerts });
const only = (alert: object) => parse(withAlerts({ ...FIRING, ...alert })).alerts[0]!;
const capture = (name: string) => JSON.parse(readFileSync(`${FOLDER}/alertmanager-0.25-${name}.json`, 'utf8')).body;

function refusal(body: unknown): RequestError {
  try {
    parse(body);
  } catch (error) {
    return error as RequestError;
  }
  throw new Error('was not refused');
}

describe('captured webhooks of Alertmanager 0.25', () => {
  it('have the fingerprints that Alertmanager computed', () => {
    const bodies = readdirSync(FOLDER).map((name) => JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8')).body);
    const alerts = bodies.flatMap((body) => parse(body).alerts);
    expect(alerts).toHaveLength(9);
    const theirs = bodies.flatMap((body) => body.alerts as { fingerprint: string }[]);
    expect(alerts.map(({ fingerprint }) => fingerprint)).toEqual(theirs.map(({ fingerprint }) => fingerprint));
  });

  it('keep text, and times to the millisecond', () => {
    const { alerts, envelope } = parse(capture('0001'));
    expect(alerts[0]).toMatchObject({ startsAt: Date.parse('2026-11-22T13:34:30.619Z'), endsAt: undefined });
    expect(alerts[0]!.annotations.get('summary')).toBe('s ü');
    expect(alerts[0]!.generatorUrl).toBe('http://prom/graph?g0.expr=up');
    expect(envelope).toMatchObject({ receiver: 'ops\\.team', groupKey: '{}:{alertname="A"}' });
  });

  it('tell which group they came in, unless it is grouped by nothing', () => {
    const body = capture('0001');
    expect(parse(body).alerts.map(({ group }) => group)).toEqual(['{}:{alertname="A"}', '{}:{alertname="A"}']);
    expect(parse({ ...body, groupLabels: {} }).alerts[0]!.group).toBe('');
    expect(parse({ ...body, groupKey: 7 }).alerts[0]!.group).toBe('');
  });

  it('tell what was cut off, and what has ended', () => {
    expect(parse(capture('0005')).truncatedAlerts).toBe(1);
    const ends = parse(capture('0027')).alerts.map(({ endsAt }) => endsAt);
    expect(ends.filter((end) => end === undefined)).toHaveLength(1);
    expect(ends.filter((end) => end !== undefined && end > Date.parse('2026-11-22T13:30:00Z'))).toHaveLength(1);
  });
});

describe('an alert', () => {
  it('that has ended without a valid end ended when we heard of it', () => {
    expect(only({ status: 'resolved', endsAt: '0001-01-01T00:00:00Z' }).endsAt).toBe(RECEIVED_AT);
    expect(only({ status: 'resolved' }).endsAt).toBe(RECEIVED_AT);
  });

  it('has the same identity from both replicas of a Prometheus, and with empty labels', () => {
    const plain = only({});
    const replica = only({ labels: { alertname: 'A', __replica__: 'b', prometheus_replica: 'p-1', team: '' } });
    expect(replica.fingerprint).toBe(plain.fingerprint);
    expect([...replica.labels]).toEqual([['alertname', 'A']]);
    expect(replica.replica).toBe('b p-1');
    expect(plain.replica).toBe('');
  });

  it('may have a label called __proto__', () => {
    const alert = only({ labels: JSON.parse('{"alertname":"A","__proto__":"x","constructor":"y"}') });
    expect([...alert.labels.keys()]).toEqual(['__proto__', 'alertname', 'constructor']);
  });

  it('keeps fields that nobody knows yet', () => {
    const body = { ...withAlerts({ ...FIRING, novelty: { a: [1] } }), notification_reason: 'first' };
    expect(parse(body).alerts[0]!.extra).toEqual({ novelty: { a: [1] } });
    expect(parse(body).envelope).toEqual({ notification_reason: 'first' });
  });

  it('takes times with an offset', () => {
    expect(only({ startsAt: '2026-11-22T14:30:00.5+01:00' }).startsAt).toBe(Date.parse('2026-11-22T13:30:00.500Z'));
  });
});

describe('a message of the wrong shape is refused with a sentence that helps', () => {
  it.each([
    ['an array', [], /not a JSON object.*payload:/],
    ['null', null, /not a JSON object/],
    ['a text', 'hello', /not a JSON object/],
    ['no version', { alerts: [] }, /version is missing instead of "4"/],
    ['version 3', { version: '3', alerts: [] }, /version is "3" instead of "4"/],
    ['version 4 as a number', { version: 4, alerts: [] }, /version is 4 instead/],
    ['no alerts', { version: '4' }, /alerts is not an array/],
    ['a negative count', { version: '4', alerts: [], truncatedAlerts: -1 }, /truncatedAlerts/],
    ['too many alerts', { version: '4', alerts: new Array(100_001).fill({}) }, /at most 100000/],
    ['bottomless nesting', { version: '4', alerts: [], x: nested(100_000) }, /nested too deeply/],
  ])('%s', (_, body, sentence) => {
    expect(refusal(body)).toBeInstanceOf(RequestError);
    expect(refusal(body)).toMatchObject({
      status: 400,
      errorType: 'bad_data',
      message: expect.stringMatching(sentence),
    });
  });
});

describe('a bad alert', () => {
  it.each([
    ['is no object', 7, /alert 0: is not an object/],
    ['has no status', { ...FIRING, status: undefined }, /status is neither/],
    ['has no labels', { ...FIRING, labels: {} }, /has no labels/],
    ['has labels that are a list', { ...FIRING, labels: ['a'] }, /labels is not an object/],
    ['has a label that is a number', { ...FIRING, labels: { a: 1 } }, /labels\["a"\] is not a string/],
    ['has an empty label name', { ...FIRING, labels: { '': 'x' } }, /empty name/],
    ['has a label name of 10 kB', { ...FIRING, labels: { ['n'.repeat(10_000)]: 'x' } }, /name longer than/],
    ['has a label value of 1 MB', { ...FIRING, labels: { a: 'x'.repeat(1e6) } }, /longer than/],
    ['has half a character', { ...FIRING, labels: { a: '\ud800' } }, /not valid Unicode/],
    ['has 10,000 labels', { ...FIRING, labels: manyLabels(10_000) }, /10000 labels: at most 256/],
    ['has annotations that are a text', { ...FIRING, annotations: 'x' }, /annotations is not an object/],
    ['has no start', { ...FIRING, startsAt: undefined }, /startsAt is missing/],
    ['starts yesterday', { ...FIRING, startsAt: 'yesterday' }, /startsAt is not a time/],
    ['starts on February 40th', { ...FIRING, startsAt: '2026-02-40T00:00:00Z' }, /startsAt is not a time/],
    ['starts at a number', { ...FIRING, startsAt: 1795354470619 }, /startsAt is not a time/],
    ['ends before it starts', { ...FIRING, status: 'resolved', endsAt: '2020-01-01T00:00:00Z' }, /before startsAt/],
    ['is bottomless', { ...FIRING, x: nested(100_000) }, /nested too deeply/],
  ])('%s: refused alone, left out beside a good one', (_, alert, sentence) => {
    expect(refusal(withAlerts(alert))).toMatchObject({ status: 400, message: expect.stringMatching(sentence) });
    const { alerts, invalidAlerts } = parse(withAlerts(alert, FIRING));
    expect([alerts.length, invalidAlerts]).toEqual([1, 1]);
  });
});

function nested(depth: number): unknown {
  return JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
}

function manyLabels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`label_${i}`, 'x']));
}
