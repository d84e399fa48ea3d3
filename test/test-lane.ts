import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Anomaly } from '../src/model/anomaly.ts';
import { Calendar } from '../src/model/calendar.ts';
import { ManualClock } from '../src/model/clock.ts';
import { formatSeries } from '../src/model/labels.ts';
import { parseSelector } from '../src/model/matcher.ts';
import { createScoreLane, type ScoreLane } from '../src/score-lane.ts';
import { DEFAULT_RULE, type LearnRule } from '../src/series/learn-rule.ts';
import type { RuleState } from '../src/series/rule-states.ts';
import { LearntTopology } from '../src/topology/learnt-topology.ts';
import { encodeBody, type TestSeries } from './ingest/write-request-builder.ts';

/** A moment in all tests; on a full hour, so that times are easy to read. */
export const START = Date.UTC(2026, 10, 22, 12);

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** Lane A behind a real HTTP server, on a manual clock. */
export class TestLane {
  readonly clock = new ManualClock(START);
  readonly calendar = new Calendar();
  readonly anomalies: Anomaly[] = [];
  readonly ruleStates: RuleState[] = [];
  readonly lane: ScoreLane;
  readonly #server = createServer((request, response) => this.lane.receiver.receive(request, response));

  /** @param options rules by selector, `emit: all` for everything unless told otherwise */
  constructor({
    maxSeries = 1000,
    rules = [rule('{__name__!=""}', { emit: 'all' })],
    groups = [],
  }: { maxSeries?: number; rules?: LearnRule[]; groups?: { by: string[] }[] } = {}) {
    this.lane = createScoreLane({
      maxSeries,
      settings: { rules, groups, replicaLabel: '__replica__', clusterLabel: 'cluster' },
      timezone: 'UTC',
      calendar: this.calendar,
      clock: this.clock,
      topology: new LearntTopology({ clusterLabel: 'cluster' }),
      onAnomaly: (anomaly) => this.anomalies.push(anomaly),
      onRuleState: (state) => this.ruleStates.push(state),
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.lane.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Sends a request as a sender of remote write 1.0 does. Headers that are undefined are left out. */
  post(body: Uint8Array, headers: Record<string, string | undefined> = {}, method = 'POST'): Promise<Answer> {
    const all = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;
    const { port } = this.#server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port, path: '/api/v1/write', method, headers: sent },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode!,
              body: Buffer.concat(chunks).toString(),
              headers: response.headers,
            }),
          );
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  send(...series: TestSeries[]): Promise<Answer> {
    return this.post(encodeBody(series));
  }

  /**
   * Sends one series, `values` being a sample every `intervalMs` up to the clock's time, in requests of five minutes.
   * The clock moves on by as much as that takes, so that the next history continues this one.
   */
  async play(labels: Record<string, string>, values: readonly number[], intervalMs = 15_000): Promise<void> {
    const size = Math.max(1, 300_000 / intervalMs);
    for (let from = 0; from < values.length; from += size) {
      const part = values.slice(from, from + size);
      const samples = part.map((value, i) => [this.clock.now() + (i + 1) * intervalMs, value] as const);
      this.clock.advance(part.length * intervalMs);
      const answer = await this.send({ labels, samples });
      if (answer.status !== 204) throw new Error(answer.body);
    }
  }

  /** What is put out now: values by series. */
  outputs(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const group of [...this.lane.outputs.groups(), ...this.lane.groupOutputs.groups()]) {
      const labels = group.labels();
      for (const [name, value] of group.values) found[formatSeries(new Map([['__name__', name], ...labels]))] = value;
    }
    return found;
  }

  /** The score of the only series with this metric name that is put out. */
  score(metric: string): number | undefined {
    return Object.entries(this.outputs()).find(
      ([series]) => series.startsWith('anomaly_score{') && series.includes(`metric="${metric}"`),
    )?.[1];
  }
}

export function rule(selector: string, rest: Partial<LearnRule> = {}): LearnRule {
  return { ...DEFAULT_RULE, match: [parseSelector(selector)], ...rest };
}

/** Seeded Gaussian noise, mean 0 and standard deviation 1 (Box and Muller). */
export function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
