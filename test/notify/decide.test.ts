import { expect, it } from 'vitest';
import type { IncidentSummary } from '../../src/incidents/summary.ts';
import { decide } from '../../src/notify/decide.ts';
import { MINUTE, minute } from '../incidents/alert-builders.ts';
import { notificationOf, summaryOf } from './summaries.ts';

const TIMING = { notifyWaitMs: 30_000, notifyIntervalMs: 5 * MINUTE, notifyRepeatMs: 4 * 60 * MINUTE };
const told = notificationOf({ at: minute(0) });
const over = notificationOf({ at: minute(0), event: 'resolved', sequence: 2 });
/** An alert of another name joined. */
const grown = { entityCount: 2 };
const cause = { rootCause: 'database:shop/db', alerts: 2 };
const merged = { state: 'merged', mergedInto: '00000000000000b2' } as const;
const resolved = { state: 'resolved', resolvedAt: minute(1) } as const;

it.each<[string, Partial<IncidentSummary>, typeof told | undefined, number, string | number]>([
  ['a new incident waits half a minute', {}, undefined, 0.4, minute(0.5)],
  ['and is then told', {}, undefined, 0.5, 'new'],
  ['a critical one does not wait', { severity: 'page' }, undefined, 0, 'new'],
  ['one that is over before that is not told', resolved, undefined, 5, Number.POSITIVE_INFINITY],
  ['a candidate may pass by itself', { state: 'candidate' }, undefined, 9, Number.POSITIVE_INFINITY],
  ['one that recovers is not told any more', { state: 'recovering' }, undefined, 9, Number.POSITIVE_INFINITY],
  ['an end that nobody saw is an end', { state: 'closed_unknown' }, told, 0.1, 'resolved'],
  ['an end is told at once', resolved, told, 0.1, 'resolved'],
  ['another kind of alert waits for the interval', grown, told, 4.9, minute(5)],
  ['and is then told', grown, told, 5, 'grew'],
  ['more of the same kind is no news', { alerts: 9 }, told, 60, minute(240)],
  ['and looked for only when it could be told', { alerts: 9 }, told, 1, minute(5)],
  ['another cause comes before another kind', { ...grown, ...cause }, told, 5, 'cause_changed'],
  ['that a single alert has a cause is no news', { ...cause, alerts: 1 }, told, 60, minute(240)],
  ['a cause that is doubted again is no news', {}, { ...told, incident: summaryOf(cause) }, 60, minute(240)],
  ['a severity that rises comes before all', { ...grown, ...cause, severity: 'error' }, told, 5, 'severity_changed'],
  ['and waits for the interval', { severity: 'error' }, told, 1, minute(5)],
  ['unless it is critical now', { severity: 'critical' }, told, 0.1, 'severity_changed'],
  ['after four hours comes a reminder', {}, told, 240, 'reminder'],
  ['but not to those who know', { acknowledgedBy: 'ann' }, told, 1000, Number.POSITIVE_INFINITY],
  ['an end that was told is told once', resolved, over, 1000, Number.POSITIVE_INFINITY],
  ['one that comes back waits for the interval', {}, over, 1, minute(5)],
  ['and is then told', {}, over, 5, 'reopened'],
  ['unless it is critical', { severity: 'critical' }, over, 0.1, 'reopened'],
  ['one that was merged is told at once', merged, told, 0.1, 'merged'],
  ['and never again', merged, notificationOf({ event: 'merged' }), 999, Number.POSITIVE_INFINITY],
  ['and not at all when nobody knew of it', merged, undefined, 9, Number.POSITIVE_INFINITY],
])('%s', (_, incident, last, at, expected) => {
  const { event, notBefore } = decide(summaryOf(incident), last, () => incident.entityCount === 2, minute(at), TIMING);
  expect(event ?? notBefore).toBe(expected);
});
