import { Bootstrap, type BootstrapStats } from './bootstrap/bootstrap.ts';
import { createHistoryClient, type HistoryServer } from './bootstrap/history-client.ts';
import { createRangeSelectors } from './bootstrap/range-selectors.ts';
import { createRemoteRead } from './bootstrap/remote-read.ts';
import { Turns } from './bootstrap/turns.ts';
import type { ReadSecret } from './emit/remote-write-target.ts';
import { loadCompress } from './emit/snappy-compress.ts';
import { Pasts } from './forecast/pasts.ts';
import type { Clock } from './model/clock.ts';
import { messageOf } from './model/errors.ts';
import type { Labels } from './model/labels.ts';
import type { Logger } from './model/logger.ts';
import type { ScoreLane } from './score-lane.ts';
import { BootstrapMark } from './state/bootstrap-mark.ts';

interface HistoryLoadingOptions {
  /** The `bootstrap` section; without a server nothing is loaded. */
  readonly settings: Omit<HistoryServer, 'prometheus'> & {
    readonly prometheus: string | undefined;
    readonly lookbackMs: number;
    readonly externalLabels: Labels;
  };
  readonly lane: ScoreLane;
  /** The storage folder. */
  readonly folder: string;
  /** Done when what was learnt before is there again. */
  readonly restored: Promise<void>;
  /** Brings what was learnt to the disk. */
  readonly save: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fetch: typeof fetch;
  readonly readSecret: ReadSecret;
  readonly version: string;
}

/** Loads history in the background, unless it is not wanted or was loaded before. */
export interface HistoryLoading {
  readonly stats: () => BootstrapStats | undefined;
  stop(): Promise<void>;
}

export function startHistoryLoading(options: HistoryLoadingOptions): HistoryLoading {
  const { settings, lane, folder, save, logger } = options;
  const { prometheus, lookbackMs } = settings;
  if (prometheus === undefined) return { stats: () => undefined, async stop() {} };
  const loaded = { prometheus, lookbackMs };
  const mark = new BootstrapMark(folder);
  let bootstrap: Bootstrap | undefined;
  let isStopped = false;

  const load = async () => {
    await options.restored;
    // Without a series there is nothing that was learnt, whatever was loaded once.
    if (lane.table.size > 0 && (await mark.isSetFor(loaded))) {
      logger.info('history was loaded before');
      return;
    }
    const compress = await loadCompress();
    if (isStopped) return;
    bootstrap = createBootstrap(options, { ...settings, prometheus }, compress);
    if (!(await bootstrap.run())) return;
    await save();
    await mark.set(loaded);
  };
  const loading = load().catch((error) =>
    logger.error('that history was loaded cannot be noted', { reason: messageOf(error) }),
  );

  return {
    stats: () => bootstrap?.stats,
    async stop() {
      isStopped = true;
      bootstrap?.stop();
      await loading;
    },
  };
}

function createBootstrap(
  { settings, lane, clock, logger, fetch, readSecret, version }: HistoryLoadingOptions,
  server: HistoryServer,
  compress: Awaited<ReturnType<typeof loadCompress>>,
): Bootstrap {
  const client = createHistoryClient({ server, fetch, readSecret, compress, version });
  const pasts = new Pasts(lane.forecasts.resources, clock.now());
  const turns = new Turns();
  return new Bootstrap({
    client,
    sources: [createRemoteRead(client.remoteRead, turns), createRangeSelectors(client, settings.externalLabels)],
    lookbackMs: settings.lookbackMs,
    take: (history, to) => lane.backfill.take(history, to, pasts),
    advance: () => lane.backfill.advance(),
    pasts,
    setTypes: (types) => lane.table.setTypes(types),
    turns,
    clock,
    logger,
  });
}
