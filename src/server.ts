import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Router } from 'express';
import type { WebConfig } from './config/web-load.ts';
import type { Clock } from './model/clock.ts';
import { errorAnswer, RequestError } from './model/errors.ts';
import type { Logger } from './model/logger.ts';
import { BcryptThread } from './web/bcrypt-thread.ts';
import { createTlsServer, renewTls } from './web/tls-server.ts';
import { WebAccess } from './web/web-access.ts';

/** Go's clients keep an idle connection for five minutes: ours has to be the later one to close it. */
const KEEP_ALIVE_MS = 330_000;
/** How long a stop waits for requests that are under way. */
const DRAIN_MS = 5_000;

/** Where remote write may be sent to: Prometheus' path, and those of Mimir and Thanos, so that a URL may stay as it is. */
const WRITE_PATHS: ReadonlySet<string> = new Set(['/api/v1/write', '/api/v1/push', '/api/v1/receive']);

export interface ServerOptions {
  /** Without a host all addresses; port 0 is any free one. */
  readonly listen: { readonly host: string | undefined; readonly port: number };
  /** Answers remote-write requests. */
  readonly receiveWrite: (request: IncomingMessage, response: ServerResponse) => void;
  /** All other routes. */
  readonly routes: readonly Router[];
  /** TLS, users and headers; undefined for plain http that lets everybody in. */
  readonly web: WebConfig | undefined;
  /** Told of every request that was answered. `path` is a route's pattern, never what a client made up. */
  readonly observe: (path: string, code: number, seconds: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningServer {
  readonly port: number;
  /** Takes on new certificates, users and headers; for a server that was started with a web configuration. */
  configureWeb(next: WebConfig): void;
  /** Takes no new request, waits a few seconds for those under way, then ends all connections. */
  stop(): Promise<void>;
}

/** Starts to serve. Rejects when the address can't be listened on. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const framework = createFramework(options);
  const bcrypt = new BcryptThread();
  const { web } = options;
  const access = web === undefined ? undefined : new WebAccess(web, (password, hash) => bcrypt.compare(password, hash));
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request.url!);
    const isWrite = WRITE_PATHS.has(path);
    const startedAt = performance.now();
    response.once('finish', () => {
      const pattern = isWrite ? '/api/v1/write' : patternOf(request);
      options.observe(pattern, response.statusCode, (performance.now() - startedAt) / 1000);
      // After a stop has begun a connection must not stay open for requests that will never be taken.
      if (!server.listening) options.clock.after(0, () => server.closeIdleConnections());
    });
    // Remote write is nearly all there is to do here, and a framework would cost it as much as its own work.
    const answer = isWrite ? options.receiveWrite : framework;
    if (access === undefined) answer(request, response);
    else access.admit(request, response, () => answer(request, response));
  };
  const server = web?.tls === undefined ? createServer(onRequest) : createTlsServer(web.tls, onRequest);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  await listen(server, options.listen);
  server.on('error', (error) => options.logger.error('connections cannot be taken', { error }));
  return {
    port: (server.address() as AddressInfo).port,
    configureWeb(next) {
      access?.configure(next);
      if (server instanceof TlsServer && next.tls !== undefined) renewTls(server, next.tls);
    },
    async stop() {
      await stop(server, options.clock);
      await bcrypt.stop();
    },
  };
}

function createFramework({ routes, logger }: ServerOptions): express.Express {
  const framework = express();
  framework.disable('x-powered-by');
  framework.disable('etag');
  for (const router of routes) framework.use(router);
  framework.use((request) => {
    throw new RequestError(404, 'not_found', `there is no ${request.method} ${request.path.slice(0, 200)} here`);
  });
  const onError: ErrorRequestHandler = (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const { status, body } = errorAnswer(error);
    if (status >= 500) logger.error('request failed', { path: patternOf(request), error });
    response.status(status).json(body);
  };
  framework.use(onError);
  return framework;
}

/** The pattern of the route that express chose; requests without one share a name. */
function patternOf(request: IncomingMessage): string {
  const { route, baseUrl } = request as express.Request;
  return route === undefined ? 'other' : `${baseUrl ?? ''}${route.path}`;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function listen(server: Server, { host, port }: ServerOptions['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(whyNotListening(error, port))));
    const started = () => {
      server.removeAllListeners('error');
      resolve();
    };
    if (host === undefined) server.listen(port, started);
    else server.listen(port, host, started);
  });
}

function whyNotListening({ code, message }: NodeJS.ErrnoException, port: number): string {
  const remedy = 'choose another address with --web.listen-address';
  return code === 'EADDRINUSE' ? `port ${port} is in use already: ${remedy}` : `${message}: ${remedy}`;
}

async function stop(server: Server, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cancelDeadline = clock.after(DRAIN_MS, () => server.closeAllConnections());
  await closed;
  cancelDeadline();
}
