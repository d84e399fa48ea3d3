import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/model/clock.ts';
import { temporaryFolder } from './children.ts';
import { commandOf, describeWith } from './peers.ts';
import { until } from './polling.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';

const WEBHOOK = '/api/v1/alerts/webhook';
const STARTED = 'pronoia_alerts_received_total{outcome="started"}';
const MIB = 1024 * 1024;

describe('a webhook that is wrong', () => {
  let sidecar: Sidecar;
  beforeAll(async () => {
    sidecar = await startSidecar({ folder: temporaryFolder() });
  });

  const firing = { status: 'firing', labels: { alertname: 'Good' }, startsAt: new Date().toISOString() };
  const CASES: readonly [what: string, body: string | Uint8Array, sentence: RegExp, status?: number][] = [
    ['nonsense', 'x'.repeat(15 * MIB), /not valid JSON/],
    ['20 MB of nonsense', 'x'.repeat(20 * MIB), /longer than 16 MiB/, 413],
    [
      'an alert of 15 MB',
      JSON.stringify({ version: '4', alerts: [{ ...firing, annotations: { text: 'x'.repeat(15 * MIB) } }] }),
      /annotation/,
    ],
    ['20 MB', `{"version":"4","alerts":[${' '.repeat(20 * MIB)}]}`, /longer than .*max_alerts/, 413],
    ['version 3', JSON.stringify({ version: '3', alerts: [firing] }), /version is "3" instead of "4"/],
    ['no version', JSON.stringify({ alerts: [firing] }), /version is missing/],
    ['nothing', '', /JSON/],
    ['a list', '[]', /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['cut JSON', '{"version":"4","alerts":[{', /JSON/],
    ['bytes that are no text', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), /UTF-8/],
    ['100,000 brackets', '['.repeat(100_000), /JSON|object/],
    ['alerts that are no list', '{"version":"4","alerts":{}}', /alerts is not an array/],
    ['an alert without labels', JSON.stringify({ version: '4', alerts: [{ ...firing, labels: {} }] }), /labels/],
    [
      'a start that is no time',
      JSON.stringify({ version: '4', alerts: [{ ...firing, startsAt: 'noon' }] }),
      /startsAt/,
    ],
  ];

  it.each(CASES)(
    '%s: is refused with a sentence, and the next good one is taken',
    async (what, body, sentence, status = 400) => {
      const answer = await sidecar.post(WEBHOOK, body);
      expect(answer.status, answer.text.slice(0, 300)).toBe(status);
      const { error, errorType } = JSON.parse(answer.text);
      expect({ errorType, error }).toEqual({ errorType: 'bad_data', error: expect.stringMatching(sentence) });
      expect(error.length).toBeLessThan(1000);
      const good = { ...firing, labels: { alertname: `After ${what}`, service: what } };
      expect((await sidecar.post(WEBHOOK, JSON.stringify({ version: '4', alerts: [good] }))).status).toBe(200);
      expect((await sidecar.incidents())[0]).toMatchObject({ title: expect.stringContaining(good.labels.alertname) });
    },
  );

  it('leaves the memory as it was', async () => {
    const [, big] = CASES[0]!;
    const residentBytes = async () => (await sidecar.metric('process_resident_memory_bytes'))!;
    for (let i = 0; i < 3; i++) await sidecar.post(WEBHOOK, big);
    const before = await residentBytes();
    for (let i = 0; i < 10; i++) await sidecar.post(WEBHOOK, big);
    await until('memory to be given back', async () => (await residentBytes()) < before + 100 * MIB);
  });

  it('is good although it is 13 MB long, when it holds 20,000 alerts', async () => {
    const alerts = Array.from({ length: 20_000 }, (_, i) => ({
      ...firing,
      labels: { alertname: 'Storm', service: `service-${i % 100}`, pod: `storm-${i}` },
      annotations: { description: 'x'.repeat(500) },
    }));
    const before = (await sidecar.metric(STARTED)) ?? 0;
    const startedAt = systemClock.now();
    const answer = await sidecar.post(WEBHOOK, JSON.stringify({ version: '4', alerts }));
    expect(answer).toMatchObject({ status: 200, data: { alerts: 20_000, invalid: 0 } });
    expect(systemClock.now() - startedAt).toBeLessThan(10_000);
    // It is answered when it is stored. Whoever asks after the answer finds its incidents all the same.
    expect((await sidecar.metric(STARTED))! - before).toBe(20_000);
  });
});

describe('the server', () => {
  it('keeps idle connections for longer than the five minutes after which Go closes them', async () => {
    const sidecar = await startSidecar({ folder: temporaryFolder() });
    const agent = new Agent({ keepAlive: true });
    const header = await new Promise<string>((resolve, reject) => {
      get(`${sidecar.url}/-/ready`, { agent }, (response) =>
        resolve(String(response.resume().headers['keep-alive'])),
      ).on('error', reject);
    });
    agent.destroy();
    expect(Number(/timeout=(\d+)/.exec(header)?.[1])).toBeGreaterThan(310);
  });

  it('writes no secret of its configuration into its log, its metrics or its answers', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'token'), 'hidden-in-a-file\n');
    const sidecar = await startSidecar({
      folder,
      config: SECRETIVE,
      flags: ['--log.level=debug', '--web.enable-lifecycle'],
    });
    await sidecar.post(
      WEBHOOK,
      JSON.stringify({
        version: '4',
        alerts: [{ status: 'firing', labels: { alertname: 'A' }, startsAt: '2026-01-01T00:00:00Z' }],
      }),
    );
    // All targets are unreachable, or refuse: that is logged, with what was sent to them left out.
    await until('failures to be logged', () => sidecar.child.output().split('remote write fails').length > 3);
    writeFileSync(join(folder, 'pronoia.yml'), `${SECRETIVE}nonsense: true\n`);
    const refused = await sidecar.post('/-/reload');
    expect(refused.status).toBe(500);
    const said = sidecar.child.output() + refused.text + (await sidecar.get('/metrics')).text;
    expect(said).not.toContain('hidden');
    expect(said).not.toContain(Buffer.from('user:hidden-password').toString('base64'));
  });
});

const SECRETIVE = `remote_write:
  - url: http://127.0.0.1:1/a?token=hidden-in-a-url
    queue: { flush_interval: 100ms }
    basic_auth: { username: user, password: hidden-password }
  - url: http://127.0.0.1:1/b
    queue: { flush_interval: 100ms }
    bearer_token: hidden-token
    headers: { X-Key: hidden-header }
  - url: http://127.0.0.1:1/c
    queue: { flush_interval: 100ms }
    bearer_token_file: token
`;

describeWith(['promtool'], 'the metrics', () => {
  it('please promtool', async () => {
    const sidecar = await startSidecar({ folder: temporaryFolder() });
    await sidecar.post(
      WEBHOOK,
      JSON.stringify({
        version: '4',
        alerts: [
          {
            status: 'firing',
            labels: { alertname: 'A "quoted" \\ one', service: 'shop' },
            startsAt: '2026-01-01T00:00:00Z',
          },
        ],
      }),
    );
    await sidecar.write({ labels: { __name__: 'a' }, samples: [[systemClock.now(), 1]] });
    const { text } = await sidecar.get('/metrics');
    expect(text).toContain('incident_info{');
    const { status, stdout, stderr } = spawnSync(commandOf('promtool'), ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    // Status 3 is advice about names. Those of prom-client's own metrics are not ours to choose.
    expect([0, 3], stderr).toContain(status);
    const advice = (stdout + stderr).split('\n').filter((line) => !/^(nodejs|process)_|^$/.test(line));
    expect(advice).toEqual([]);
  });
});
