import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/model/clock.ts';
import { formatDuration, parseDuration } from '../../src/model/duration.ts';
import { fingerprint } from '../../src/model/fingerprint.ts';
import { compareBytes, createLabels, formatSeries, labelsToObject } from '../../src/model/labels.ts';
import { createLogger } from '../../src/model/logger.ts';
import { parseSelector, selects } from '../../src/model/matcher.ts';

describe('labels', () => {
  it('are in the order of their bytes, whatever the characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { seed: 4 },
    );
    expect([
      ...createLabels([
        ['b', '1'],
        ['B', '2'],
        ['_', '3'],
        ['gone', ''],
      ]).keys(),
    ]).toEqual(['B', '_', 'b']);
  });

  it('may be named __proto__', () => {
    const object = labelsToObject(createLabels([['__proto__', 'x']]));
    expect(JSON.stringify(object)).toBe('{"__proto__":"x"}');
  });

  it('are printed as Prometheus prints a series', () => {
    expect(
      formatSeries(
        createLabels([
          ['__name__', 'up'],
          ['job', 'a"b\\c\nd'],
        ]),
      ),
    ).toBe('up{job="a\\"b\\\\c\\nd"}');
    expect(formatSeries(createLabels([['__name__', 'up']]))).toBe('up');
    expect(formatSeries(createLabels([]))).toBe('{}');
  });

  it('have the fingerprint that Alertmanager gives them', () => {
    expect(fingerprint(createLabels([]))).toBe('cbf29ce484222325');
    expect(
      fingerprint(
        createLabels([
          ['instance', 'i2'],
          ['alertname', 'A'],
        ]),
      ),
    ).toBe('395a271e5026ede3');
  });
});

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['14d', 1_209_600_000],
    ['1y2w3d4h5m6s7ms', 33_019_506_007],
    ['0', 0],
  ])('%s is read', (text, ms) => expect(parseDuration(text)).toBe(ms));
  it.each(['', '5', '1.5h', '-1m', '1m1h', '1 h', 'h'])('"%s" is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
  it('are written so that they read the same', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});

describe('selectors', () => {
  const labels = createLabels([
    ['__name__', 'node_load1'],
    ['instance', 'web-1:9100'],
    ['job', 'node'],
    ['dots.in', 'x'],
  ]);
  it.each([
    ['node_load1', true],
    ['node_load5', false],
    ['{__name__=~"node_.*", job!~"a|b", }', true],
    ['node_load1{job="node",instance!=""}', true],
    ['{job=~"nod"}', false],
    ['{job=~"(?i)NODE"}', true],
    ["{job='node'}", true],
    ['{job=`node`}', true],
    ['{"node_load1", "dots.in"="x"}', true],
    ['node_load1{absent=""}', true],
    ['{job="no\\x64e"}', true],
  ])('%s', (text, isSelected) => expect(selects(parseSelector(text), labels)).toBe(isSelected));

  it.each([
    ['', /expected a metric name/],
    ['{}', /expected a metric name/],
    ['{job=""}', /exclude the empty value/],
    ['{job=~".*"}', /exclude the empty value/],
    ['up{job}', /expected one of = != =~ !~ but found "}"/],
    ['up{job="a"', /expected , or } but found the end/],
    ['up{job=~"("}', /Invalid regular expression/],
    ['up{job=~"a(?=b)"}', /look-around or back-reference/],
    ['up{job="a"} 1', /found "1"/],
    ['sum(up)', /found "\(up\)"/],
  ])('%s is refused', (text, message) => expect(() => parseSelector(text)).toThrow(message));
});

describe('a manual clock', () => {
  it('runs timers in the order in which they are due, at their time', () => {
    const clock = new ManualClock(0);
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
    clock.after(30, note('late'));
    const cancel = clock.every(20, note('tick'));
    clock.after(10, note('soon'));
    clock.after(5, () => clock.after(1, note('nested')));
    clock.advance(45);
    cancel();
    clock.advance(100);
    expect(seen).toEqual(['nested@6', 'soon@10', 'tick@20', 'late@30', 'tick@40']);
    clock.jumpTo(1_000_000);
    expect(clock.now()).toBe(1_000_000);
  });
});

describe('the log', () => {
  const lines: string[] = [];
  const options = { level: 'info', now: () => 0 } as const;
  it('is one line per entry, whatever the values', () => {
    createLogger({ ...options, format: 'logfmt' }, (line) => lines.push(line)).warn('two words', {
      file: 'a b',
      count: 3,
      missing: undefined,
      error: new Error('x="1"\nnext'),
      empty: '',
    });
    expect(lines.pop()).toBe(
      'ts=1970-01-01T00:00:00.000Z level=warn msg="two words" file="a b" count=3 error="x=\\"1\\"\\nnext" empty=""\n',
    );
    createLogger({ ...options, format: 'json' }, (line) => lines.push(line)).info('hello', { n: 1 });
    expect(JSON.parse(lines.pop()!)).toEqual({ ts: '1970-01-01T00:00:00.000Z', level: 'info', msg: 'hello', n: 1 });
    createLogger({ ...options, format: 'json' }, (line) => lines.push(line)).debug('quiet');
    expect(lines).toEqual([]);
  });
});
