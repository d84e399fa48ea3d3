import { capacity } from './capacity.ts';
import { incidents } from './incidents.ts';
import { noise } from './noise.ts';
import { overview } from './overview.ts';
import { ownHealth } from './own-health.ts';
import { series } from './series.ts';

/** The committed dashboards, by file: `npx vitest run test/repo -u` writes them anew. */
export const DASHBOARDS: ReadonlyMap<string, string> = new Map(
  Object.entries({ overview, series, incidents, capacity, noise, itself: ownHealth }).map(([name, dashboard]) => [
    `grafana/${name}.json`,
    `${JSON.stringify(dashboard.build(), undefined, 2)}\n`,
  ]),
);
