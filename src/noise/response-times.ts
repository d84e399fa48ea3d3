import type { PastIncident } from './history.ts';

/** Of durations in milliseconds; null without any. */
export interface Spread {
  readonly count: number;
  readonly medianMs: number | null;
  readonly p90Ms: number | null;
}

/** How fast incidents are noticed, taken on and over. docs/noise.md has the definitions. */
export interface ResponseTimes {
  readonly lead: Spread;
  readonly detect: Spread;
  readonly acknowledge: Spread;
  readonly resolve: Spread;
  /** Incidents that say nothing about these times, by why. */
  readonly excluded: {
    readonly open: number;
    readonly closedUnknown: number;
    readonly merged: number;
    readonly held: number;
  };
}

/** @param incidents those that opened in the time that is looked at */
export function responseTimes(incidents: readonly PastIncident[]): ResponseTimes {
  const told = incidents.filter(({ promotedAt, state }) => promotedAt !== undefined && state !== 'merged');
  const known = told.filter(({ state }) => state !== 'closed_unknown');
  const resolved = known.filter(({ state, resolvedAt }) => state === 'resolved' && resolvedAt !== undefined);
  const merged = incidents.filter(({ state }) => state === 'merged').length;
  return {
    lead: spread(known, ({ firstAnomalyAt, startsAt }) => firstAnomalyAt && startsAt - firstAnomalyAt),
    detect: spread(known, ({ promotedAt, firstAnomalyAt = Infinity, startsAt }) => {
      return promotedAt! - Math.min(startsAt, firstAnomalyAt);
    }),
    acknowledge: spread(known, ({ acknowledgedAt, promotedAt }) => acknowledgedAt && acknowledgedAt - promotedAt!),
    resolve: spread(resolved, ({ resolvedAt, startsAt }) => resolvedAt! - startsAt),
    excluded: {
      open: known.length - resolved.length,
      closedUnknown: told.length - known.length,
      merged,
      held: incidents.length - told.length - merged,
    },
  };
}

function spread(
  incidents: readonly PastIncident[],
  durationMs: (incident: PastIncident) => number | undefined,
): Spread {
  const durations = incidents
    .map(durationMs)
    .filter((each) => each !== undefined)
    .map((each) => Math.max(0, each))
    .sort((a, b) => a - b);
  return { count: durations.length, medianMs: quantile(durations, 0.5), p90Ms: quantile(durations, 0.9) };
}

/** The nearest rank: a duration that there was. */
function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
}
