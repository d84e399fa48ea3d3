import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IncidentAlertOptions } from './alertmanager/incident-alert.ts';
import { createPeer } from './alertmanager/peer.ts';
import { ledgerEntryOf } from './alertmanager/peer-alerts.ts';
import { Reconciler } from './alertmanager/reconciler.ts';
import { createAlertmanagerView } from './alertmanager/view.ts';
import type { Flags } from './config/flag-table.ts';
import { restartOnlyChanges } from './config/reload.ts';
import type { Config } from './config/schema.ts';
import type { TopologyFile } from './config/topology-schema.ts';
import { loadFiles, refuseWhatNeedsRestart } from './config/web-load.ts';
import { createFederationRoutes } from './emit/federation.ts';
import { createMetrics } from './emit/metrics.ts';
import { createMetricsRoutes } from './emit/metrics-routes.ts';
import { RemoteWriteSenders } from './emit/remote-write-senders.ts';
import { createSeriesRoutes } from './emit/series-routes.ts';
import { withPresets } from './forecast/presets.ts';
import { startHistoryLoading } from './history-loading.ts';
import { createIncidentLane } from './incident-lane.ts';
import {
  addIncidentMetrics,
  addNoiseMetrics,
  addNotificationMetrics,
  addReconcileMetrics,
} from './incident-lane-metrics.ts';
import type { IncidentOptions } from './incident-pipeline.ts';
import { AcceptedDeliveries, LARGE_DELIVERY } from './incidents/accepted-deliveries.ts';
import { createIncidentRoutes } from './incidents/api.ts';
import { createIncidentOutput } from './incidents/output.ts';
import { IncidentStore } from './incidents/store.ts';
import { createSummaries, headOf } from './incidents/summary.ts';
import { createAlertIntakeRoutes, readWebhook } from './ingest/alert-routes.ts';
import { createLifecycleRoutes } from './lifecycle-routes.ts';
import { Calendar } from './model/calendar.ts';
import type { Clock } from './model/clock.ts';
import { messageOf } from './model/errors.ts';
import { isOpen } from './model/incident.ts';
import type { Logger } from './model/logger.ts';
import { createNoiseRoutes } from './noise/api.ts';
import { Noise } from './noise/noise.ts';
import { Journal } from './notify/journal.ts';
import { Notifier } from './notify/notifier.ts';
import { createReceivers } from './notify/receivers.ts';
import { createHomePage } from './pages/home-page.ts';
import { createIncidentPage } from './pages/incident-page.ts';
import { createScoreLane, type ScoreLaneSettings } from './score-lane.ts';
import {
  addBootstrapMetrics,
  addScoreMetrics,
  addSenderMetrics,
  addSnapshotMetrics,
  addTopologyMetrics,
} from './score-lane-metrics.ts';
import { startServer } from './server.ts';
import { FeedbackFile } from './state/feedback-file.ts';
import { lockFolder } from './state/folder-lock.ts';
import { SnapshotFile } from './state/snapshot-file.ts';
import { createStorageFolder } from './state/storage-folder.ts';
import { createTopologyRoutes } from './topology/api.ts';
import { factsOfFile } from './topology/file-facts.ts';
import { LearntTopology } from './topology/learnt-topology.ts';
import { TopologyReport } from './topology/report.ts';
import { VERSION } from './version.ts';

/** How often what recurs in calendars is spelled out for the time to come. */
const CALENDAR_INTERVAL_MS = 24 * 3_600_000;

export interface AppOptions {
  readonly flags: Flags;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when somebody asks for an end by HTTP. */
  readonly onQuit: () => void;
}

export interface App {
  readonly port: number;
  /** Rejects with a ConfigError when the new configuration is not valid; then nothing has changed. */
  reload(): Promise<void>;
  /** Finishes what is under way, writes the state, and lets go of everything. */
  stop(): Promise<void>;
}

/**
 * The whole program, wired in one go. Cleanups are stacked as things are made and run in the opposite order.
 * @throws ConfigError, or an Error that says what to do
 */
export async function startApp({ flags, clock, logger, onQuit }: AppOptions): Promise<App> {
  const loaded = loadFiles(flags, clock.now());
  let { config, web } = loaded;
  const reloads = { isSuccessful: true, lastSuccessAt: clock.now() };
  let isReady = false;
  const cleanups: (() => void | Promise<void>)[] = [];
  createStorageFolder(flags.storagePath);
  cleanups.push(lockFolder(flags.storagePath));

  // When nothing is learnt, and what is selected pages nobody: both lanes ask.
  const calendar = new Calendar();
  calendar.configure(loaded.quietTimes, clock.now());
  cleanups.push(clock.every(CALENDAR_INTERVAL_MS, () => calendar.spellOut(clock.now())));

  // What both lanes know of how things depend on each other: one learns it, the other asks.
  const topology = new LearntTopology({ clusterLabel: config.global.clusterLabel });
  let topologyFile: TopologyFile | undefined = loaded.topology;
  const useTopologyFile = () =>
    topology.useFile(topologyFile === undefined ? [] : factsOfFile(topologyFile), clock.now());

  // Lane B: alerts to incidents.
  const incidentsPath = join(flags.storagePath, 'incidents.db');
  const store = new IncidentStore(incidentsPath);
  cleanups.push(() => store.close());
  const incidents = createIncidentLane({
    store,
    topology,
    calendar,
    clock,
    logger,
    options: incidentOptions(config),
    onEvents: (events) => notifier.changed(new Set(events.map(({ incidentId }) => incidentId))),
  });
  cleanups.push(() => incidents.stop());

  // Who is told about incidents.
  const http = { clock, fetch, readSecret: (path: string) => readFile(path, 'utf8'), version: VERSION };
  const alertsOf = (id: string) =>
    incidents.live.get(id) !== undefined
      ? incidents.live.alertsOf(id)
      : store.members(id).filter((member) => member.kind === 'alert');
  const incidentOf = (id: string) => incidents.live.get(id) ?? store.incident(id);
  const summaryOf = createSummaries(alertsOf);
  const alertOptions = (): IncidentAlertOptions => ({
    externalLabels: config.global.externalLabels,
    clusterLabel: config.global.clusterLabel,
    externalUrl: flags.webExternalUrl ?? '',
  });
  const notificationsPath = join(flags.storagePath, 'notifications.db');
  const journal = new Journal(notificationsPath);
  cleanups.push(() => journal.close());
  const notifier = new Notifier({
    journal,
    headOf: (id) => {
      const incident = incidentOf(id);
      return incident && headOf(incident);
    },
    summaryOf: (id) => summaryOf(incidentOf(id)!),
    liveIds: [...incidents.live.all()].map(({ id }) => id),
    clock,
    logger,
    options: { ...config.incidents, ...config.storage },
  });
  cleanups.push(() => notifier.stop());
  let peers = config.alertmanagers.map((settings) => createPeer(settings, http));
  await notifier.use(createReceivers(config.notify, peers, { ...http, ...alertOptions() }));

  const noise = new Noise({ incidentsPath, notificationsPath, clock, logger });
  cleanups.push(() => noise.stop());

  // What Alertmanager knows and its webhooks did not tell.
  const readingOptions = () => ({ replicaLabel: config.global.replicaLabel });
  const reconciler = new Reconciler({
    peers: () => peers,
    readingOptions,
    openAlerts: () => incidents.live.alerts(),
    lastAlert: (fingerprint) => incidents.lastAlert(fingerprint),
    mayBeMember: (alert) => incidents.mayBeMember(alert),
    deliver: (delivery) => incidents.deliver(delivery),
    assumeEnded: (ends) => incidents.assumeEnded(ends),
    confirm: (alerts) => incidents.confirm(alerts),
    takeMuted: (muted, at) => incidents.addToLedger(muted.map(ledgerEntryOf), at),
    clock,
    logger,
  });
  cleanups.push(() => reconciler.stop());

  const accepted = new AcceptedDeliveries({
    store,
    deliver: (delivery) => incidents.deliver(delivery),
    clock,
    logger,
  });
  cleanups.push(() => accepted.stop());

  // Lane A: samples to scores. An anomaly is where the two lanes meet.
  const lane = createScoreLane({
    maxSeries: config.storage.maxSeries,
    settings: scoreSettings(config),
    timezone: config.global.timezone,
    calendar,
    clock,
    topology,
    onAnomaly: (anomaly) => incidents.receiveAnomaly(anomaly),
    onRuleState: (state) => incidents.receiveOnset(state),
  });
  cleanups.push(() => lane.stop());
  lane.scorer.feedbacks.open(new FeedbackFile(flags.storagePath, logger));
  const snapshot = new SnapshotFile(flags.storagePath, lane, clock, logger);
  useTopologyFile();
  cleanups.push(() => snapshot.write());
  cleanups.push(clock.every(config.storage.snapshotIntervalMs, () => void snapshot.write()));
  // Senders do not wait for it: their requests are taken and learnt afterwards.
  lane.receiver.hold();
  // Then the file once more: what it said at the time of the snapshot has no say any more.
  const restored = snapshot.restore().then(useTopologyFile);

  const history = startHistoryLoading({
    settings: config.bootstrap,
    lane,
    folder: flags.storagePath,
    restored,
    save: () => snapshot.write(),
    logger,
    ...http,
  });
  cleanups.push(() => history.stop());

  // What goes out.
  const incidentSeries = createIncidentOutput(incidents.live, clock);
  const sources = [lane.outputs, lane.groupOutputs, lane.forecastOutputs, incidentSeries];
  const senders = new RemoteWriteSenders({ sources, logger, ...http });
  await senders.use(config.remoteWrite, config.global.externalLabels);
  cleanups.push(() => senders.stop());

  const reload = async () => {
    try {
      const { config: next, web: nextWeb, topology: nextTopology, quietTimes } = loadFiles(flags, clock.now());
      if (web !== undefined && nextWeb !== undefined) {
        refuseWhatNeedsRestart(flags.webConfigFile!, web, nextWeb);
        server.configureWeb(nextWeb);
        web = nextWeb;
      }
      for (const key of restartOnlyChanges(config, next)) logger.warn('a change needs a restart', { key });
      config = next;
      calendar.configure(quietTimes, clock.now());
      lane.configure(scoreSettings(next));
      topologyFile = nextTopology;
      useTopologyFile();
      incidents.configure(incidentOptions(next));
      await senders.use(next.remoteWrite, next.global.externalLabels);
      notifier.configure({ ...next.incidents, ...next.storage });
      peers = next.alertmanagers.map((settings) => createPeer(settings, http));
      await notifier.use(createReceivers(next.notify, peers, { ...http, ...alertOptions() }));
      reloads.isSuccessful = true;
      reloads.lastSuccessAt = clock.now();
      logger.info('configuration loaded', {
        file: flags.configFile,
        webFile: flags.webConfigFile,
        users: web?.users.size,
      });
    } catch (error) {
      reloads.isSuccessful = false;
      logger.error('configuration not reloaded, the one before stays in use', { error: messageOf(error) });
      throw error;
    }
  };

  // What is shown of ourselves.
  const outputStats = { invalidNames: 0 };
  const refusedAlertRequests = { bad_data: 0, too_large: 0, unsupported: 0, unavailable: 0 };
  const metrics = createMetrics({ version: VERSION, configReload: reloads });
  addScoreMetrics(metrics, lane);
  addTopologyMetrics(metrics, lane);
  addSnapshotMetrics(metrics, snapshot.stats);
  addBootstrapMetrics(metrics, history.stats);
  addSenderMetrics(metrics, () => senders.all());
  addIncidentMetrics(metrics, incidents, refusedAlertRequests);
  addNotificationMetrics(metrics, notifier);
  addReconcileMetrics(metrics, reconciler.stats);
  addNoiseMetrics(metrics, noise);
  metrics.counter('pronoia_output_series_skipped_total', 'Output series that text cannot carry.', [], () => [
    [[], outputStats.invalidNames],
  ]);

  const server = await startServer({
    listen: flags.webListenAddress,
    receiveWrite: (request, response) => lane.receiver.receive(request, response),
    routes: [
      createHomePage({
        version: VERSION,
        seriesCount: () => lane.table.size,
        anomalyOutput: lane.outputs,
        forecastOutput: lane.forecastOutputs,
        openIncidents: () => [...incidents.live.all()].filter(isOpen),
        now: () => clock.now(),
        externalUrl: flags.webExternalUrl ?? '',
      }),
      createIncidentPage({ store, now: () => clock.now(), externalUrl: flags.webExternalUrl ?? '' }),
      createLifecycleRoutes({ isEnabled: flags.webEnableLifecycle, isReady: () => isReady, reload, quit: onQuit }),
      createMetricsRoutes({ metrics, sources: [incidentSeries], stats: outputStats }),
      createFederationRoutes({
        sources,
        externalLabels: () => config.global.externalLabels,
        clock,
        stats: outputStats,
      }),
      createSeriesRoutes({ ...lane, clock }),
      createAlertIntakeRoutes({
        clock,
        logger,
        readingOptions,
        deliver: async (delivery, body) => {
          if (body !== undefined && delivery.alerts.length > LARGE_DELIVERY) accepted.accept(delivery, body);
          else incidents.deliver(delivery);
          if (delivery.truncatedAlerts > 0) void reconciler.reconcile();
          await incidents.flushed();
        },
        onAnswered: () => accepted.takeIn(),
        refused: refusedAlertRequests,
      }),
      createAlertmanagerView({
        clock,
        version: VERSION,
        openIncidents: () =>
          [...incidents.live.all()].filter(({ state }) => state === 'open' || state === 'recovering').map(summaryOf),
        alertOptions,
      }),
      createNoiseRoutes(noise),
      createIncidentRoutes({ store, deeds: incidents.people, now: () => clock.now(), windows: () => config.incidents }),
      createTopologyRoutes({ report: new TopologyReport(topology, lane.topologyTap), now: () => clock.now() }),
    ],
    web,
    observe: (path, code, seconds) => metrics.observe(path, code, seconds),
    clock,
    logger,
  });
  cleanups.push(() => server.stop());
  logger.info('listening', { port: server.port });
  void restored.then(() => {
    accepted.resume((body, at) => readWebhook(body, at, readingOptions()));
    lane.receiver.resume(() => {
      isReady = true;
      logger.info('ready', {
        version: VERSION,
        port: server.port,
        series: lane.table.size,
        tls: web && web.tls !== undefined,
        users: web?.users.size,
      });
    });
  });
  void reconciler.reconcile();

  return {
    port: server.port,
    reload,
    async stop() {
      isReady = false;
      for (const cleanup of cleanups.toReversed()) await cleanup();
      logger.info('stopped');
    },
  };
}

function scoreSettings({ learn, groups, global, forecast }: Config): ScoreLaneSettings {
  const { replicaLabel, clusterLabel } = global;
  return { rules: learn, groups, replicaLabel, clusterLabel, capacityRules: withPresets(forecast) };
}

function incidentOptions({ incidents, storage, global }: Config): IncidentOptions {
  return { ...incidents, retentionMs: storage.retentionMs, clusterLabel: global.clusterLabel };
}
