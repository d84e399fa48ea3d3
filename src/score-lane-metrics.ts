import { BOOTSTRAP_STATES, type BootstrapStats } from './bootstrap/bootstrap.ts';
import type { Metrics } from './emit/metrics.ts';
import { byKey, one } from './emit/readings.ts';
import type { RemoteWriteSender } from './emit/remote-write-sender.ts';
import type { ScoreLane } from './score-lane.ts';
import { kindName } from './series/kinds.ts';
import type { SnapshotStats } from './state/snapshot-file.ts';

/** What lane A shows of itself. */
export function addScoreMetrics(metrics: Metrics, lane: ScoreLane): void {
  const { stats, table, anomalies, outputs, rates, forecasts, histograms, nativeHistograms } = lane;
  const receiver = lane.receiver.stats;
  metrics.counter('pronoia_samples_received_total', 'Samples in valid remote-write requests.', [], () =>
    one(stats.receivedTotal + receiver.replicaSamples),
  );
  metrics.counter('pronoia_samples_accepted_total', 'Samples that were scored or learnt.', [], () =>
    one(stats.acceptedTotal),
  );
  metrics.counter('pronoia_stale_markers_total', 'Stale markers: series that ended.', [], () => one(stats.staleTotal));
  metrics.counter(
    'pronoia_samples_ignored_total',
    'Samples that were left aside on purpose.',
    ['reason'],
    function* () {
      yield* byKey(stats.ignored);
      yield [['replica_not_leading'], receiver.replicaSamples];
    },
  );
  metrics.counter('pronoia_samples_rejected_total', 'Samples refused with status 400.', ['reason'], () =>
    byKey(stats.refused),
  );
  metrics.counter('pronoia_remote_write_requests_total', 'Remote-write requests received, by answer.', ['code'], () =>
    byKey(receiver.answers),
  );
  metrics.counter(
    'pronoia_remote_write_held_requests_total',
    'Requests that were taken while the snapshot was being restored.',
    [],
    () => one(receiver.held),
  );
  metrics.counter('pronoia_remote_write_received_bytes_total', 'Bodies of remote-write requests, compressed.', [], () =>
    one(receiver.bodyBytes),
  );
  metrics.counter('pronoia_remote_write_decoded_bytes_total', 'Bodies of remote-write requests, decoded.', [], () =>
    one(receiver.decodedBytes),
  );
  metrics.counter('pronoia_exemplars_skipped_total', 'Exemplars received; they are not used.', [], () =>
    one(receiver.exemplars),
  );
  metrics.counter('pronoia_native_histograms_received_total', 'Native histogram samples received.', [], () =>
    one(receiver.histograms),
  );
  metrics.gauge('pronoia_histograms', 'Histograms and summaries whose mean or quantile is scored.', [], () =>
    one(histograms.size + nativeHistograms.size),
  );
  metrics.counter('pronoia_metadata_received_total', 'Metric families described by remote write.', [], () =>
    one(receiver.metadata),
  );
  metrics.counter('pronoia_replica_failovers_total', 'Times that another replica of a pair took over.', [], () =>
    one(receiver.replicaFailovers()),
  );
  metrics.counter(
    'pronoia_samples_paused_total',
    'Samples neither judged nor learnt because of a holiday or maintenance (calendars).',
    [],
    () => one(lane.scorer.pausedTotal),
  );
  metrics.counter(
    'pronoia_series_inherited_total',
    'New replicas that began with the baseline of their workload.',
    [],
    () => one(lane.scorer.inheritance.inheritedTotal),
  );
  metrics.gauge(
    'pronoia_series',
    'Series known, by kind; the kinds from ignored on own no state.',
    ['kind'],
    function* () {
      for (const [kind, count] of table.countByKind) yield [[kindName(kind)], count];
    },
  );
  metrics.counter('pronoia_series_created_total', 'Series seen for the first time.', [], () => one(table.createdTotal));
  metrics.counter('pronoia_series_expired_total', 'Series forgotten because they ended or made room.', [], () =>
    one(table.expiredTotal),
  );
  metrics.counter('pronoia_series_resets_total', 'Counters that started again from zero.', [], () =>
    one(rates.resetTotal),
  );
  metrics.counter('pronoia_series_corrections_total', 'Counters that fell by so little that it was no reset.', [], () =>
    one(rates.jitterTotal),
  );
  metrics.counter('pronoia_anomalies_opened_total', 'Anomalies that began.', [], () => one(anomalies.openedTotal));
  metrics.gauge('pronoia_anomalies_open', 'Anomalies that are open now.', [], () => one(anomalies.size));
  metrics.gauge('pronoia_anomalies_recurring', 'Open anomalies that are recurring.', [], () =>
    one(anomalies.recurring),
  );
  metrics.counter('pronoia_feedback_total', 'Anomalies that somebody called normal, by request.', ['verdict'], () => [
    [['normal'], lane.scorer.feedbacks.acceptedTotal],
  ]);
  metrics.gauge('pronoia_feedback_series', 'Series of which some values were called normal.', [], () =>
    one(lane.scorer.feedbacks.seriesCount),
  );
  metrics.gauge('pronoia_groups', 'Groups whose share of anomalous series is put out.', [], () =>
    one(lane.groups.size),
  );
  metrics.counter(
    'pronoia_groups_refused_total',
    'Times that a series was left out of a group because there are 10,000 groups.',
    [],
    () => one(lane.groups.ungroupedTotal),
  );
  metrics.gauge('pronoia_forecast_resources', 'Resources whose filling is forecast.', [], () =>
    one(forecasts.resources.size),
  );
  metrics.counter('pronoia_forecasts_total', 'Forecasts made.', [], () => one(forecasts.forecastTotal));
  metrics.counter('pronoia_forecasts_urgent_total', 'Forecasts that became urgent.', [], () =>
    one(forecasts.urgentTotal),
  );
  metrics.counter(
    'pronoia_forecasts_matured_total',
    'Forecasts about which the truth is known by now, by kind of resource and what became of them: docs/forecasting.md.',
    ['resource', 'outcome'],
    function* () {
      for (const [kind, { counts }] of forecasts.matured.kinds) {
        for (const [outcome, count] of counts) yield [[kind, outcome], count];
      }
    },
  );
  metrics.gauge(
    'pronoia_forecast_error_ratio',
    'Middle distance of the median from the truth, as a share of the truth, of the last 50 forecasts that were followed by a fill; NaN without any.',
    ['resource'],
    function* () {
      for (const [kind, { error }] of forecasts.matured.kinds) yield [[kind], error];
    },
  );
  metrics.gauge('pronoia_series_put_out', 'Input series whose anomaly series are put out now.', [], () =>
    one(outputs.size),
  );
}

/** What the topology shows of itself. */
export function addTopologyMetrics(metrics: Metrics, { topology, topologyTap }: ScoreLane): void {
  const { claims, changes, pods, links } = topology;
  metrics.gauge('pronoia_topology_edges', 'Edges of the graph, by kind.', ['kind'], () =>
    byKey([...Map.groupBy(links.all(), ({ edge }) => edge)].map(([kind, edges]) => [kind, edges.length])),
  );
  metrics.gauge('pronoia_topology_pods', 'Pods that live or have ended lately.', [], () => one(pods.size));
  metrics.gauge('pronoia_topology_claims', 'Facts that are remembered, one for each source of each.', [], () =>
    one(claims.size),
  );
  metrics.counter(
    'pronoia_topology_claims_refused_total',
    'Facts refused because so many are remembered already.',
    [],
    () => one(claims.refusedTotal + topologyTap.refusedTotal),
  );
  metrics.gauge('pronoia_topology_series', 'Series from which the topology is learnt.', [], () =>
    one(topologyTap.size),
  );
  metrics.gauge('pronoia_topology_unresolved', 'Edges with an end of which nothing is known.', [], () =>
    one(links.unresolved().length),
  );
  metrics.counter(
    'pronoia_topology_changes_total',
    'Changes seen in series: images, rollouts, restarts, roles.',
    [],
    () => one(changes.total),
  );
}

/** What the snapshot shows. */
export function addSnapshotMetrics(metrics: Metrics, stats: SnapshotStats): void {
  metrics.counter('pronoia_snapshots_total', 'Snapshots of what was learnt, by result.', ['result'], () => [
    [['written'], stats.writtenTotal],
    [['failed'], stats.failedTotal],
  ]);
  metrics.gauge('pronoia_snapshot_bytes', 'Size of the latest snapshot.', [], () => one(stats.lastBytes));
  metrics.gauge(
    'pronoia_snapshot_timestamp_seconds',
    'When the latest snapshot was written, 0 before the first.',
    [],
    () => one(stats.lastWrittenAt / 1000),
  );
}

/** How far the loading of history is. */
export function addBootstrapMetrics(metrics: Metrics, stats: () => BootstrapStats | undefined): void {
  metrics.gauge('pronoia_bootstrap_state', 'Loading of history: 1 for its state.', ['state'], function* () {
    const current = stats()?.state ?? 'off';
    for (const state of BOOTSTRAP_STATES) yield [[state], state === current ? 1 : 0];
  });
  metrics.gauge('pronoia_bootstrap_metrics', 'Metrics whose history is to be loaded.', [], () =>
    one(stats()?.metrics ?? 0),
  );
  metrics.gauge('pronoia_bootstrap_metrics_done', 'Metrics whose history has been loaded.', [], () =>
    one(stats()?.metricsDone ?? 0),
  );
  metrics.gauge('pronoia_bootstrap_metrics_refused', 'Metrics whose history the server could not give.', [], () =>
    one(stats()?.metricsRefused ?? 0),
  );
  metrics.counter('pronoia_bootstrap_samples_total', 'Samples of the past that were learnt.', [], () =>
    one(stats()?.samples ?? 0),
  );
  metrics.gauge('pronoia_bootstrap_resources', 'Resources whose forecasts know the past that was loaded.', [], () =>
    one(stats()?.resources ?? 0),
  );
  metrics.counter('pronoia_bootstrap_series_total', 'Series of the history, by what became of them.', ['outcome'], () =>
    byKey(stats()?.series ?? []),
  );
}

/** What the senders of `remote_write:` show; the list may change with a reload. */
export function addSenderMetrics(metrics: Metrics, senders: () => Iterable<RemoteWriteSender>): void {
  const perSender = function* (read: (sender: RemoteWriteSender) => number) {
    for (const sender of senders()) yield [[sender.url], read(sender)] as const;
  };
  metrics.counter('pronoia_remote_write_sent_samples_total', 'Output samples delivered.', ['url'], () =>
    perSender(({ stats }) => stats.sent),
  );
  metrics.counter('pronoia_remote_write_retried_samples_total', 'Output samples sent again.', ['url'], () =>
    perSender(({ stats }) => stats.retried),
  );
  metrics.counter('pronoia_remote_write_failed_requests_total', 'Requests that the target did not take.', ['url'], () =>
    perSender(({ stats }) => stats.failedRequests),
  );
  metrics.counter(
    'pronoia_remote_write_dropped_samples_total',
    'Output samples that were given up.',
    ['url', 'reason'],
    function* () {
      for (const { url, stats } of senders()) {
        for (const [reason, count] of Object.entries(stats.droppedByReason)) yield [[url, reason], count];
      }
    },
  );
  metrics.gauge('pronoia_remote_write_pending_samples', 'Output samples waiting or on their way.', ['url'], () =>
    perSender(({ stats }) => stats.pending),
  );
}
