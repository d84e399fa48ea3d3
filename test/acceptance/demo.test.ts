import { beforeAll, describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../grafana/source/dashboards.ts';
import { type Child, NODE, outputOf, startChild } from './children.ts';
import { describeWith } from './peers.ts';
import { until } from './polling.ts';

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** What Grafana puts in the place of variables when everything is chosen. */
const CHOSEN: readonly (readonly [variable: string, text: string])[] = [
  ['$metric', 'orders_queue_length'],
  ['$reading', '0'],
  ['$job', '.*'],
  ['$namespace', '.*'],
  ['$instance', '.*'],
  ['$resource', '.*'],
];
/** What may rightly be empty: nothing refused, nothing noisy yet, and the other way to read a value. */
const MAY_BE_EMPTY =
  /by \(reason\) \(rate\(pronoia_samples_rejected_total|pronoia_noisy_rule_firings|vector\(\$reading\) == 1/;

/** Four programs start one after the other, and a day of the shop is written and learnt. */
const STARTED_MS = 90_000;

const queries = [...DASHBOARDS].flatMap(([file, text]) =>
  (JSON.parse(text).panels as Panel[]).flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [file, title, expr] as const),
  ),
);

function filledIn(expr: string): string {
  return CHOSEN.reduce((filled, [variable, text]) => filled.replaceAll(variable, text), expr);
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

  describe('fills every panel of every dashboard', () => {
    it.each(queries.filter(([, , expr]) => !MAY_BE_EMPTY.test(expr)))('%s, %s: %s', async (_, __, expr) => {
      await until(`data for ${expr}`, async () => (await query(filledIn(expr))) > 0);
    });

    it.each(queries.filter(([, , expr]) => MAY_BE_EMPTY.test(expr)))(
      '%s, %s, which may be empty: %s',
      async (_, __, expr) => {
        expect(await query(filledIn(expr))).toBeGreaterThanOrEqual(0);
      },
    );
  });

  it('ends clean', async () => {
    demo.kill('SIGINT');
    expect(await demo.exited).toEqual({ code: 0, signal: null });
    expect(demo.output()).toContain('Everything has been stopped and removed.');
  });
});
