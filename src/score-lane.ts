import { randomInt } from 'node:crypto';
import { Anomalies } from './detect/anomalies.ts';
import { CounterRates } from './detect/counter-rates.ts';
import { Gates } from './detect/gates.ts';
import { LevelBaseline } from './detect/level-baseline.ts';
import { SampleClock } from './detect/sample-clock.ts';
import { AnomalySeries } from './emit/anomaly-series.ts';
import { ForecastSeries } from './emit/forecast-series.ts';
import type { CapacityRule } from './forecast/capacity-rule.ts';
import { Forecasts } from './forecast/forecasts.ts';
import { PRESETS } from './forecast/presets.ts';
import { RemoteWriteReceiver } from './ingest/remote-write.ts';
import { ReplicaElection } from './ingest/replica-election.ts';
import type { Anomaly } from './model/anomaly.ts';
import type { Clock } from './model/clock.ts';
import { ScorePipeline } from './score-pipeline.ts';
import { Columns } from './series/columns.ts';
import { Expiry } from './series/expiry.ts';
import { type LearnRule, Policies } from './series/policies.ts';
import { SeriesTable } from './series/series-table.ts';

/** How often ended series and outputs are looked for. */
const EXPIRY_INTERVAL_MS = 15_000;
/** Slots that are matched with new rules in one slice: some milliseconds. */
const MATCH_SLICE = 2000;

export interface ScoreLaneSettings {
  readonly rules: readonly LearnRule[];
  readonly replicaLabel: string;
  readonly clusterLabel: string;
  /** What is forecast; the presets unless told otherwise. */
  readonly capacityRules?: readonly CapacityRule[];
}

export interface ScoreLaneOptions {
  readonly maxSeries: number;
  readonly settings: ScoreLaneSettings;
  readonly clock: Clock;
  /** Told when an anomaly begins, and again when it has ended. */
  readonly onAnomaly: (anomaly: Anomaly) => void;
}

export type ScoreLane = ReturnType<typeof createScoreLane>;

/** Wires lane A: from the request of a sender to the output series. The server, replay and the benchmarks share it. */
export function createScoreLane({ maxSeries, settings, clock, onAnomaly }: ScoreLaneOptions) {
  // Slot 0 is no series.
  const columns = new Columns(maxSeries + 1);
  const policies = new Policies();
  const election = new ReplicaElection(settings.replicaLabel, settings.clusterLabel);
  const receiver = new RemoteWriteReceiver({
    onBatch: (batch) => pipeline.receive(batch),
    onMetadata: (family, type) => table.setType(family, type),
    election,
    clock,
  });
  const seed = [randomInt(2 ** 32) | 0, randomInt(2 ** 32) | 0] as const;
  const table = new SeriesTable({ columns, policies, buffer: receiver.buffer, seed });
  const expiry = new Expiry(table);
  const sampleClock = new SampleClock(columns);
  const rates = new CounterRates(columns);
  const anomalies = new Anomalies(columns, (slot, anomaly) => {
    const labels = table.labels(slot);
    if (labels !== undefined) onAnomaly({ labels, ...anomaly });
  });
  const outputs = new AnomalySeries(table, policies, columns.capacity);
  const forecasts = new Forecasts(columns.capacity, (slot) => table.labels(slot), clock, onAnomaly);
  table.onSeries = (slot, metricName) => forecasts.resources.add(slot, metricName);
  table.onForget = (slot) => forecasts.resources.remove(slot);
  const pipeline = new ScorePipeline({
    table,
    policies,
    expiry,
    sampleClock,
    rates,
    baseline: new LevelBaseline(columns),
    gates: new Gates(policies),
    anomalies,
    outputs,
    forecasts,
    clock,
  });
  const cancelExpiry = clock.every(EXPIRY_INTERVAL_MS, () => {
    expiry.sweep(Math.floor(clock.now() / 1000));
    outputs.expire(clock.now());
  });
  let cancelMatching = () => {};

  const use = ({ rules, replicaLabel, clusterLabel, capacityRules = PRESETS }: ScoreLaneSettings) => {
    table.configure(rules, replicaLabel);
    election.configure(replicaLabel, clusterLabel);
    forecasts.configure(capacityRules, clusterLabel);
  };
  use(settings);

  return {
    receiver,
    table,
    columns,
    anomalies,
    rates,
    outputs,
    forecasts,
    forecastOutputs: new ForecastSeries(forecasts, clock),
    stats: pipeline.stats,
    /** Uses these settings for series that come from now on, and in slices for those that are there. */
    configure(next: ScoreLaneSettings): void {
      use(next);
      cancelMatching();
      const matchFrom = (slot: number): void => {
        table.matchAgain(slot, slot + MATCH_SLICE);
        if (slot <= table.highest) cancelMatching = clock.after(1, () => matchFrom(slot + MATCH_SLICE));
      };
      matchFrom(1);
    },
    stop(): void {
      cancelExpiry();
      cancelMatching();
      forecasts.stop();
    },
  };
}
