import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** A metric of the exporter: asked for its value at every scrape. */
export interface ExportedMetric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly read: () => number;
}

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** Starts an exporter with metrics of the test's own. @returns its address, host:port */
export async function startTestExporter(metrics: readonly ExportedMetric[]): Promise<string> {
  const server = createServer((_request, response) => {
    const families = metrics.map(({ name, type, read }) => `# TYPE ${name} ${type}\n${name} ${read()}\n`);
    response.setHeader('Content-Type', 'text/plain; version=0.0.4').end(families.join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
