import { randomInt } from 'node:crypto';
import { Backfill } from './bootstrap/backfill.ts';
import type { AnomalyListener } from './detect/anomalies.ts';
import { GroupRates } from './detect/group-rates.ts';
import { QuietSlots } from './detect/quiet-slots.ts';
import { Scorer } from './detect/scorer.ts';
import { AnomalySeries } from './emit/anomaly-series.ts';
import { ForecastSeries } from './emit/forecast-series.ts';
import { GroupSeries } from './emit/group-series.ts';
import type { CapacityRule } from './forecast/capacity-rule.ts';
import { Forecasts } from './forecast/forecasts.ts';
import { PRESETS } from './forecast/presets.ts';
import { DerivedSeriesWriter } from './histograms/derived-series.ts';
import { Histograms } from './histograms/histograms.ts';
import { NativeHistograms } from './histograms/native-histograms.ts';
import { RECEIVER_SIZES, RemoteWriteReceiver } from './ingest/remote-write.ts';
import { ReplicaElection } from './ingest/replica-election.ts';
import { createKernel } from './kernel/kernel.ts';
import type { Anomaly } from './model/anomaly.ts';
import { Calendar } from './model/calendar.ts';
import type { Clock } from './model/clock.ts';
import { ScorePipeline } from './score-pipeline.ts';
import { Columns } from './series/columns.ts';
import { Expiry } from './series/expiry.ts';
import { MAX_WRITTEN_LABEL_BYTES } from './series/label-bytes.ts';
import type { LearnRule } from './series/learn-rule.ts';
import { Policies } from './series/policies.ts';
import { type RuleState, RuleStates } from './series/rule-states.ts';
import { SeriesTable } from './series/series-table.ts';
import { Workloads } from './series/workloads.ts';
import type { LearntTopology } from './topology/learnt-topology.ts';
import { SeriesTap } from './topology/series-tap.ts';

/** How often ended series and outputs are looked for. */
const EXPIRY_INTERVAL_MS = 15_000;
/** How often the graph is brought up to date. */
const TOPOLOGY_INTERVAL_MS = 5000;
/** Slots that are matched with new rules in one slice: some milliseconds. */
const MATCH_SLICE = 2000;

export interface ScoreLaneSettings {
  readonly rules: readonly LearnRule[];
  readonly replicaLabel: string;
  readonly clusterLabel: string;
  /** What `anomaly_rate` is computed over, by the names of labels; nothing unless given. */
  readonly groups?: readonly { readonly by: readonly string[] }[];
  /** What is forecast; the presets unless told otherwise. */
  readonly capacityRules?: readonly CapacityRule[];
}

export interface ScoreLaneOptions {
  readonly maxSeries: number;
  readonly settings: ScoreLaneSettings;
  /** Name of the time zone in whose days and weeks seasons are learnt. */
  readonly timezone: string;
  /** When series are quiet; never unless given. */
  readonly calendar?: Calendar;
  readonly clock: Clock;
  /** Learns from the series that pass how things depend on each other. */
  readonly topology: LearntTopology;
  /** Told when an anomaly begins, when it becomes a recurring one or is none any more, and when it has ended. */
  readonly onAnomaly: (anomaly: Anomaly) => void;
  /** Told since when the conditions of rules hold, see `RuleStates`. */
  readonly onRuleState?: (state: RuleState) => void;
}

export type ScoreLane = ReturnType<typeof createScoreLane>;

/** Wires lane A: from the request of a sender to the output series. The server, replay and the benchmarks share it. */
export function createScoreLane({
  maxSeries,
  settings,
  timezone,
  calendar = new Calendar(),
  clock,
  topology,
  onAnomaly,
  onRuleState = () => {},
}: ScoreLaneOptions) {
  // Slot 0 is no series.
  const columns = new Columns(maxSeries + 1);
  const policies = new Policies();
  const election = new ReplicaElection(settings.replicaLabel, settings.clusterLabel);
  const seed = [randomInt(2 ** 32) | 0, randomInt(2 ** 32) | 0] as const;
  const kernel = createKernel({ ...RECEIVER_SIZES, scratch: MAX_WRITTEN_LABEL_BYTES }, seed);
  const receiver = new RemoteWriteReceiver({
    kernel,
    onBatch: (batch) => pipeline.receive(batch),
    onMetadata: (types) => table.setTypes(types),
    election,
    clock,
  });
  const table = new SeriesTable({ columns, policies, kernel });
  const expiry = new Expiry(table);
  const workloads = new Workloads(columns.capacity, kernel);
  const quietSlots = new QuietSlots(calendar, columns.capacity, (slot) => table.labels(slot));
  const listener: AnomalyListener = (slot, anomaly) => {
    const labels = table.labels(slot);
    if (labels !== undefined) onAnomaly({ labels, ...anomaly });
  };
  const scorer = new Scorer(columns, policies, timezone, listener, {
    workloads,
    quietSlots,
    labels: (slot) => table.labels(slot),
  });
  const outputs = new AnomalySeries(table, policies, columns.capacity, {
    held: (slot) => scorer.engine.held(slot),
    isRecurring: (slot) => scorer.anomalies.isRecurring(slot),
  });
  const forecasts = new Forecasts(columns.capacity, (slot) => table.labels(slot), clock, onAnomaly);
  const groups = new GroupRates(
    columns.capacity,
    scorer.sampleClock,
    (slot) => table.labels(slot),
    (slot) => policies.get(table.policyNumbers[slot]!).golden,
  );
  const derived = new DerivedSeriesWriter(table);
  const histograms = new Histograms(table, derived, columns.capacity);
  const nativeHistograms = new NativeHistograms(table, derived);
  const topologyTap = new SeriesTap(columns.capacity, topology, (slot) => table.labels(slot));
  const ruleStates = new RuleStates();
  ruleStates.onState = onRuleState;
  table.onSeries = (slot, metricName) => {
    // It may have been matched again, and be golden or not now.
    groups.forget(slot);
    forecasts.resources.add(slot, metricName);
    topologyTap.add(slot, metricName);
    scorer.feedbacks.seen(slot, metricName);
    workloads.place(slot, table.labelBytes(slot), policies.droppedLabels(table.policyNumbers[slot]!));
    histograms.addTotal(slot, metricName);
  };
  table.onBucket = (slot, labels) => histograms.addBucket(slot, labels);
  table.onAlertSeries = (slot, labels) => ruleStates.add(slot, labels);
  table.onForget = (slot) => {
    forecasts.resources.remove(slot);
    topologyTap.remove(slot);
    ruleStates.remove(slot);
    workloads.remove(slot);
    scorer.forget(slot);
    groups.forget(slot);
    histograms.remove(slot);
    nativeHistograms.remove(slot);
  };
  const backfill = new Backfill({ table, scorer, clock });
  const pipeline = new ScorePipeline({
    table,
    expiry,
    scorer,
    backfill,
    outputs,
    groups,
    forecasts,
    topologyTap,
    ruleStates,
    histograms,
    nativeHistograms,
    derived,
    clock,
  });
  const cancelTopology = clock.every(TOPOLOGY_INTERVAL_MS, () => topology.advance(clock.now()));
  const cancelExpiry = clock.every(EXPIRY_INTERVAL_MS, () => {
    expiry.sweep(Math.floor(clock.now() / 1000));
    outputs.expire(clock.now());
    groups.sweep(clock.now(), table.highest);
  });
  let cancelMatching = () => {};

  const use = ({
    rules,
    replicaLabel,
    clusterLabel,
    groups: groupings = [],
    capacityRules = PRESETS,
  }: ScoreLaneSettings) => {
    table.configure(rules, replicaLabel);
    election.configure(replicaLabel, clusterLabel);
    groups.configure(groupings.map(({ by }) => by));
    forecasts.configure(capacityRules, clusterLabel);
    topology.configure({ clusterLabel });
    topologyTap.configure(clusterLabel);
  };
  use(settings);

  return {
    receiver,
    table,
    policies,
    columns,
    scorer,
    backfill,
    calendar,
    quietSlots,
    anomalies: scorer.anomalies,
    rates: scorer.rates,
    outputs,
    groups,
    groupOutputs: new GroupSeries(groups),
    forecasts,
    histograms,
    nativeHistograms,
    topology,
    topologyTap,
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
      cancelTopology();
      forecasts.stop();
    },
  };
}
