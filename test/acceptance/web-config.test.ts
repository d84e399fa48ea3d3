import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ask, clientOf, fixture, WEB_FIXTURES } from '../web/web-client.ts';
import { type Child, NODE, ROOT, startChild, temporaryFolder } from './children.ts';
import { describeWith } from './peers.ts';
import { until } from './polling.ts';
import { startPrometheus } from './prometheus.ts';
import { readyPort, seriesValue, sidecarFlags } from './sidecar.ts';

/** Of `correct horse`, with the cost that htpasswd is told to take. */
const HASH = '$2y$10$hJPsw4MSX46hgiGRNaDMl.hbdv0/Vm15vsh5xW2HPiRhPGJKqMtrG';
const WITH_TLS_AND_USERS = `tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: authority.crt
basic_auth_users:
  alice: ${HASH}
`;
const HOW = { ca: fixture('server.crt'), ...clientOf('client') };

/** A sidecar with a web configuration; `fetch` cannot ask it, since it cannot be told whom to trust. */
interface GuardedSidecar {
  readonly child: Child;
  readonly port: number;
  readonly webFile: string;
  metric(series: string): Promise<number | undefined>;
}

async function startGuarded(folder: string): Promise<GuardedSidecar> {
  const webFile = join(folder, 'web.yml');
  writeFileSync(webFile, WITH_TLS_AND_USERS);
  for (const name of ['server.crt', 'server.key', 'renewed.crt', 'renewed.key', 'authority.crt']) {
    copyFileSync(join(WEB_FIXTURES, name), join(folder, name));
  }
  const flags = sidecarFlags({ folder, flags: [`--web.config.file=${webFile}`] });
  const child = startChild('sidecar', NODE, ['src/main.ts', ...flags]);
  const port = await readyPort(child);
  const metric = async (series: string) => {
    const { text } = await ask(port, { ...HOW, auth: 'alice:correct horse', path: '/metrics' });
    return seriesValue(text, series);
  };
  return { child, port, webFile, metric };
}

describeWith(['prometheus'], 'a real Prometheus, by TLS with certificates and passwords', () => {
  let folder: string;
  let sidecar: GuardedSidecar;

  beforeEach(async () => {
    folder = temporaryFolder();
    sidecar = await startGuarded(folder);
  });

  it('writes and scrapes', async () => {
    const prometheus = await startPrometheus('Prometheus', [], (address) => configuration(address, 'correct horse'));
    await until('samples', async () => ((await sidecar.metric('pronoia_samples_received_total')) ?? 0) > 1000);
    await until('a good scrape', async () => (await prometheus.query('up{job="pronoia"} == 1')).length === 1);
    expect(await prometheus.ownTotal('prometheus_remote_storage_samples_failed_total')).toBe(0);
    expect(await prometheus.ownTotal('prometheus_remote_storage_samples_dropped_total')).toBe(0);
    expect(sidecar.child.output()).not.toMatch(/correct horse|\$2y\$/);
  });

  it('is told when its password is wrong, does not repeat itself, and is let in after a reload', async () => {
    const prometheus = await startPrometheus('Prometheus', [], (address) => configuration(address, 'staple'));
    const failed = () => prometheus.ownTotal('prometheus_remote_storage_samples_failed_total');
    await until('a refusal', async () => (await failed()) > 0);
    expect(prometheus.child.output()).toContain('401');
    expect(await prometheus.ownTotal('prometheus_remote_storage_samples_retried_total')).toBe(0);
    expect((await prometheus.query('up{job="pronoia"} == 1')).length).toBe(0);
    expect(await sidecar.metric('pronoia_samples_received_total')).toBe(0);
    writeFileSync(
      sidecar.webFile,
      WITH_TLS_AND_USERS.replace(HASH, '$2b$05$upbRbE38Qr0fFoykHgOy8.8CgYv2bK7.56W2o2ko9DoxMG7chL6.O'),
    );
    sidecar.child.kill('SIGHUP');
    await until('a good scrape', async () => (await prometheus.query('up{job="pronoia"} == 1')).length === 1);
  });

  function configuration(address: string, password: string): string {
    const client = `basic_auth: { username: alice, password: ${password} }
    tls_config: { ca_file: ${WEB_FIXTURES}/server.crt, cert_file: ${WEB_FIXTURES}/client.crt, key_file: ${WEB_FIXTURES}/client.key }`;
    return `global: { scrape_interval: 1s }
remote_write:
  - url: https://localhost:${sidecar.port}/api/v1/write
    ${client}
    queue_config: { batch_send_deadline: 500ms }
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ['${address}'] }]
  - job_name: pronoia
    scheme: https
    static_configs: [{ targets: ['localhost:${sidecar.port}'] }]
    ${client}
`;
  }
});

describe('a running sidecar', () => {
  it('takes new certificates at SIGHUP, and keeps its own when they are bad', async () => {
    const folder = temporaryFolder();
    const { child, port } = await startGuarded(folder);
    const serverSeenBy = async (ca: string) => {
      const { status, server } = await ask(port, { ...HOW, ca: fixture(ca) });
      return `${status} ${server}`;
    };
    copyFileSync(join(folder, 'renewed.key'), join(folder, 'server.key'));
    child.kill('SIGHUP');
    await until('the refusal', () => child.output().includes('web.yml:3:13: tls_server_config.key_file'));
    expect(await serverSeenBy('server.crt')).toBe('401 server');
    copyFileSync(join(folder, 'renewed.crt'), join(folder, 'server.crt'));
    child.kill('SIGHUP');
    await until('the new certificate', async () => (await serverSeenBy('renewed.crt')) === '401 renewed');
  });
});

describe('the command line', () => {
  it('checks web configurations, and serves with none that is bad', () => {
    const [good, bad] = [join(WEB_FIXTURES, 'good.yml'), join(WEB_FIXTURES, 'key-of-another.yaml')];
    expect(run('check', 'web-config', good)).toMatchObject({ status: 0, stdout: `${good}: valid\n` });
    for (const args of [
      ['check', 'web-config', good, bad],
      [`--web.config.file=${bad}`, ...sidecarFlags({ folder: temporaryFolder() })],
    ]) {
      const { status, stderr } = run(...args);
      expect(status).toBe(2);
      expect(stderr).toBe(
        `${bad}:3:13: tls_server_config.key_file: this private key does not belong to the first certificate in cert_file\n`,
      );
    }
  });

  function run(...args: string[]) {
    return spawnSync(NODE, ['src/main.ts', ...args], { cwd: ROOT, encoding: 'utf8' });
  }
});
