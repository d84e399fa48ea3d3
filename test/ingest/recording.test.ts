import { describe, expect, it } from 'vitest';
import { readRecording } from '../../src/ingest/recording.ts';

const OPTIONS = { replicaLabel: '__replica__' };
const T0 = Date.parse('2026-11-22T12:00:00Z');
const seconds = (ms: number) => ms / 1000;
const alert = (minutes: number, endMinutes?: number) => ({
  status: endMinutes === undefined ? 'firing' : 'resolved',
  labels: { alertname: 'Slow', service: 'cart' },
  startsAt: new Date(T0 + minutes * 60_000).toISOString(),
  endsAt: endMinutes === undefined ? '0001-01-01T00:00:00Z' : new Date(T0 + endMinutes * 60_000).toISOString(),
});
const body = (...alerts: object[]) => ({ version: '4', groupKey: 'g', alerts });
const read = (...lines: unknown[]) =>
  readRecording(lines.map((line) => JSON.stringify(line)).join('\n'), 'storm.jsonl', OPTIONS);

describe('a recording', () => {
  it('is read in the order of its times', () => {
    const onset = {
      labels: { __name__: 'ALERTS_FOR_STATE', alertname: 'Slow', service: 'cart' },
      value: seconds(T0),
      firstSampleAt: seconds(T0 + 500),
      staleAt: seconds(T0 + 9000),
    };
    const steps = read(
      { at: seconds(T0 + 2000), payload: body(alert(0)) },
      { at: seconds(T0), payload: body() },
      onset,
    );
    expect(steps.map(({ kind, at }) => [kind, at - T0])).toEqual([
      ['delivery', 0],
      ['onset', 500],
      ['delivery', 2000],
      ['onset', 9000],
    ]);
    expect(steps[1]).toMatchObject({ onset: { activeAt: T0, endedAt: undefined } });
    expect(steps[3]).toMatchObject({ onset: { activeAt: T0, endedAt: T0 + 9000 } });
    expect(steps[1]?.kind === 'onset' && [...steps[1].onset.labels.keys()]).toEqual(['alertname', 'service']);
  });

  it('of plain webhook bodies has the times of what they tell', () => {
    const oneDocument = readRecording(JSON.stringify(body(alert(0), alert(1, 7)), null, 2), 'body.json', OPTIONS);
    expect(oneDocument.map(({ at }) => at)).toEqual([T0 + 7 * 60_000]);
    expect(read(body(alert(3)), body(alert(1))).map(({ at }) => at)).toEqual([T0 + 60_000, T0 + 180_000]);
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{"at": 1, "payload": {}}\nnot json', /^storm\.jsonl:2: not JSON: /],
    ['another version', '{"at": 1, "payload": {"version": "3"}}', /^storm\.jsonl:1: not an Alertmanager webhook/],
    ['no time', '{"at": "x", "payload": {"version": "4", "alerts": []}}', /^storm\.jsonl:1: at is not a time/],
    ['nothing known', '{}\n{"x": 1}', /^storm\.jsonl:1: neither \{"at", "payload"\} nor a webhook with alerts/],
    ['no object', '3\n4', /^storm\.jsonl:1: not a JSON object/],
    ['another series', '{"labels": {"__name__": "up"}}', /^storm\.jsonl:1: labels of another series/],
  ])('with %s is refused, with file and line', (_, text, sentence) => {
    expect(() => readRecording(text, 'storm.jsonl', OPTIONS)).toThrow(sentence);
  });
});
