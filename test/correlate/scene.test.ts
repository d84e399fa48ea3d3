import { expect, it } from 'vitest';
import { Scene } from '../../src/correlate/scene.ts';
import type { Sign } from '../../src/correlate/sign.ts';
import { anomalyOf, minute } from '../incidents/alert-builders.ts';

const subject = {
  entity: { kind: 'service', cluster: '', namespace: 'shop', name: 'cart' },
  pod: undefined,
  node: undefined,
  caller: undefined,
  callee: undefined,
  confidence: 1,
} as const;
const keys = (scene: Scene) => [...scene.anomalies()].map(([key]) => key);
const series = { __name__: 'latency' };
const recurring = 'the 6th like it in 14 days';
const isOver = ({ until }: Sign) => until < minute(60);

it('a recurring anomaly is no sign, and is forgotten after its end', () => {
  const scene = new Scene(() => []);
  scene.takeAnomaly({ ...anomalyOf(series, { from: 1 }), recurring }, subject);
  expect([...scene.signs()]).toEqual([]);
  expect(scene.version).toBe(0);
  scene.forget(isOver);
  expect(keys(scene)).toHaveLength(1);
  scene.takeAnomaly({ ...anomalyOf(series, { from: 1, to: 3 }), recurring }, subject);
  scene.forget(isOver);
  expect(keys(scene)).toEqual([]);
});

it('one that turns out to be news is a sign, and is there once', () => {
  const scene = new Scene(() => []);
  scene.takeAnomaly({ ...anomalyOf(series, { from: 1 }), recurring }, subject);
  scene.takeAnomaly(anomalyOf(series, { from: 1 }), subject);
  expect([[...scene.signs()].length, keys(scene).length, scene.version]).toEqual([1, 1, 1]);
  scene.takeAnomaly({ ...anomalyOf(series, { from: 1, to: 3 }), recurring }, subject);
  scene.forget(isOver);
  expect(keys(scene)).toEqual([]);
});
