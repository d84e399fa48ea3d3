import { expect, it } from 'vitest';
import { Gates } from '../../src/detect/gates.ts';
import { DEFAULT_RULE, type LearnRule } from '../../src/series/learn-rule.ts';
import { Policies } from '../../src/series/policies.ts';

/** The verdict on a value of a series with this rule, of which the baseline says what it is told. */
function judge(rule: Partial<LearnRule>, value: number, { score = 0.2, expected = 50 } = {}): Gates {
  const policies = new Policies();
  policies.setRules([{ ...DEFAULT_RULE, ...rule, match: [[]] }]);
  const { number } = policies.match('some', new Map());
  const gates = new Gates(policies);
  gates.judge(number, value, score, expected, expected);
  gates.bound(number, expected - 10, expected + 10);
  return gates;
}

it.each([
  ['above the range', 120, 50, 1],
  ['below the range', -5, 50, -1],
  ['above the range, where the baseline is higher still', 120, 150, 1],
  ['below the range, where the baseline is lower still', -20, -50, -1],
  ['above the range, where the baseline is', 120, 120, 1],
  ['at the edge of the range, coming down from beyond it', 100, 150, -1],
])('tells the direction of a value %s', (_, value, expected, direction) => {
  expect(judge({ range: [0, 100] }, value, { expected }).direction).toBe(direction);
});

it('calls a value outside of its range anomalous, and expects nothing beyond it', () => {
  expect(judge({ range: [0, 100] }, 120, { expected: 150 })).toMatchObject({ score: 1.01, expected: 100, upper: 100 });
  expect(judge({ range: [0, 100] }, 60)).toMatchObject({ score: 0.2, gate: undefined });
});

it('tells no direction of a side that is never anomalous', () => {
  expect(judge({ direction: 'up' }, 20, { score: 3 })).toMatchObject({ score: 0, direction: 0 });
  expect(judge({ direction: 'up' }, 80, { score: 3 })).toMatchObject({ score: 3, direction: 1 });
});
