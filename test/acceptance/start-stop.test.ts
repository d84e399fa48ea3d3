import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { gaussian } from '../test-lane.ts';
import { type Exit, NODE, ROOT, startChild, temporaryFolder } from './children.ts';
import { history } from './history.ts';
import { until } from './polling.ts';
import { configPath, readyPort, Sidecar, sidecarFlags, startSidecar } from './sidecar.ts';

const LEARNT = { __name__: 'learnt', job: 'shop' };
const SNAPSHOT = 'series.snapshot';
const SUCCESS: Exit = { code: 0, signal: null };

describe('npm start', () => {
  it('serves on defaults, and is there within three seconds when nothing is to be installed', async () => {
    for (let run = 1; run <= 2; run++) {
      const startedAt = systemClock.now();
      const child = startChild('npm start', 'npm', ['start', '--', ...sidecarFlags({ folder: temporaryFolder() })]);
      const sidecar = new Sidecar(child, await readyPort(child));
      expect(await sidecar.get('/-/ready')).toMatchObject({ status: 200, text: 'Pronoia is ready.\n' });
      // The first run may have to install, when the tests were not started by npm.
      if (run === 2) expect(systemClock.now() - startedAt).toBeLessThan(3000);
      expect((await sidecar.get('/-/healthy')).status).toBe(200);
      // To npm alone, as a supervisor does it.
      child.kill('SIGTERM');
      await child.exited;
      await until('the sidecar to stop', () => child.output().includes('msg=stopped'));
    }
  });
});

describe('stopping', () => {
  it('finishes the request under way, writes the state, and ends with 0 on SIGTERM', async () => {
    const folder = temporaryFolder();
    const sidecar = await startSidecar({ folder });
    await learn(sidecar);
    const slow = startSlowWebhook(sidecar);
    await slow.arrived;
    sidecar.child.kill('SIGTERM');
    await until('the stop to begin', () => sidecar.child.output().includes('msg=stopping'));
    expect(await slow.finish()).toBe(200);
    const finishedAt = systemClock.now();
    expect(await sidecar.child.exited).toEqual(SUCCESS);
    // Well before the five seconds after which connections are cut off.
    expect(systemClock.now() - finishedAt).toBeLessThan(3000);
    expect(readdirSync(join(folder, 'storage'))).toContain(SNAPSHOT);

    const again = await startSidecar({ folder });
    expect(await again.incidents()).toEqual([expect.objectContaining({ alerts: 1, state: 'open' })]);
    await expectStepIsSeen(again);
  });

  it('goes on with what was learnt: the first sample after a restart is scored', async () => {
    const folder = temporaryFolder();
    const sidecar = await startSidecar({ folder, config: EMIT_ALL });
    await learn(sidecar);
    await sidecar.write({ labels: LEARNT, samples: [[systemClock.now(), 103]] });
    const calm = await sidecar.score('learnt');
    expect(calm).toBeLessThan(1);
    await stop(sidecar);

    const again = await startSidecar({ folder, config: EMIT_ALL });
    expect(again.child.output()).toMatch(/msg="snapshot restored" .*series=1 /);
    await again.write({ labels: LEARNT, samples: [[systemClock.now(), 103]] });
    expect(await again.score('learnt')).toBeCloseTo(calm!, 1);
    await expectStepIsSeen(again);
  });

  it('is also what SIGINT and POST /-/quit do', async () => {
    const first = await startSidecar({ folder: temporaryFolder() });
    first.child.kill('SIGINT');
    expect(await first.child.exited).toEqual(SUCCESS);

    const second = await startSidecar({ folder: temporaryFolder(), flags: ['--web.enable-lifecycle'] });
    expect((await second.post('/-/quit')).status).toBe(200);
    expect(await second.child.exited).toEqual(SUCCESS);
  });
});

describe('reloading', () => {
  const GOOD = 'global: { external_labels: { region: north } }\n';
  const BAD = 'global: { external_labels: { region: south } }\nincidents:\n  join_window: soon\n';

  it('takes a good configuration at SIGHUP', async () => {
    const sidecar = await startWithEmptyConfig();
    await learn(sidecar);
    await expectStepIsSeen(sidecar);
    expect((await sidecar.get('/federate')).text).not.toContain('region=');
    reloadWith(sidecar, GOOD);
    await until('the new label', async () => (await sidecar.get('/federate')).text.includes('region="north"'));
    expect(await sidecar.metric('pronoia_config_last_reload_successful')).toBe(1);
  });

  it('keeps the configuration it has when the new one is bad, and says where', async () => {
    const sidecar = await startWithEmptyConfig();
    await learn(sidecar);
    await expectStepIsSeen(sidecar);
    reloadWith(sidecar, BAD);
    await until('the refusal', async () => (await sidecar.metric('pronoia_config_last_reload_successful')) === 0);
    const log = sidecar.child
      .output()
      .split('\n')
      .find((line) => line.includes('level=error'));
    expect(log).toContain('configuration not reloaded');
    expect(log).toContain('pronoia.yml:3:16: ');
    expect((await sidecar.get('/federate')).text).not.toContain('region=');
    reloadWith(sidecar, GOOD);
    await until('the mended one', async () => (await sidecar.metric('pronoia_config_last_reload_successful')) === 1);
  });

  it('goes by HTTP where that was enabled, and nowhere else', async () => {
    const closed = await startWithEmptyConfig();
    for (const path of ['/-/reload', '/-/quit']) {
      const refused = await closed.post(path);
      expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('--web.enable-lifecycle') });
    }
    const open = await startWithEmptyConfig('--web.enable-lifecycle');
    expect((await open.get('/-/reload')).status).toBe(405);
    expect((await open.post('/-/reload')).status).toBe(200);
    writeFileSync(configPath(open.folder), BAD);
    expect(await open.post('/-/reload')).toMatchObject({
      status: 500,
      text: expect.stringContaining('pronoia.yml:3:16: '),
    });
    expect(await open.metric('pronoia_config_last_reload_successful')).toBe(0);
  });

  async function startWithEmptyConfig(...flags: string[]) {
    const folder = temporaryFolder();
    return Object.assign(await startSidecar({ folder, config: '', flags }), { folder });
  }

  function reloadWith(sidecar: Sidecar & { folder: string }, config: string): void {
    writeFileSync(configPath(sidecar.folder), config);
    sidecar.child.kill('SIGHUP');
  }
});

describe('the command line', () => {
  it('refuses an unknown flag with status 2', () => {
    const { status, stderr } = run('--web.listen-adress=:1');
    expect(status).toBe(2);
    expect(stderr).toContain('--web.listen-adress');
    expect(stderr).toContain('--web.listen-address');
  });

  it('checks configuration files, and serves none that is bad', () => {
    const folder = temporaryFolder();
    const [good, bad] = [join(folder, 'good.yml'), join(folder, 'bad.yml')];
    writeFileSync(good, 'incidents: { join_window: 10m }\n');
    writeFileSync(bad, 'incidents:\n  join_window: 0s\n  join_windw: 1s\n');
    expect(run('check', 'config', good)).toMatchObject({ status: 0, stdout: `${good}: valid\n` });
    for (const args of [
      ['check', 'config', bad],
      [`--config.file=${bad}`, ...sidecarFlags({ folder })],
    ]) {
      const { status, stderr } = run(...args);
      expect(status).toBe(2);
      expect(stderr).toContain(`${bad}:2:16: `);
      expect(stderr).toContain(`${bad}:3:3: `);
    }
  });

  it('says version and help', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(run('--version')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`pronoia, version ${version} `),
    });
    expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--storage.path') });
  });

  it('says what to do when the port is taken', async () => {
    const { port } = await startSidecar({ folder: temporaryFolder() });
    const { status, stderr } = run(...sidecarFlags({ folder: temporaryFolder(), port }));
    expect(status).toBe(1);
    expect(stderr).toContain(
      `pronoia: port ${port} is in use already: choose another address with --web.listen-address`,
    );
    expect(stderr).not.toContain('    at ');
  });

  it('says what to do when the storage path cannot be written', () => {
    const folder = temporaryFolder();
    // Not a question of permissions: the tests may run as root.
    writeFileSync(join(folder, 'storage'), 'a file');
    const { status, stderr } = run(...sidecarFlags({ folder }));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^pronoia: --storage\.path=.* is no folder that can be used/m);
    expect(stderr).not.toContain('    at ');
  });

  it('does not hang on a storage path that takes no folder', () => {
    const { status, stderr } = run('--storage.path=/proc/pronoia', '--web.listen-address=127.0.0.1:0');
    expect(status).toBe(1);
    expect(stderr).toContain('--storage.path=/proc/pronoia is no folder that can be used');
  });

  it('stops cleanly when it is told to as soon as it is ready', async () => {
    const child = startChild('sidecar', NODE, ['src/main.ts', ...sidecarFlags({ folder: temporaryFolder() })]);
    await until('the ready line', () => child.output().includes('msg=ready'));
    child.kill('SIGTERM');
    expect(await child.exited).toEqual(SUCCESS);
    expect(child.output()).toContain('msg=stopped');
  });

  function run(...args: string[]) {
    return spawnSync(NODE, ['src/main.ts', ...args], { cwd: ROOT, encoding: 'utf8', timeout: 20_000 });
  }
});

describe('storage', () => {
  it('is set aside where it cannot be read, and the start goes on', async () => {
    const folder = temporaryFolder();
    const sidecar = await startSidecar({ folder });
    await learn(sidecar);
    await stop(sidecar);
    const snapshot = join(folder, 'storage', SNAPSHOT);
    const bytes = readFileSync(snapshot);
    const middle = Math.floor(bytes.length / 2);
    bytes.fill(0xff, middle, middle + 16);
    writeFileSync(snapshot, bytes);

    const again = await startSidecar({ folder });
    expect(again.child.output()).toMatch(/level=error msg="snapshot cannot be read, it was set aside"/);
    expect(readdirSync(join(folder, 'storage'))).toContainEqual(
      expect.stringMatching(/^series\.snapshot\.unreadable-/),
    );
    await learn(again);
    await expectStepIsSeen(again);
  });

  it('comes back after kill -9 in the middle of the load, with all that was acknowledged', async () => {
    const folder = temporaryFolder();
    const first = await startSidecar({ folder });
    await learn(first);
    await stop(first);

    const killed = await startSidecar({ folder });
    const acknowledged = await loadUntilKilled(killed);
    expect(acknowledged.length).toBeGreaterThan(20);

    const again = await startSidecar({ folder });
    expect(again.child.output()).toMatch(/msg="snapshot restored"/);
    const names = new Set<string>();
    for (const { id } of await again.incidents()) {
      for (const { labels } of (await again.incident(id)).members) names.add(labels.alertname);
    }
    expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
    await expectStepIsSeen(again);
  });

  it('comes back after kill -9 in the middle of a stop', async () => {
    const folder = temporaryFolder();
    const first = await startSidecar({ folder });
    await learn(first);
    await stop(first);
    for (const delayMs of [0, 5, 20]) {
      const killed = await startSidecar({ folder });
      killed.child.kill('SIGTERM');
      await until('the stop to begin', () => killed.child.output().includes('msg=stopping'));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      killed.child.kill('SIGKILL');
      await killed.child.exited;
    }
    await expectStepIsSeen(await startSidecar({ folder }));
  });

  /** Sends alerts and samples from several sides, kills the sidecar, and tells which alerts it had confirmed. */
  async function loadUntilKilled(sidecar: Sidecar): Promise<string[]> {
    const acknowledged: string[] = [];
    let isKilled = false;
    const senders = [1, 2, 3, 4].map(async (sender) => {
      for (let i = 0; !isKilled; i++) {
        const alertname = `Load${sender}x${i}`;
        try {
          if ((await sidecar.post(WEBHOOK, webhook(alertname))).status === 200) acknowledged.push(alertname);
          await sidecar.write(...loadSeries(sender, i));
        } catch (error) {
          // Broken connections are what this is about.
          if (!isKilled) throw error;
        }
      }
    });
    await until('enough load', () => acknowledged.length > 40);
    isKilled = true;
    sidecar.child.kill('SIGKILL');
    await sidecar.child.exited;
    await Promise.all(senders);
    return acknowledged;
  }

  function loadSeries(sender: number, round: number) {
    return Array.from({ length: 200 }, (_, i) => ({
      labels: { __name__: 'load', sender: String(sender), series: String(i) },
      samples: [[systemClock.now(), round]] as const,
    }));
  }
});

const WEBHOOK = '/api/v1/alerts/webhook';
const EMIT_ALL = `learn: [{ match: ['{__name__!=""}'], emit: all }]\n`;

/** Teaches a level of 100 with a standard deviation of 10. */
async function learn(sidecar: Sidecar): Promise<void> {
  const noise = gaussian(7);
  const past = history(() => 100 + 10 * noise());
  await sidecar.write({ labels: LEARNT, samples: past.map(([at, value]) => [at - 1000, value] as const) });
}

async function expectStepIsSeen(sidecar: Sidecar): Promise<void> {
  await sidecar.write({ labels: LEARNT, samples: [[systemClock.now() + 1, 200]] });
  expect(await sidecar.score('learnt')).toBeGreaterThan(2);
}

async function stop(sidecar: Sidecar): Promise<void> {
  sidecar.child.kill('SIGTERM');
  expect(await sidecar.child.exited).toEqual(SUCCESS);
}

function webhook(alertname: string): string {
  const alert = { status: 'firing', labels: { alertname, service: 'load' }, startsAt: '2026-01-01T00:00:00Z' };
  return JSON.stringify({ version: '4', alerts: [alert] });
}

/** A webhook of which the last byte waits until `finish`; its answer's status comes then. */
function startSlowWebhook(sidecar: Sidecar) {
  const body = webhook('Slow');
  const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' };
  const sent = request(sidecar.url + WEBHOOK, { method: 'POST', headers });
  const status = new Promise<number>((resolve, reject) => {
    sent.on('response', (response) => resolve(response.resume().statusCode!)).on('error', reject);
  });
  // The server asks for the body as soon as it has seen the head: from then on the request is under way.
  const arrived = new Promise<void>((resolve) => sent.on('continue', resolve));
  sent.flushHeaders();
  return {
    arrived: arrived.then(() => void sent.write(body.slice(0, -1))),
    finish: () => {
      sent.end(body.slice(-1));
      return status;
    },
  };
}
