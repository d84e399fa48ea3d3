import { beforeAll, expect, it } from 'vitest';
import { DASHBOARDS } from '../../grafana/source/dashboards.ts';
import { type Child, NODE, outputOf, startChild } from './children.ts';
import { describeWith } from './peers.ts';
import { until } from './polling.ts';

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

/** What Grafana puts in the place of variables when everything is chosen. */
const CHOSEN: readonly (readonly [variable: string, text: string])[] = [
  ['$metric', 'orders_queue_length'],
  ['$job', '.*'],
  ['$namespace', '.*'],
  ['$instance', '.*'],
  ['$resource', '.*'],
];
/** Four programs start one after the other, and a day of the shop is written and learnt. */
const STARTED_MS = 90_000;

const dashboards = [...DASHBOARDS].map(([file, text]) => [file, JSON.parse(text) as Dashboard] as const);
const queries = dashboards.flatMap(([file, { panels, annotations, templating }]) => [
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [file, title, expr] as const)),
  // What is marked is there for a moment only.
  ...annotations.list.map(({ name, expr }) => [file, name, `count_over_time((${expr})[15m:5s])`] as const),
  ...templating.list.flatMap(({ name, query }) => {
    const values = /^label_values\((.*), (\w+)\)$/.exec(query);
    return values === null
      ? []
      : [[file, name, `group by (${values[2]}) (${values[1]}) unless on (${values[2]}) vector(0)`] as const];
  }),
]);

/** A value is read as it is or per second: each query of the two is asked with the reading that it is for. */
function filledIn(expr: string): string {
  const read = expr.replace(/\$reading\) == (\d)/, '$1) == $1');
  return CHOSEN.reduce((filled, [variable, text]) => filled.replaceAll(variable, text), read);
}

describeWith(['prometheus', 'alertmanager', 'node_exporter'], 'the demonstration', () => {
  let demo: Child;
  let prometheus: string;
  let pronoia: string;

  beforeAll(async () => {
    demo = startChild('demo', NODE, ['examples/demo/demo.ts', '--fault-after=1']);
    pronoia = (await outputOf(demo, /(http:\S+)\/api\/v1\/incidents\n/, STARTED_MS))[1]!;
    prometheus = (await outputOf(demo, /(http:\S+)\/graph/))[1]!;
    await outputOf(demo, /has failed/);
    await until(
      'an incident about the database',
      async () => {
        const { data } = (await (await fetch(`${pronoia}/api/v1/incidents`)).json()) as {
          data: { incidents: { title: string }[] };
        };
        return data.incidents.some(({ title }) => /shop\/mysql-orders, \d services affected/.test(title));
      },
      100_000,
    );
  }, 220_000);

  async function query(expr: string): Promise<number> {
    const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const answer = (await response.json()) as { data?: { result: unknown[] }; error?: string };
    if (answer.data === undefined) throw new Error(`${expr}: ${answer.error}`);
    return answer.data.result.length;
  }

  it.each(queries)('fills %s, %s: %s', async (_, __, expr) => {
    await until(`data for ${expr}`, async () => (await query(filledIn(expr))) > 0);
  });

  it('ends clean', async () => {
    demo.kill('SIGINT');
    expect(await demo.exited).toEqual({ code: 0, signal: null });
    expect(demo.output()).toContain('Everything has been stopped and removed.');
  });
});
