import type { PastFiring } from './history.ts';

/** How Alertmanager would group; the times are those of its defaults. */
export interface PlainGrouping {
  readonly groupBy: readonly string[];
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
}

/**
 * How many notifications Alertmanager would have sent for these firings because of a new alert: with `group_by` and nothing
 * else. Repetitions and resolutions are left out here as they are for incidents, or the figure would flatter us.
 */
export function plainNotifications(firings: readonly PastFiring[], grouping: PlainGrouping): number {
  const groups = Map.groupBy(firings, ({ labels }) =>
    JSON.stringify(grouping.groupBy.map((name) => labels[name] ?? '')),
  );
  return [...groups.values()].reduce((sum, group) => sum + notificationsOf(group, grouping), 0);
}

/** One group: it is flushed after the wait, then every interval as long as something in it fires. */
function notificationsOf(group: readonly PastFiring[], { groupWaitMs, groupIntervalMs }: PlainGrouping): number {
  const byStart = group.toSorted((a, b) => a.startsAt - b.startsAt);
  let count = 0;
  let flushAt = Number.NEGATIVE_INFINITY;
  let firesUntil = Number.NEGATIVE_INFINITY;
  let isNew = false;
  for (const { startsAt, endsAt } of byStart) {
    if (startsAt > flushAt) {
      if (isNew) count++;
      isNew = false;
      flushAt = nextFlush(flushAt, startsAt, firesUntil);
    }
    // What ends before the flush is never sent.
    if (endsAt > flushAt) isNew = true;
    firesUntil = Math.max(firesUntil, endsAt);
  }
  return count + (isNew ? 1 : 0);

  /** The flush at which an alert goes out: the next one, or the first of a new group when the old one is gone by then. */
  function nextFlush(last: number, startsAt: number, until: number): number {
    if (last === Number.NEGATIVE_INFINITY) return startsAt + groupWaitMs;
    const flushesUntil = (at: number) => Math.ceil(Math.max(0, at - last) / groupIntervalMs);
    const goneAt = last + flushesUntil(until) * groupIntervalMs;
    return goneAt < startsAt ? startsAt + groupWaitMs : last + Math.max(1, flushesUntil(startsAt)) * groupIntervalMs;
  }
}
