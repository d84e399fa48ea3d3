import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** A request with JSON, as somebody who is told of something gets it. */
interface Page {
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it as strangers do.
  readonly body: any;
}

/** Takes whatever is posted to it, for as long as the test file runs. */
export async function startPager() {
  const pages: Page[] = [];
  const pager = { url: '', pages, status: 200 };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    if (pager.status === 200) pages.push({ headers: request.headers, body: JSON.parse(text) });
    response.writeHead(pager.status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  pager.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return pager;
}
