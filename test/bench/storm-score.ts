import { readFileSync } from 'node:fs';
import type { StormOutcome } from './storm-replay.ts';

interface Truth {
  readonly faults: readonly { readonly id: string; readonly root: string; readonly accept: readonly string[] }[];
  readonly alerts: readonly {
    readonly fingerprint: string;
    readonly startsAt: string;
    readonly truth: string;
    readonly firstDelivered: number | null;
  }[];
}

/** How well the incidents of a storm fit its truth; pairs of alerts that would fire for either reason are not scored. */
export interface StormScore {
  readonly pairPrecision: number;
  /** Hubert and Arabie 1985: 0 for chance, 1 for the same partition. */
  readonly adjustedRand: number;
  /** Of each fault: the accepted root if the first cause of its main incident is one, else what was named. */
  readonly roots: readonly (string | undefined)[];
  /** Of each fault: the share of its alerts in the main incident, and that of its alerts among those there. */
  readonly coverage: readonly number[];
  readonly purity: readonly number[];
  /** Changes of incident per alert. */
  readonly churn: number;
}

export function scoreStorm(truthPath: string, incidents: StormOutcome['incidents']): StormScore {
  const { faults, alerts } = JSON.parse(readFileSync(truthPath, 'utf8')) as Truth;
  const { home, moves, causes } = finalState(incidents);
  const keyOf = ({ fingerprint, startsAt }: { fingerprint: string; startsAt: string }) =>
    `${fingerprint} ${Date.parse(startsAt)}`;
  const scored = alerts.filter(
    ({ truth, firstDelivered }) => firstDelivered !== null && !/^(shared|joint)/.test(truth),
  );
  const rows = scored.map((alert) => ({ truth: alert.truth, incident: home.get(keyOf(alert)) ?? keyOf(alert) }));
  const mains = faults.map(({ id, accept, root }) => {
    const own = rows.filter(({ truth }) => truth === id);
    const [main] = [...countBy(own, ({ incident }) => incident)].sort(([, a], [, b]) => b - a)[0] ?? [''];
    const inMain = rows.filter(({ incident }) => incident === main);
    const correct = inMain.filter(({ truth }) => truth === id).length;
    const named = causes.get(main)?.[0];
    return {
      root: named !== undefined && accept.includes(named) ? root : named,
      coverage: correct / own.length,
      purity: correct / inMain.length,
    };
  });
  return {
    ...pairScores(rows),
    roots: mains.map(({ root }) => root),
    coverage: mains.map(({ coverage }) => coverage),
    purity: mains.map(({ purity }) => purity),
    churn: moves / home.size,
  };
}

function finalState(incidents: StormOutcome['incidents']) {
  const home = new Map<string, string>();
  const causes = new Map<string, readonly string[]>();
  let moves = 0;
  const steps = incidents.flatMap(({ id, updates }) => updates.map((update) => ({ id, update })));
  for (const { id, update } of steps.sort((a, b) => a.update.at - b.update.at)) {
    for (const { fingerprint, startsAt } of update.added) {
      const key = `${fingerprint} ${Date.parse(startsAt)}`;
      if (home.has(key) && home.get(key) !== id) moves++;
      home.set(key, id);
    }
    if (update.rootCauses !== undefined) causes.set(id, update.rootCauses);
  }
  return { home, causes, moves };
}

function pairScores(rows: readonly { truth: string; incident: string }[]) {
  const pairs = (n: number) => (n * (n - 1)) / 2;
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((total, n) => total + pairs(n), 0);
  const predicted = sum(countBy(rows, ({ incident }) => incident));
  const wanted = sum(countBy(rows, ({ truth }) => truth));
  const both = sum(countBy(rows, ({ incident, truth }) => `${incident} ${truth}`));
  const chance = (predicted * wanted) / pairs(rows.length);
  return {
    pairPrecision: predicted === 0 ? 1 : both / predicted,
    adjustedRand: (both - chance) / ((predicted + wanted) / 2 - chance),
  };
}

function countBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, number> {
  return new Map([...Map.groupBy(rows, key)].map(([name, group]) => [name, group.length]));
}
