import { Bootstrap } from '../../src/bootstrap/bootstrap.ts';
import { createHistoryClient } from '../../src/bootstrap/history-client.ts';
import { createRangeSelectors } from '../../src/bootstrap/range-selectors.ts';
import { createRemoteRead } from '../../src/bootstrap/remote-read.ts';
import { Turns } from '../../src/bootstrap/turns.ts';
import { Secret } from '../../src/config/secret.ts';
import { loadCompress } from '../../src/emit/snappy-compress.ts';
import { Pasts } from '../../src/forecast/pasts.ts';
import { createLabels } from '../../src/model/labels.ts';
import type { Logger } from '../../src/model/logger.ts';
import type { TestLane } from '../test-lane.ts';
import type { HistoryServer } from './history-server.ts';

/**
 * Loads the history of a server into a lane, whose clock goes on until that is done.
 * @param log takes the lines of the log. @param token empty for none
 */
export async function loadHistory(
  test: TestLane,
  server: HistoryServer,
  log: string[],
  token = '',
  turns = new Turns(),
) {
  const credentials = { headers: new Map(), ...(token !== '' && { bearerToken: new Secret(token) }) };
  const client = createHistoryClient({
    server: { prometheus: 'http://history.example/', ...credentials },
    fetch: server.fetch,
    readSecret: async () => '',
    compress: await loadCompress(),
    version: 'test',
  });
  const { table, backfill, forecasts } = test.lane;
  const pasts = new Pasts(forecasts.resources, test.clock.now());
  const note = (message: string, fields: Record<string, unknown> = {}) =>
    log.push(`${message} ${JSON.stringify(fields)}`);
  const bootstrap = new Bootstrap({
    client,
    sources: [
      createRemoteRead(client.remoteRead, turns),
      createRangeSelectors(client, createLabels([['cluster', 'one']])),
    ],
    lookbackMs: 14 * 86_400_000,
    take: (history, to) => backfill.take(history, to, pasts),
    advance: () => backfill.advance(),
    pasts,
    setTypes: (types) => table.setTypes(types),
    turns,
    clock: test.clock,
    logger: { debug: note, info: note, warn: note, error: note } as Logger,
  });
  let isOver = false;
  const running = bootstrap.run().finally(() => {
    isOver = true;
  });
  const done = (async () => {
    while (!isOver) {
      test.clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return running;
  })();
  return { bootstrap, pasts, done };
}
