import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type App, startApp } from '../../src/app.ts';
import type { Flags } from '../../src/config/flag-table.ts';
import { parseCommandLine } from '../../src/config/flags.ts';
import { systemClock } from '../../src/model/clock.ts';
import { createLogger } from '../../src/model/logger.ts';
import { encodeBody } from '../ingest/write-request-builder.ts';
import { ask, clientOf, fixture, WEB_FIXTURES, type WebRequest } from './web-client.ts';

const TLS = 'tls_server_config: { cert_file: server.crt, key_file: server.key }\n';
/** `correct horse` and `staple`, as cheap as can be. */
const HASHES = {
  alice: '$2y$04$nUT06SzsY6ISHVW6SF6GluAYkpZS16muoLd11TS4wXsJeEYY0L9W.',
  bob: '$2b$05$upbRbE38Qr0fFoykHgOy8.8CgYv2bK7.56W2o2ko9DoxMG7chL6.O',
};
const USERS = `basic_auth_users: { alice: ${HASHES.alice}, bob: ${HASHES.bob} }\n`;
const ALICE = { auth: 'alice:correct horse' };
const SERVER = { ca: fixture('server.crt') };

let folder: string;
let app: App;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pronoia-web-'));
  for (const name of ['server', 'renewed', 'client', 'stranger']) {
    for (const end of ['crt', 'key'])
      copyFileSync(join(WEB_FIXTURES, `${name}.${end}`), join(folder, `${name}.${end}`));
  }
  for (const name of ['authority.crt', 'other-authority.crt'])
    copyFileSync(join(WEB_FIXTURES, name), join(folder, name));
  log = '';
});

afterEach(async () => {
  await app.stop();
  rmSync(folder, { recursive: true });
  expect(log).not.toMatch(/correct horse|staple|\$2[by]\$|PRIVATE KEY/);
});

function configure(web: string): void {
  writeFileSync(join(folder, 'web.yml'), web);
}

async function serve(web: string | undefined, ...flags: string[]): Promise<number> {
  if (web !== undefined) configure(web);
  const line = parseCommandLine([
    '--web.listen-address=127.0.0.1:0',
    `--storage.path=${join(folder, 'storage')}`,
    ...(web === undefined ? [] : [`--web.config.file=${join(folder, 'web.yml')}`]),
    ...flags,
  ]);
  const options = { level: 'debug', format: 'logfmt', now: systemClock.now } as const;
  app = await startApp({
    flags: (line as { flags: Flags }).flags,
    clock: systemClock,
    logger: createLogger(options, (text) => (log += text)),
    onQuit: () => {},
  });
  return app.port;
}

function writeRequest(): WebRequest {
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  const body = encodeBody([{ labels: { __name__: 'up' }, samples: [[systemClock.now(), 1]] }]);
  return { path: '/api/v1/write', method: 'POST', headers, body };
}

async function samplesReceived(port: number, how: WebRequest): Promise<number> {
  const { text } = await ask(port, { ...how, path: '/metrics' });
  return Number(/^pronoia_samples_received_total(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1] ?? 0);
}

describe('without a web configuration', () => {
  it('everybody is let in, by http', async () => {
    const port = await serve(undefined);
    expect(await ask(port)).toMatchObject({ status: 200, server: undefined });
    expect((await ask(port, writeRequest())).status).toBe(204);
    await app.reload();
    expect((await ask(port)).status).toBe(200);
  });

  it('so it is with an empty one', async () => {
    const port = await serve('');
    expect((await ask(port)).status).toBe(200);
  });
});

describe('basic authentication', () => {
  it.each(['/-/healthy', '/-/ready', '/metrics', '/federate', '/', '/api/v1/incidents', '/nothing/here'])(
    'guards %s',
    async (path) => {
      const port = await serve(USERS);
      const refused = await ask(port, { path });
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toBe('Basic realm="pronoia", charset="UTF-8"');
      expect(JSON.parse(refused.text)).toEqual({
        status: 'error',
        errorType: 'unauthorized',
        error: 'this needs the name and password of a user (HTTP basic authentication)',
      });
      expect((await ask(port, { path, ...ALICE })).status).toBe(path === '/nothing/here' ? 404 : 200);
    },
  );

  it.each(['/api/v1/write', '/api/v1/push', '/api/v1/receive'])('guards %s, and takes nothing', async (path) => {
    const port = await serve(USERS);
    expect((await ask(port, { ...writeRequest(), path })).status).toBe(401);
    expect((await ask(port, { ...writeRequest(), path, auth: 'alice:staple' })).status).toBe(401);
    expect(await samplesReceived(port, ALICE)).toBe(0);
    expect((await ask(port, { ...writeRequest(), path, ...ALICE })).status).toBe(204);
    expect(await samplesReceived(port, ALICE)).toBe(1);
  });

  it.each([
    ['alice, whose hash is one of htpasswd', 'alice:correct horse', 200],
    ['bob', 'bob:staple', 200],
    ['a wrong password', 'alice:correct', 401],
    ["another user's password", 'bob:correct horse', 401],
    ['an empty password', 'alice:', 401],
    ['a hash in place of the password', `alice:${HASHES.alice}`, 401],
    ['an unknown user', 'carol:correct horse', 401],
    ['a name that every object has', '__proto__:x', 401],
  ])('%s', async (_, auth, status) => {
    const port = await serve(USERS);
    // The second time the answer is remembered.
    for (const attempt of [1, 2]) expect((await ask(port, { auth })).status, `attempt ${attempt}`).toBe(status);
  });

  it.each(['Bearer YWxpY2U6Y29ycmVjdCBob3JzZQ==', 'Basic', 'Basic ???', 'Basic YWxpY2U=', `Basic ${'A'.repeat(9000)}`])(
    'is not satisfied by %j',
    async (authorization) => {
      const port = await serve(USERS);
      expect((await ask(port, { headers: { authorization } })).status).toBe(401);
    },
  );

  it('does not wait for the body of a request that it refuses', async () => {
    const port = await serve(USERS);
    const socket = connect(port, '127.0.0.1');
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => (text += chunk)).on('close', () => resolve(text));
    });
    socket.on('error', () => {});
    socket.write('POST /api/v1/write HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\nsome of it');
    expect(await answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*Connection: close\r\n/);
  });

  it('takes on other users at a reload, without forgetting the ones that stay', async () => {
    const port = await serve(USERS);
    expect((await ask(port, ALICE)).status).toBe(200);
    configure(`basic_auth_users: { bob: ${HASHES.bob}, carol: ${HASHES.alice} }\n`);
    await app.reload();
    expect((await ask(port, ALICE)).status).toBe(401);
    expect((await ask(port, { auth: 'bob:staple' })).status).toBe(200);
    expect((await ask(port, { auth: 'carol:correct horse' })).status).toBe(200);
    configure(`basic_auth_users: { carol: ${HASHES.bob} }\n`);
    await app.reload();
    expect((await ask(port, { auth: 'carol:correct horse' })).status).toBe(401);
  });

  it('is counted by status', async () => {
    const port = await serve(USERS);
    await ask(port, writeRequest());
    const { text } = await ask(port, { path: '/metrics', ...ALICE });
    expect(text).toMatch(/pronoia_http_request[^\n]*401[^\n]* 1\n/);
  });
});

describe('headers', () => {
  it('are those of every answer, refusals included', async () => {
    const port = await serve(
      `${USERS}http_server_config: { headers: { Strict-Transport-Security: max-age=60, X-Frame-Options: DENY, X-Content-Type-Options: } }\n`,
    );
    const expected = { 'strict-transport-security': 'max-age=60', 'x-frame-options': 'DENY' };
    for (const request of [ALICE, {}, { path: '/nothing', ...ALICE }, { ...writeRequest(), ...ALICE }]) {
      const { headers } = await ask(port, request);
      expect(headers).toMatchObject(expected);
      expect(headers).not.toHaveProperty('x-content-type-options');
    }
    configure('http_server_config: { headers: { X-XSS-Protection: "0" } }\n');
    await app.reload();
    const { headers } = await ask(port);
    expect(headers).toMatchObject({ 'x-xss-protection': '0' });
    expect(headers).not.toHaveProperty('x-frame-options');
  });
});

describe('TLS', () => {
  it('carries everything, and passwords', async () => {
    const port = await serve(TLS + USERS);
    expect((await ask(port, { ...SERVER })).status).toBe(401);
    expect(await ask(port, { ...SERVER, ...ALICE })).toMatchObject({ status: 200, server: 'server' });
    expect((await ask(port, { ...writeRequest(), ...SERVER, ...ALICE })).status).toBe(204);
    expect(await samplesReceived(port, { ...SERVER, ...ALICE })).toBe(1);
  });

  it('survives those who speak something else, and those who go away', async () => {
    const port = await serve(TLS);
    await expect(ask(port)).rejects.toThrow();
    for (const words of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'x'.repeat(1000), '\x16\x03\x01', '']) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(words));
        socket.on('error', () => {}).on('close', () => resolve());
        socket.resume();
      });
    }
    expect((await ask(port, SERVER)).status).toBe(200);
  });

  it.each([
    ['TLSv1.2', 'TLS12', 'TLS13', true],
    ['TLSv1.3', 'TLS12', 'TLS13', true],
    ['TLSv1.2', 'TLS13', 'TLS13', false],
    ['TLSv1.3', 'TLS12', 'TLS12', false],
  ] as const)('%s, where %s to %s are spoken', async (version, min, max, isSpoken) => {
    const port = await serve(
      `tls_server_config: { cert_file: server.crt, key_file: server.key, min_version: ${min}, max_version: ${max} }\n`,
    );
    const answer = ask(port, { ...SERVER, minVersion: version, maxVersion: version });
    if (isSpoken) expect((await answer).status).toBe(200);
    else await expect(answer).rejects.toThrow();
  });

  it('serves with the new certificate after a reload; connections that are open stay', async () => {
    const port = await serve(TLS);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await ask(port, { ...SERVER, agent })).toMatchObject({ status: 200, server: 'server' });
    for (const end of ['crt', 'key']) copyFileSync(join(folder, `renewed.${end}`), join(folder, `server.${end}`));
    await app.reload();
    expect(await ask(port, { ca: fixture('renewed.crt') })).toMatchObject({ status: 200, server: 'renewed' });
    await expect(ask(port, SERVER)).rejects.toThrow();
    expect(await ask(port, { ...SERVER, agent })).toMatchObject({ status: 200, server: 'server' });
    agent.destroy();
  });

  it('keeps what it has when a new certificate and key do not match, or the main file is bad', async () => {
    writeFileSync(join(folder, 'pronoia.yml'), '');
    const port = await serve(TLS + USERS, `--config.file=${join(folder, 'pronoia.yml')}`);
    copyFileSync(join(folder, 'renewed.crt'), join(folder, 'server.crt'));
    configure(TLS);
    await expect(app.reload()).rejects.toThrow(
      'web.yml:1:55: tls_server_config.key_file: this private key does not belong to the first certificate in cert_file',
    );
    expect(await ask(port, SERVER)).toMatchObject({ status: 401, server: 'server' });
    copyFileSync(join(folder, 'renewed.key'), join(folder, 'server.key'));
    writeFileSync(join(folder, 'pronoia.yml'), 'nothing: 1');
    await expect(app.reload()).rejects.toThrow('pronoia.yml:1:1: ');
    expect(await ask(port, SERVER)).toMatchObject({ status: 401, server: 'server' });
    writeFileSync(join(folder, 'pronoia.yml'), '');
    await app.reload();
    expect(await ask(port, { ca: fixture('renewed.crt') })).toMatchObject({ status: 200, server: 'renewed' });
  });

  it('is not switched on, off or to other clients by a reload', async () => {
    const port = await serve(TLS);
    configure('');
    await expect(app.reload()).rejects.toThrow(
      'web.yml:1:1: tls_server_config: to switch TLS on or off needs a restart',
    );
    configure(clientAuth('RequireAnyClientCert'));
    await expect(app.reload()).rejects.toThrow('tls_server_config.client_auth_type: a change needs a restart');
    expect((await ask(port, SERVER)).status).toBe(200);
  });
});

const AUTHORITY = 'authority.crt';

function clientAuth(type: string, authority?: string): string {
  const ca = authority === undefined ? '' : `, client_ca_file: ${authority}`;
  return `tls_server_config: { cert_file: server.crt, key_file: server.key, client_auth_type: ${type}${ca} }\n`;
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('certificates of clients, by %s', (version) => {
  const how = { ...SERVER, minVersion: version, maxVersion: version };

  it.each([
    ['NoClientCert', undefined, { nobody: true, stranger: true, client: true }],
    ['RequestClientCert', undefined, { nobody: true, stranger: true, client: true }],
    ['RequireAnyClientCert', undefined, { nobody: false, stranger: true, client: true }],
    ['VerifyClientCertIfGiven', AUTHORITY, { nobody: true, stranger: false, client: true }],
    ['RequireAndVerifyClientCert', AUTHORITY, { nobody: false, stranger: false, client: true }],
  ])('%s', async (type, authority, expected) => {
    const port = await serve(clientAuth(type, authority));
    const isLetIn = (request: WebRequest) =>
      ask(port, { ...how, ...writeRequest(), ...request }).then(
        ({ status }) => status === 204,
        () => false,
      );
    const found = {
      nobody: await isLetIn({}),
      stranger: await isLetIn(clientOf('stranger')),
      client: await isLetIn(clientOf('client')),
    };
    expect(found).toEqual(expected);
    const letIn = Object.values(expected).filter(Boolean).length;
    expect(await samplesReceived(port, { ...how, ...clientOf('client') })).toBe(letIn);
  });

  it('are those of the new authority after a reload, for resumed sessions as well', async () => {
    const port = await serve(clientAuth('RequireAndVerifyClientCert', AUTHORITY));
    const session = await sessionOf(port);
    expect(await firstLine(port, session)).toEqual({ line: 'HTTP/1.1 200 OK', isResumed: true });
    configure(clientAuth('RequireAndVerifyClientCert', 'other-authority.crt'));
    await app.reload();
    expect((await firstLine(port, session)).line).toBe('');
    expect((await ask(port, { ...how, ...clientOf('stranger') })).status).toBe(200);
    await expect(ask(port, { ...how, ...clientOf('client') })).rejects.toThrow();
  });

  function sessionOf(port: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = tlsConnect({ port, host: '127.0.0.1', ...how, ...clientOf('client') }, () => {
        socket.write('GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n');
      });
      socket.once('session', (session) => {
        socket.destroy();
        resolve(session);
      });
      socket.on('error', reject);
    });
  }

  /** Of the answer on a connection that offers a session; empty when there is no answer. */
  function firstLine(port: number, session: Buffer): Promise<{ line: string; isResumed: boolean }> {
    return new Promise((resolve) => {
      let text = '';
      let isResumed = false;
      const socket = tlsConnect({ port, host: '127.0.0.1', ...how, ...clientOf('client'), session }, () => {
        isResumed = socket.isSessionReused();
        socket.write('GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      });
      socket.on('data', (chunk) => (text += chunk));
      socket.on('error', () => {});
      socket.on('close', () => resolve({ line: text.split('\r\n')[0]!, isResumed }));
    });
  }
});
