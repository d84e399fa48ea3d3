import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answering, type Child, startChild, temporaryFolder, withFreePort } from './children.ts';
import { commandOf } from './peers.ts';
import { seriesValue } from './sidecar.ts';

/** One series of an instant query: the value and its time, or all of them when a range was asked for. */
export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, value: string];
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

/** A running Prometheus, and what tests ask it. */
export class Prometheus {
  readonly url: string;
  readonly child: Child;

  constructor(child: Child, url: string) {
    this.child = child;
    this.url = url;
  }

  /** Instant query. @throws Error with what Prometheus says */
  async query(expression: string): Promise<QueryResult[]> {
    const response = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const answer = (await response.json()) as { data?: { result: QueryResult[] }; error?: string };
    if (answer.data === undefined) throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result;
  }

  /** Samples of the only series that a selector of a range gives; none when there is no series. */
  async samples(range: string): Promise<{ timestampMs: number; value: number }[]> {
    const results = await this.query(range);
    if (results.length > 1) throw new Error(`${range} gives ${results.length} series`);
    const values = results[0]?.values ?? [];
    return values.map(([seconds, value]) => ({ timestampMs: Math.round(seconds * 1000), value: Number(value) }));
  }

  /** Sum of all series of one of its own metrics. */
  async ownTotal(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const series = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    if (series.length === 0) throw new Error(`Prometheus has no metric ${name}`);
    return series.reduce((sum, line) => sum + seriesValue(text, line.slice(0, line.lastIndexOf(' ')))!, 0);
  }
}

/**
 * Starts Prometheus.
 * @param configure gives the configuration, and may write further files into its folder
 * @param configure.address its own, host:port
 * @param folder of its storage; one that is started again on it goes on
 */
export function startPrometheus(
  name: string,
  flags: readonly string[],
  configure: (address: string, folder: string) => string | Promise<string>,
  folder = temporaryFolder(),
): Promise<Prometheus> {
  return withFreePort(async (port) => {
    const address = `127.0.0.1:${port}`;
    writeFileSync(join(folder, 'prometheus.yml'), await configure(address, folder));
    const child = startChild(name, commandOf('prometheus'), [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=${address}`,
      ...flags,
    ]);
    const url = `http://${address}`;
    await answering(child, `${url}/-/ready`);
    return new Prometheus(child, url);
  });
}
