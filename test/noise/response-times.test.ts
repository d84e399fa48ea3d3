import { expect, it } from 'vitest';
import { responseTimes } from '../../src/noise/response-times.ts';
import { MINUTE, minute } from '../incidents/alert-builders.ts';
import { pastIncident } from './past-firings.ts';

it('are taken from what was told, is over and is known', () => {
  const times = responseTimes([
    pastIncident({ acknowledgedAt: minute(5) }),
    pastIncident({ resolvedAt: minute(40), firstAnomalyAt: minute(-3) }),
    pastIncident({ resolvedAt: minute(20) }),
    pastIncident({ state: 'open', resolvedAt: undefined, promotedAt: minute(4) }),
    pastIncident({ state: 'closed_unknown', resolvedAt: minute(900), acknowledgedAt: minute(800) }),
    pastIncident({ state: 'merged', resolvedAt: minute(900) }),
    pastIncident({ promotedAt: undefined }),
  ]);
  expect(times).toEqual({
    lead: { count: 1, medianMs: 3 * MINUTE, p90Ms: 3 * MINUTE },
    detect: { count: 4, medianMs: 2 * MINUTE, p90Ms: 5 * MINUTE },
    acknowledge: { count: 1, medianMs: 3 * MINUTE, p90Ms: 3 * MINUTE },
    resolve: { count: 3, medianMs: 20 * MINUTE, p90Ms: 40 * MINUTE },
    excluded: { open: 1, closedUnknown: 1, merged: 1, held: 1 },
  });
});

it('are null without incidents', () => {
  expect(responseTimes([]).resolve).toEqual({ count: 0, medianMs: null, p90Ms: null });
});
