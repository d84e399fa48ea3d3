import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RecordedStep } from '../../src/ingest/recording.ts';
import { replayStorm } from './storm-replay.ts';
import { type StormScore, scoreStorm } from './storm-score.ts';

/** Two recorded storms of the simulated system, made for this project: a database failover with a slow partner, and noise only. */
const FIXTURES = join(import.meta.dirname, '../fixtures/storms');
/** Data that is not part of the repository. */
const DATA = process.env.SHARED_DATA ?? join(import.meta.dirname, '../../../shared/data');
const STORMS = join(DATA, 'storms');

function scoreOf(folder: string): StormScore {
  return scoreStorm(join(folder, 'truth.json'), replayStorm(folder).incidents);
}

describe('a failover and a partner that is slow', () => {
  const score = scoreOf(join(FIXTURES, 'two-shared-1'));

  it('are two incidents with their causes, and nothing else is in them', () => {
    expect(score.roots).toEqual(['mysql-orders', 'bank-api']);
    expect(score.pairPrecision).toBeGreaterThanOrEqual(0.97);
    expect(score.adjustedRand).toBeGreaterThanOrEqual(0.92);
  });

  it('move hardly any alert after it was placed', () => {
    expect(score.churn).toBeLessThanOrEqual(0.15);
  });
});

describe('noise without any fault', () => {
  it('stays what it is: every alert an incident of its own', () => {
    expect(scoreOf(join(FIXTURES, 'background-1')).adjustedRand).toBeGreaterThanOrEqual(0.95);
  });
});

describe('a storm, however it arrives', () => {
  const folder = join(FIXTURES, 'two-shared-1');
  const partitionOf = (outcome: ReturnType<typeof replayStorm>) => {
    const groups = outcome.incidents.map(({ updates }) => {
      const members = new Set<string>();
      for (const { added, removed } of updates) {
        for (const { fingerprint, startsAt } of removed) members.delete(`${fingerprint} ${startsAt}`);
        for (const { fingerprint, startsAt } of added) members.add(`${fingerprint} ${startsAt}`);
      }
      return [...members].sort();
    });
    return groups.filter(({ length }) => length > 0).sort((a, b) => (a.join() < b.join() ? -1 : 1));
  };

  it('is the same when every delivery comes twice and its alerts in another order', () => {
    const doubled = replayStorm(folder, (steps) =>
      steps.flatMap((step): RecordedStep[] => {
        if (step.kind === 'onset') return [step];
        const alerts = step.delivery.alerts.toReversed();
        return [step, { ...step, delivery: { ...step.delivery, alerts } }];
      }),
    );
    expect(partitionOf(doubled)).toEqual(partitionOf(replayStorm(folder)));
  });
});

describe.skipIf(!existsSync(STORMS))('the headline: 2,000 alerts of one failover', () => {
  const folder = join(STORMS, 'cascade2000-1');
  const outcome = existsSync(folder) ? replayStorm(folder) : undefined;

  it('are one incident about its cause', () => {
    const score = scoreStorm(join(folder, 'truth.json'), outcome!.incidents);
    expect(score.roots).toEqual(['mysql-orders']);
    expect(score.coverage[0]).toBeGreaterThanOrEqual(0.99);
    expect(score.purity[0]).toBeGreaterThanOrEqual(0.99);
  });
});
