import { afterEach, describe, expect, it } from 'vitest';
import { STALE_MARKER, type TestSeries } from '../ingest/write-request-builder.ts';
import { gaussian, rule, TestLane, times } from '../test-lane.ts';

const INTERVAL_MS = 15_000;
const BOUNDS = [0.1, 0.25, 0.5, 1, 2.5];

const lanes: TestLane[] = [];
afterEach(async () => {
  for (const lane of lanes.splice(0)) await lane.stop();
});

async function newLane(options: ConstructorParameters<typeof TestLane>[0] = {}): Promise<TestLane> {
  const lane = await new TestLane(options).start();
  lanes.push(lane);
  return lane;
}

/** A service that observes latencies around a level, and counts them as client libraries do. */
class Histogram {
  level = 0.2;
  perScrape = 100;
  /** Series that are not scraped. */
  missing = new Set<string>();
  #sum = 0;
  #count = 0;
  readonly #buckets = BOUNDS.map(() => 0);
  readonly #noise = gaussian(9);
  readonly #labels: Record<string, string>;

  constructor(labels: Record<string, string> = { job: 'shop' }) {
    this.#labels = labels;
  }

  restart(): void {
    this.#sum = 0;
    this.#count = 0;
    this.#buckets.fill(0);
  }

  /** What a scrape gives, by the last part of its name and `le`. */
  scrape(at: number): TestSeries[] {
    const observations = Math.round(this.perScrape * Math.max(0, 1 + 0.1 * this.#noise()));
    for (let i = 0; i < observations; i++) {
      const latency = Math.abs(this.level * (1 + 0.3 * this.#noise()));
      this.#sum += latency;
      this.#count++;
      for (const [b, bound] of BOUNDS.entries()) if (latency <= bound) this.#buckets[b]!++;
    }
    const series: [string, Record<string, string>, number][] = [
      ...BOUNDS.map((le, i): [string, Record<string, string>, number] => [
        'bucket',
        { le: `${le}` },
        this.#buckets[i]!,
      ]),
      ['bucket', { le: '+Inf' }, this.#count],
      ['sum', {}, this.#sum],
      ['count', {}, this.#count],
    ];
    return series
      .filter(([name, { le = '' }]) => !this.missing.has(name + le))
      .map(([name, extra, value]) => ({
        labels: { __name__: `latency_${name}`, ...this.#labels, ...extra },
        samples: [[at, value]],
      }));
  }
}

/** Scrapes some times; `split` says how the series of one scrape go over several requests. */
async function scrape(
  lane: TestLane,
  histogram: Histogram,
  count: number,
  split: (series: TestSeries[]) => TestSeries[][] = (series) => [series],
): Promise<void> {
  for (let i = 0; i < count; i++) {
    lane.clock.advance(INTERVAL_MS);
    for (const part of split(histogram.scrape(lane.clock.now()))) {
      const answer = await lane.send(...part);
      if (answer.status !== 204) throw new Error(answer.body);
    }
  }
}

const expected = (lane: TestLane, metric: string) => lane.outputs()[`anomaly_expected{job="shop",metric="${metric}"}`];
const metrics = (lane: TestLane) =>
  [...new Set(Object.keys(lane.outputs()).map((series) => /metric="([^"]+)"/.exec(series)![1]!))].sort();

describe('a classic histogram', () => {
  it('is scored by rate, sum, mean and an upper quantile, and not by its buckets', async () => {
    const lane = await newLane();
    await scrape(lane, new Histogram(), 5 * 70);
    expect(metrics(lane)).toEqual(['latency:mean', 'latency:p95', 'latency_count', 'latency_sum']);
    expect(expected(lane, 'latency_count')).toBeCloseTo(100 / 15, 0);
    expect(expected(lane, 'latency:mean')).toBeGreaterThan(0.19);
    expect(expected(lane, 'latency:mean')).toBeLessThan(0.21);
    // The true one is 0.2 × (1 + 0.3 × 1.645) = 0.299, in the bucket from 0.25 to 0.5.
    expect(expected(lane, 'latency:p95')).toBeGreaterThan(0.25);
    expect(expected(lane, 'latency:p95')).toBeLessThan(0.5);
    expect(lane.lane.table.countByKind.get(20)).toBe(BOUNDS.length + 1);
    expect(lane.lane.stats.ignored.get('bucket_without_bound')).toBeUndefined();
  });

  it('that becomes slow is an anomaly of its mean and its quantile, not of its rate', async () => {
    const lane = await newLane();
    const histogram = new Histogram();
    await scrape(lane, histogram, 5 * 70);
    histogram.level = 1;
    await scrape(lane, histogram, 20);
    expect(lane.anomalies.map(({ labels }) => labels.get('__name__'))).toEqual(
      expect.arrayContaining(['latency:mean', 'latency:p95']),
    );
    expect(lane.anomalies.map(({ labels }) => labels.get('__name__'))).not.toContain('latency_count');
    expect(lane.anomalies[0]!.labels.get('job')).toBe('shop');
    expect(lane.anomalies[0]!.labels.has('le')).toBe(false);
  });

  it('is the same however its series are spread over requests, one scrape behind included', async () => {
    const [whole, spread] = [await newLane(), await newLane()];
    await scrape(whole, new Histogram(), 5 * 70);
    // The buckets of a slow shard come after the next scrape of the fast one.
    let late: TestSeries[] = [];
    await scrape(spread, new Histogram(), 5 * 70, (series) => {
      const parts = [series.slice(3), late];
      late = series.slice(0, 3);
      return parts.filter((part) => part.length > 0);
    });
    await spread.send(...late);
    for (const metric of ['latency:mean', 'latency:p95']) {
      expect(expected(spread, metric)).toBeCloseTo(expected(whole, metric)!, 2);
    }
  });

  it('is the same from a sender that joins the samples of each series, as they do with a backlog', async () => {
    const [single, joined] = [await newLane(), await newLane()];
    await scrape(single, new Histogram(), 5 * 70);
    const histogram = new Histogram();
    for (let i = 0; i < 5 * 70; i += 10) {
      const scrapes = times(10, () => {
        joined.clock.advance(INTERVAL_MS);
        return histogram.scrape(joined.clock.now());
      });
      const together = scrapes[0]!.map(({ labels }, series) => ({
        labels,
        samples: scrapes.flatMap((all) => all[series]!.samples),
      }));
      expect((await joined.send(...together)).status).toBe(204);
    }
    expect(metrics(joined)).toEqual(metrics(single));
    for (const metric of ['latency:mean', 'latency:p95'])
      expect(expected(joined, metric)).toBe(expected(single, metric));
  });

  it('of which a scrape lost a part says nothing wrong', async () => {
    const lane = await newLane();
    const histogram = new Histogram();
    await scrape(lane, histogram, 5 * 70);
    const before = expected(lane, 'latency:p95')!;
    for (let i = 0; i < 10; i++) {
      histogram.missing = new Set(['bucket0.25', 'bucket+Inf']);
      await scrape(lane, histogram, 1);
      histogram.missing.clear();
      await scrape(lane, histogram, 5);
    }
    expect(lane.anomalies).toEqual([]);
    expect(expected(lane, 'latency:p95')).toBeCloseTo(before, 1);
  });

  it('goes on without a bucket that is gone for good, and with one that is new', async () => {
    const lane = await newLane();
    const histogram = new Histogram();
    histogram.missing = new Set(['bucket0.1']);
    await scrape(lane, histogram, 5 * 70);
    histogram.missing = new Set(['bucket2.5']);
    const { lane: inner } = lane;
    const seen = () => {
      const slot = inner.table.acquire(
        new Map([
          ['__name__', 'latency:p95'],
          ['job', 'shop'],
        ]),
        0,
      );
      return inner.table.seenAt[slot]!;
    };
    const before = seen();
    await scrape(lane, histogram, 30);
    expect(seen()).toBeGreaterThan(before + 300);
    expect(lane.anomalies).toEqual([]);
  });

  it('that starts again from zero is not anomalous', async () => {
    const lane = await newLane();
    const histogram = new Histogram();
    await scrape(lane, histogram, 5 * 70);
    for (let i = 0; i < 5; i++) {
      histogram.restart();
      await scrape(lane, histogram, 11);
    }
    expect(lane.anomalies).toEqual([]);
  });

  it('with few observations waits for more, and says nothing when they do not come', async () => {
    const lane = await newLane();
    const histogram = new Histogram();
    histogram.perScrape = 2;
    await scrape(lane, histogram, 5 * 70);
    expect(metrics(lane)).toContain('latency:mean');
    const rare = await newLane();
    const idle = new Histogram();
    idle.perScrape = 0;
    await scrape(rare, idle, 5 * 70);
    expect(metrics(rare)).toEqual(['latency_count', 'latency_sum']);
  });

  it('that ends takes its derived series with it', async () => {
    const lane = await newLane();
    const histogram = new Histogram();
    await scrape(lane, histogram, 5 * 70);
    lane.clock.advance(INTERVAL_MS);
    const at = lane.clock.now();
    await lane.send(...histogram.scrape(at).map(({ labels }) => ({ labels, samples: [[at, STALE_MARKER]] as const })));
    expect(lane.outputs()).toEqual({});
    // And its entry goes when the table has forgotten its series.
    expect(lane.lane.histograms.size).toBe(1);
    for (let slot = 1; slot <= lane.lane.table.highest; slot++) lane.lane.table.release(slot);
    expect(lane.lane.histograms.size).toBe(0);
  });

  it('may be ignored by a rule, as a whole or for what is made of it', async () => {
    const rules = [
      rule('{__name__="latency:p95"}', { emit: 'ignore' }),
      rule('{job="other"}', { emit: 'ignore' }),
      rule('{__name__!=""}', { emit: 'all' }),
    ];
    const lane = await newLane({ rules });
    const [shop, other] = [new Histogram(), new Histogram({ job: 'other' })];
    for (let i = 0; i < 350; i++) {
      lane.clock.advance(INTERVAL_MS);
      const at = lane.clock.now();
      await lane.send(...shop.scrape(at), ...other.scrape(at));
    }
    expect(metrics(lane)).toEqual(['latency:mean', 'latency_count', 'latency_sum']);
    expect(lane.lane.histograms.size).toBe(1);
  });

  it('gets no derived series where there is no room, and all else goes on', async () => {
    const lane = await newLane({ maxSeries: BOUNDS.length + 3 });
    await scrape(lane, new Histogram(), 100);
    expect(metrics(lane)).toEqual(['latency_count', 'latency_sum']);
  });
});

describe('a summary', () => {
  it('is scored by its rate and its mean', async () => {
    const lane = await newLane();
    const histogram = new Histogram();
    histogram.missing = new Set([...BOUNDS.map((le) => `bucket${le}`), 'bucket+Inf']);
    await scrape(lane, histogram, 5 * 70);
    expect(metrics(lane)).toEqual(['latency:mean', 'latency_count', 'latency_sum']);
  });
});

describe('buckets of any kind', () => {
  it.each([{}, { le: '' }, { le: 'x' }, { le: 'NaN' }])(
    'with the label %j, which is no bound, are left alone',
    async (le) => {
      const lane = await newLane();
      const answer = await lane.send({ labels: { __name__: 'x_bucket', ...le }, samples: [[lane.clock.now(), 1]] });
      expect(answer.status).toBe(204);
      expect(lane.lane.stats.ignored.get('bucket_without_bound')).toBe(1);
    },
  );

  it('in any number and with any values end nothing', async () => {
    const lane = await newLane({ maxSeries: 3000 });
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -5, 1e308, 0];
    for (let i = 0; i < 5; i++) {
      lane.clock.advance(INTERVAL_MS);
      const at = lane.clock.now();
      const series = times(2000, (le) => ({
        labels: { __name__: 'x_bucket', le: `${le}` },
        samples: [[at, odd[i]!]] as const,
      }));
      expect((await lane.send(...series)).status).toBe(204);
    }
    const late = { labels: { __name__: 'x_bucket', le: '1' }, samples: [[lane.clock.now() + 3_600_000, 1]] as const };
    expect((await lane.send(late)).status).toBe(400);
  });
});
