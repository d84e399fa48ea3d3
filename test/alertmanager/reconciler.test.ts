import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Peer } from '../../src/alertmanager/peer.ts';
import type { PeerAlert } from '../../src/alertmanager/peer-alerts.ts';
import { Reconciler } from '../../src/alertmanager/reconciler.ts';
import type { HttpAnswer } from '../../src/emit/http-client.ts';
import { type Alert, OWN_ALERT_LABEL } from '../../src/model/alert.ts';
import { labelsToObject } from '../../src/model/labels.ts';
import { createLogger } from '../../src/model/logger.ts';
import { alertOf, MINUTE, minute } from '../incidents/alert-builders.ts';
import { PipelineBench } from '../incidents/pipeline-bench.ts';

const slow = alertOf({ alertname: 'Slow', service: 'cart' }, { from: 0 });
const full = alertOf({ alertname: 'Full', service: 'cart' }, { from: 1 });
const down: HttpAnswer = { kind: 'later', status: undefined, answer: 'refused', retryAfterMs: undefined, text: '' };

/** An Alertmanager as the test wants it. */
class FakePeer implements Peer {
  readonly url = 'http://alertmanager:9093';
  readonly post = () => Promise.resolve(down);
  receiver: string | undefined;
  alerts: readonly object[] | undefined = [];
  startedAt = minute(-60);

  get(path: string): Promise<HttpAnswer> {
    if (this.alerts === undefined) return Promise.resolve(down);
    const answer = path.endsWith('status') ? { uptime: new Date(this.startedAt).toISOString() } : this.alerts;
    return Promise.resolve({ kind: 'sent', text: JSON.stringify(answer) });
  }
}

const listed = ({ labels, startsAt }: Alert, more: object = {}, replica = '') => ({
  labels: { ...labelsToObject(labels), ...(replica !== '' && { prometheus_replica: replica }) },
  annotations: { summary: 'it is' },
  startsAt: new Date(startsAt).toISOString(),
  endsAt: new Date(startsAt + 3_600_000).toISOString(),
  status: { state: 'active', silencedBy: [], inhibitedBy: [] },
  receivers: [{ name: 'pronoia' }],
  ...more,
});

let bench: PipelineBench;
let peers: FakePeer[];
let muted: PeerAlert[];
let reconciler: Reconciler;

beforeEach(() => {
  bench = new PipelineBench();
  peers = [new FakePeer(), new FakePeer()];
  muted = [];
  const { clock, pipeline } = bench;
  reconciler = new Reconciler({
    peers: () => peers,
    readingOptions: () => ({ replicaLabel: '__replica__' }),
    openAlerts: () => pipeline.live.alerts(),
    lastAlert: (fingerprint) => pipeline.lastAlert(fingerprint),
    deliver: (delivery) => pipeline.deliver(delivery),
    mayBeMember: (alert) => pipeline.mayBeMember(alert),
    confirm: (alerts) => pipeline.confirm(alerts),
    takeMuted: (alerts) => muted.push(...alerts),
    assumeEnded: (ends) => pipeline.assumeEnded(ends),
    clock,
    logger: createLogger({ level: 'info', format: 'logfmt', now: () => clock.now() }, (line) => (bench.log += line)),
  });
});
afterEach(async () => {
  await reconciler.stop();
  bench.remove();
});

/** Time passes, and whatever is due by then has been done. */
async function at(moment: number): Promise<void> {
  bench.clock.advanceTo(minute(moment));
  // What began by itself has been done before we ask.
  await new Promise(setImmediate);
  await reconciler.reconcile();
}

/** All firings, each with its end in minutes from the beginning, by name. */
function firings(): string[] {
  const incidents = bench.store.incidents({ state: 'all', limit: 100 });
  const members = incidents.flatMap(({ id }) => bench.store.members(id)).filter((member) => member.kind === 'alert');
  return members
    .map(({ firing: { alert } }) => {
      const end = alert.endsAt === undefined ? 'fires' : (alert.endsAt - minute(0)) / MINUTE;
      return `${alert.labels.get('alertname')} ${end}`;
    })
    .sort();
}

describe('comparing with all Alertmanagers', () => {
  it('takes in what fires there and was never told, and what is known only once', async () => {
    bench.deliver(1, [slow]);
    peers[0]!.alerts = [listed(slow), listed(full)];
    peers[1]!.alerts = [listed(full)];
    await at(5);
    await at(10);
    expect(firings()).toEqual(['Full fires', 'Slow fires']);
    expect(reconciler.stats).toMatchObject({ failed: 0, missed: 1, ended: 0 });
  });

  it('goes by itself, every five minutes', async () => {
    peers[0]!.alerts = [listed(full)];
    bench.clock.advance(5 * MINUTE);
    await expect.poll(firings).toEqual(['Full fires']);
  });

  it('ends what no peer knows any more, when it was last seen there', async () => {
    bench.deliver(1, [slow, full]);
    peers[1]!.alerts = [listed(slow), listed(full)];
    await at(5);
    peers[1]!.alerts = [listed(slow)];
    await at(10);
    expect(firings()).toEqual(['Full 5', 'Slow fires']);
  });

  it('takes an alert back that turns out to fire on', async () => {
    bench.deliver(1, [slow]);
    await at(5);
    expect(firings()).toEqual(['Slow 1']);
    bench.deliver(6, [slow]);
    expect(firings()).toEqual(['Slow fires']);
  });

  it('ends nothing while one peer does not answer, but takes in what the other lists', async () => {
    bench.deliver(1, [slow]);
    peers[0]!.alerts = undefined;
    peers[1]!.alerts = [listed(full)];
    await at(5);
    expect(firings()).toEqual(['Full fires', 'Slow fires']);
    expect(reconciler.stats).toMatchObject({ succeeded: 0, missed: 1 });
    expect(bench.log.match(/cannot be reconciled/g)).toHaveLength(1);
    await at(10);
    expect(bench.log.match(/cannot be reconciled/g)).toHaveLength(1);
  });

  it('ends nothing that came while the peers were answering', async () => {
    const comparing = reconciler.reconcile();
    bench.clock.advance(1);
    bench.pipeline.deliver({ ...EMPTY, receivedAt: bench.clock.now(), alerts: [slow] });
    await comparing;
    expect(firings()).toEqual(['Slow fires']);
  });

  it('leaves alone what ends by itself: Prometheus sends it to us', async () => {
    bench.deliver(1, [alertOf({ alertname: 'Slow', service: 'cart' }, { from: 0, until: 20 })], { source: 'api' });
    await at(5);
    expect(firings()).toEqual(['Slow fires']);
  });

  it('knows the replicas of a pair by their label', async () => {
    peers[0]!.alerts = [listed(slow, {}, 'a'), listed(slow, {}, 'b')];
    await at(5);
    peers[0]!.alerts = [listed(slow, {}, 'b')];
    await at(10);
    expect(firings()).toEqual(['Slow fires']);
    peers[0]!.alerts = [];
    await at(15);
    expect(firings()).toEqual(['Slow 10']);
  });

  it('does not take in what is silenced, inhibited or muted, but tells of it; what is open goes on', async () => {
    bench.deliver(1, [slow]);
    const inhibited = listed(full, {
      status: { state: 'suppressed', silencedBy: [], inhibitedBy: ['ab'], mutedBy: [] },
    });
    const silenced = listed(slow, { status: { state: 'suppressed', silencedBy: ['s1'], inhibitedBy: [] } });
    peers[0]!.alerts = [silenced, inhibited];
    await at(5);
    expect(firings()).toEqual(['Slow fires']);
    const told = muted.map(
      ({ alert, mutedAs, mutedBy }) => `${alert.labels.get('alertname')} ${mutedAs} by ${mutedBy}`,
    );
    expect([...new Set(told)]).toEqual(['Full inhibited by ab']);
    peers[1]!.alerts = [listed(full)];
    await at(10);
    expect(firings()).toEqual(['Full fires', 'Slow fires']);
  });

  it('takes in nothing of our own, and of a peer with a receiver only what goes there', async () => {
    const own = listed(alertOf({ alertname: 'PronoiaIncident', [OWN_ALERT_LABEL]: '1' }, { from: 0 }));
    const heartbeat = listed(alertOf({ alertname: 'Watchdog' }, { from: 0 }));
    peers[0]!.receiver = 'pronoia';
    peers[0]!.alerts = [own, heartbeat, listed(slow), listed(full, { receivers: [{ name: 'others' }] })];
    await at(5);
    expect(firings()).toEqual(['Slow fires']);
    expect(reconciler.stats.missed).toBe(1);
  });

  it('hears a heartbeat by that it is listed, and misses it when two answers lack it', async () => {
    const heartbeat = listed(alertOf({ alertname: 'Watchdog' }, { from: 0 }));
    peers[0]!.alerts = [heartbeat];
    for (const moment of [5, 10, 15]) await at(moment);
    peers[0]!.alerts = [];
    await at(25);
    expect(firings()).toEqual([]);
    await at(27);
    expect(firings()).toEqual(['HeartbeatMissing fires']);
    await at(35);
    expect(firings()).toEqual(['HeartbeatMissing fires']);
    peers[0]!.alerts = [heartbeat];
    await at(40);
    bench.clock.advance(1000);
    expect(firings()[0]).toMatch(/^HeartbeatMissing 40/);
  });

  it('believes no answer in which an alert is missing because it can not be read', async () => {
    bench.deliver(1, [slow]);
    peers[0]!.alerts = [{ labels: {}, startsAt: 'yesterday' }];
    await at(5);
    expect(firings()).toEqual(['Slow fires']);
    expect(bench.log).toContain('does not answer as an Alertmanager');
  });

  it('loses and doubles nothing over a stop of ten minutes of Alertmanager', async () => {
    bench.deliver(1, [slow, full]);
    for (const peer of peers) peer.alerts = [listed(slow), listed(full)];
    await at(5);
    for (const peer of peers) peer.alerts = undefined;
    await at(10);
    await at(15);
    // It is back and remembers nothing until Prometheus has sent its alerts again; one has ended meanwhile, one is new.
    const fresh = alertOf({ alertname: 'Fresh', service: 'cart' }, { from: 12 });
    for (const peer of peers) [peer.alerts, peer.startedAt] = [[], minute(15.5)];
    await at(16);
    expect(firings()).toEqual(['Full fires', 'Slow fires']);
    for (const peer of peers) peer.alerts = [listed(slow), listed(fresh)];
    await at(17);
    bench.deliver(18, [slow, fresh]);
    expect(firings()).toEqual(['Fresh fires', 'Full fires', 'Slow fires']);
    await at(21);
    expect(firings()).toEqual(['Fresh fires', 'Full 5', 'Slow fires']);
  });
});

const EMPTY = { source: 'webhook', invalidAlerts: 0, truncatedAlerts: 0, envelope: {} } as const;
