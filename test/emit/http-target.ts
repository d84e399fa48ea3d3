import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeCompressed, type ReceivedSample } from './write-request-decoder.ts';

interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly samples: ReceivedSample[];
}

type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

export const answerWith =
  (status: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    response.writeHead(status, headers).end(body);

/** A remote-write target that decodes all it gets, and answers as told: a list once each, then 204 for ever. */
export async function startTarget(...answers: Answer[]) {
  const requests: ReceivedRequest[] = [];
  let open = 0;
  const target = { url: '', requests, answers, mostAtOnce: 0, stop: async () => {} };
  const server = createServer(async (request, response) => {
    target.mostAtOnce = Math.max(target.mostAtOnce, ++open);
    response.on('close', () => open--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const received = { method, url, headers, samples: decodeCompressed(Buffer.concat(chunks)) };
    requests.push(received);
    (answers.shift() ?? answerWith(204))(response, received);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  target.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`;
  target.stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return target;
}
