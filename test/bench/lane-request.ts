import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { RemoteWriteReceiver } from '../../src/ingest/remote-write.ts';

/** Sends a body to a receiver as a request would bring it, without a server. @throws Error unless it is taken */
export function sendAs(receiver: RemoteWriteReceiver, body: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  const request = Object.assign(Readable.from([body]), { method: 'POST', headers });
  return new Promise((resolve, reject) => {
    const response = {
      writableEnded: false,
      setHeader() {},
      writeHead(status: number) {
        if (status !== 204) reject(new Error(`answered ${status}`));
        return response;
      },
      end() {
        response.writableEnded = true;
        resolve();
      },
    };
    receiver.receive(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
}
