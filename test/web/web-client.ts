import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { join, resolve } from 'node:path';
import type { TLSSocket } from 'node:tls';

export const WEB_FIXTURES = resolve(import.meta.dirname, '../fixtures/web');

export interface WebAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Common name of the server's certificate; undefined for http. */
  readonly server: string | undefined;
}

export interface WebRequest
  extends Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'maxVersion' | 'minVersion' | 'agent'> {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string;
  /** `user:password`. */
  readonly auth?: string;
}

export function fixture(name: string): Buffer {
  return readFileSync(join(WEB_FIXTURES, name));
}

/** Certificate and key of a client, as parts of a request. */
export function clientOf(name: string): Pick<WebRequest, 'cert' | 'key'> {
  return { cert: fixture(`${name}.crt`), key: fixture(`${name}.key`) };
}

/** Sends a request on a connection of its own, by https when an authority is given. */
export function ask(port: number, { path = '/-/healthy', body, ...options }: WebRequest = {}): Promise<WebAnswer> {
  const send = options.ca === undefined ? httpRequest : httpsRequest;
  return new Promise((settle, reject) => {
    const request = send({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      const server = (response.socket as TLSSocket).getPeerCertificate?.().subject?.CN as string | undefined;
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        settle({ status: response.statusCode!, headers: response.headers, text, server });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
