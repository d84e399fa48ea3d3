import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { RemoteWriteSenders } from '../../src/emit/remote-write-senders.ts';
import type { RemoteWriteTarget } from '../../src/emit/remote-write-target.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { createLabels } from '../../src/model/labels.ts';
import { createLogger } from '../../src/model/logger.ts';

const QUEUE = { capacity: 10_000, maxSamplesPerSend: 2_000, flushIntervalMs: 5_000, maxAgeMs: 60_000 };
const NORTH = createLabels([['cluster', 'north']]);

/** Made anew as a reload makes it: nothing of it is the same object. */
function targetOf(name: string, rest: Partial<RemoteWriteTarget> = {}): RemoteWriteTarget {
  const headers = new Map([['X-Scope-OrgID', new Secret('tenant')]]);
  return { url: `http://${name}.example/`, headers, remoteTimeoutMs: 30_000, queue: { ...QUEUE }, ...rest };
}

describe('the senders of a configuration', () => {
  let senders: RemoteWriteSenders;
  const all = () => [...senders.all()];
  const used = async (targets: RemoteWriteTarget[], labels = NORTH) => {
    await senders.use(targets, labels);
    return all();
  };

  beforeEach(() => {
    senders = new RemoteWriteSenders({
      sources: [],
      clock: new ManualClock(0),
      logger: createLogger({ level: 'error', format: 'logfmt', now: () => 0 }, () => {}),
      fetch,
      readSecret: async () => '',
      version: '1.2.3',
    });
  });
  afterEach(() => senders.stop());

  it('go on where a target stays as it was, in the order of the configuration', async () => {
    const [a, b] = await used([targetOf('a'), targetOf('b')]);
    expect(await used([targetOf('c'), targetOf('b'), targetOf('a')])).toEqual([expect.anything(), b, a]);
    expect(all()[1]).toBe(b);
    expect(all()[2]).toBe(a);
    expect(await used([])).toEqual([]);
  });

  it.each<[string, Partial<RemoteWriteTarget>]>([
    ['its address', { url: 'http://a.example/other' }],
    ['a setting', { queue: { ...QUEUE, capacity: 1 } }],
    ['a token', { bearerToken: new Secret('new') }],
    ['a password', { basicAuth: { username: 'me', password: new Secret('new') } }],
    ['the value of a header', { headers: new Map([['X-Scope-OrgID', new Secret('new')]]) }],
  ])('begin anew where %s is another one', async (_, change) => {
    const secrets = { bearerToken: new Secret('old'), basicAuth: { username: 'me', password: new Secret('old') } };
    const [before] = await used([targetOf('a', secrets)]);
    const after = await used([targetOf('a', { ...secrets, ...change })]);
    expect(after).toHaveLength(1);
    expect(after[0]).not.toBe(before);
  });

  it('begin anew where the external labels are other ones', async () => {
    const [before] = await used([targetOf('a')]);
    expect((await used([targetOf('a')], createLabels([['cluster', 'south']])))[0]).not.toBe(before);
    expect(all()).toHaveLength(1);
  });
});
