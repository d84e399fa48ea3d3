import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Label values, in the order of the metric's label names, and the value. */
export type Reading = readonly [labelValues: readonly string[], value: number];

/** Our own metrics, in Prometheus' style. Rooms count in plain numbers; those are read when someone scrapes. */
export interface Metrics {
  /** A count that never falls; the name ends in `_total`. `read` gives what has been counted since the start. */
  counter(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Reading>): void;
  gauge(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Reading>): void;
  /** Records one HTTP request. @param path a pattern, never the path of the client, which may be anything */
  observe(path: string, code: number, seconds: number): void;
  /** All families as text exposition format 0.0.4. */
  render(): Promise<string>;
}

export interface MetricsOptions {
  readonly version: string;
  /** Kept up to date by whoever reloads. */
  readonly configReload: {
    readonly isSuccessful: boolean;
    /** Milliseconds since the epoch. */
    readonly lastSuccessAt: number;
  };
}

/** Makes the registry with what every process shows: `process_*`, `nodejs_*`, build, reload, HTTP requests. */
export function createMetrics({ version, configReload }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics: Metrics = {
    counter: (name, help, labelNames, read) => addCounter(registry, name, help, labelNames, read),
    gauge: (name, help, labelNames, read) => addGauge(registry, name, help, labelNames, read),
    observe: addRequestDurations(registry),
    render: () => registry.metrics(),
  };
  metrics.gauge('pronoia_build_info', 'Always 1; the labels say what is running.', ['version', 'node'], () => [
    [[version, process.versions.node], 1],
  ]);
  metrics.gauge(
    'pronoia_config_last_reload_successful',
    'Whether the last attempt to read the configuration succeeded.',
    [],
    () => [[[], Number(configReload.isSuccessful)]],
  );
  metrics.gauge(
    'pronoia_config_last_reload_success_timestamp_seconds',
    'When the configuration was last read successfully.',
    [],
    () => [[[], configReload.lastSuccessAt / 1000]],
  );
  return metrics;
}

type AddMetric = (registry: Registry, ...rest: Parameters<Metrics['counter']>) => void;

const addCounter: AddMetric = (registry, name, help, labelNames, read) => {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labelValues, value] of read()) this.inc(labelsOf(labelNames, labelValues), value);
    },
  });
};

const addGauge: AddMetric = (registry, name, help, labelNames, read) => {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labelValues, value] of read()) this.set(labelsOf(labelNames, labelValues), value);
    },
  });
};

function addRequestDurations(registry: Registry): Metrics['observe'] {
  const durations = new Histogram({
    name: 'pronoia_http_request_duration_seconds',
    help: 'How long HTTP requests took, by pattern of path and status code.',
    labelNames: ['path', 'code'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    registers: [registry],
  });
  return (path, code, seconds) => durations.observe({ path, code }, seconds);
}

function labelsOf(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
}
