import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/emit/http-client.ts';
import type { IncidentSummary } from '../../src/incidents/summary.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { createLogger } from '../../src/model/logger.ts';
import { Journal } from '../../src/notify/journal.ts';
import { isLast, keyOf, type Notification } from '../../src/notify/notification.ts';
import { Notifier } from '../../src/notify/notifier.ts';
import type { Receiver } from '../../src/notify/receiver.ts';
import { MINUTE, minute } from '../incidents/alert-builders.ts';
import { summaryOf } from './summaries.ts';

const OPTIONS = {
  notifyWaitMs: 30_000,
  notifyIntervalMs: 5 * MINUTE,
  notifyRepeatMs: 4 * 60 * MINUTE,
  retentionMs: 90 * 24 * 60 * MINUTE,
};
const LATER: Outcome = { kind: 'later', status: 503, answer: 'busy', retryAfterMs: undefined };
const NEVER: Outcome = { kind: 'never', status: 404, answer: 'gone', retryAfterMs: undefined };

let folder: string;
let path: string;
let clock: ManualClock;
let journal: Journal;
let notifier: Notifier;
let incidents: Map<string, IncidentSummary>;
let log: string;
const journals: Journal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'notifier-'));
  path = join(folder, 'notifications.db');
  clock = new ManualClock(minute(0));
  incidents = new Map();
  log = '';
  start();
});
afterEach(async () => {
  await notifier.stop();
  for (const each of journals.splice(0)) each.close();
  rmSync(folder, { recursive: true });
});

/** Starts on what is stored; the notifier before, if there is one, is killed: nobody asks it to stop. */
function start(liveIds: Iterable<string> = incidents.keys()): void {
  clock = new ManualClock(clock.now());
  journal = new Journal(path);
  journals.push(journal);
  const logger = createLogger({ level: 'info', format: 'logfmt', now: () => clock.now() }, (line) => (log += line));
  notifier = new Notifier({
    journal,
    headOf: (id) => incidents.get(id),
    summaryOf: (id) => incidents.get(id)!,
    liveIds,
    clock,
    logger,
    options: OPTIONS,
  });
}

/** A receiver that remembers what it took, and answers as told. */
function receiver(
  name: string,
  answer: () => Outcome = () => ({ kind: 'sent' }),
): Receiver & { taken: Notification[] } {
  const taken: Notification[] = [];
  const send = async (notification: Notification) => {
    const outcome = answer();
    if (outcome.kind === 'sent') taken.push(notification);
    return outcome;
  };
  return { name, send, taken };
}

function set(more: Partial<IncidentSummary>): void {
  const summary = summaryOf(more);
  incidents.set(summary.id, summary);
  notifier.changed([summary.id]);
}

/** Time passes second by second, and promises get their turn in between. */
async function pass(durationMs: number): Promise<void> {
  for (let passed = 0; passed < durationMs; passed += 1000) {
    clock.advance(1000);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
  await new Promise(setImmediate);
}

const events = (taken: readonly Notification[]) => taken.map(({ sequence, event }) => `${sequence} ${event}`);

describe('an incident', () => {
  it('is told to every receiver when it is new, changes and is over, with numbers that count up', async () => {
    const [a, b] = [receiver('a'), receiver('b')];
    await notifier.use([a, b]);
    set({});
    await pass(30_000);
    set({ severity: 'critical' });
    await pass(1000);
    set({ severity: 'critical', state: 'resolved', resolvedAt: minute(1) });
    await pass(1000);
    expect(events(a.taken)).toEqual(['1 new', '2 severity_changed', '3 resolved']);
    expect(events(b.taken)).toEqual(events(a.taken));
    expect(a.taken[1]).toMatchObject({ severityBefore: 'warning', namespace: 'shop' });
    expect(notifier.told).toMatchObject({ new: 1, severity_changed: 1, resolved: 1, reminder: 0 });
  });

  it('keeps the namespace under which it was first told', async () => {
    const a = receiver('a');
    await notifier.use([a]);
    set({ severity: 'critical' });
    await pass(1000);
    set({ severity: 'critical', state: 'resolved', namespaces: ['shop', 'db'] });
    await pass(1000);
    expect(a.taken.map(({ namespace }) => namespace)).toEqual(['shop', 'shop']);
  });

  it('is written down although nobody is told: shadow mode', async () => {
    set({ severity: 'critical' });
    await pass(1000);
    expect(journal.toldSince(0)).toEqual([{ incident: summaryOf().id, event: 'new', at: minute(0) + 1000 }]);
    const a = receiver('a');
    await notifier.use([a]);
    await pass(5000);
    expect(a.taken).toEqual([]);
  });
});

describe('a receiver', () => {
  it('that fails gets its messages later, in order and once', async () => {
    let isUp = false;
    const a = receiver('a', () => (isUp ? { kind: 'sent' } : LATER));
    const b = receiver('b');
    await notifier.use([a, b]);
    set({ severity: 'critical' });
    await pass(20_000);
    set({ severity: 'critical', state: 'resolved' });
    await pass(20_000);
    expect([events(a.taken), events(b.taken)]).toEqual([[], ['1 new', '2 resolved']]);
    expect(notifier.deliveries[0]!.pending).toBe(2);
    isUp = true;
    await pass(10_000);
    expect(events(a.taken)).toEqual(['1 new', '2 resolved']);
    expect(notifier.deliveries[0]!.pending).toBe(0);
    expect(log.match(/do not arrive/g)).toHaveLength(1);
  });

  it('that refuses a message for good gets the next one', async () => {
    const answers: Outcome[] = [NEVER];
    const a = receiver('a', () => answers.shift() ?? { kind: 'sent' });
    await notifier.use([a]);
    set({ severity: 'critical' });
    await pass(1000);
    set({ severity: 'critical', state: 'resolved' });
    await pass(1000);
    expect(events(a.taken)).toEqual(['2 resolved']);
    expect(notifier.deliveries[0]!.stats).toMatchObject({ sent: 1, refused: 1, failedRequests: 1 });
    expect(log).toContain('key=00000000000000a1/1');
  });

  it('that forgets is told all open incidents again, after what waits for it', async () => {
    const seen: string[] = [];
    const a: Receiver = {
      ...receiver('a'),
      send: async ({ event }) => {
        seen.push(event);
        return { kind: 'sent' };
      },
      refresh: {
        everyMs: 60_000,
        send: async (open) => {
          seen.push(`open: ${open.map(({ sequence }) => sequence)}`);
          return { kind: 'sent' };
        },
      },
    };
    await notifier.use([a]);
    set({ severity: 'critical' });
    await pass(61_000);
    set({ severity: 'critical', state: 'resolved' });
    await pass(61_000);
    expect(seen).toEqual(['open: ', 'new', 'open: 1', 'resolved', 'open: ']);
  });
});

describe('after kill -9', () => {
  it('what was under way comes again with the same key, and what nobody was told is told', async () => {
    await notifier.use([receiver('a', () => LATER)]);
    set({ severity: 'critical' });
    await pass(1000);
    // The next change is stored with the incident, but the process dies before it is told.
    incidents.set(summaryOf().id, summaryOf({ severity: 'critical', state: 'resolved' }));
    start([]);
    const a = receiver('a');
    await notifier.use([a]);
    await pass(2000);
    expect(a.taken.map(keyOf)).toEqual(['00000000000000a1/1', '00000000000000a1/2']);
    expect(a.taken[1]!.event).toBe('resolved');
    start([]);
    await pass(2000);
    expect(journal.toldSince(0)).toHaveLength(2);
  });

  it('at any moment, people know in the end what is so, and no message is missing', async () => {
    const step = fc.record({
      change: fc.constantFrom('grow', 'critical', 'resolve', 'reopen', 'kill'),
      pauseMs: fc.constantFrom(1000, 40_000, 310_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        await notifier.stop();
        path = join(folder, `${journals.length}.db`);
        incidents.clear();
        start();
        const a = receiver('a');
        await notifier.use([a]);
        let state: Partial<IncidentSummary> = { state: 'open' };
        set(state);
        for (const { change, pauseMs } of steps) {
          await pass(pauseMs);
          if (change === 'kill') {
            await notifier.stop();
            start();
            await notifier.use([a]);
            continue;
          }
          const kinds = [...(state.kinds ?? summaryOf().kinds), { alertname: `K${clock.now()}`, alerts: 1, firing: 1 }];
          if (change === 'grow') state = { ...state, kinds };
          if (change === 'critical') state = { ...state, severity: 'critical' };
          if (change === 'resolve') state = { ...state, state: 'resolved' };
          if (change === 'reopen') state = { ...state, state: 'open' };
          set(state);
        }
        await pass(310_000);
        expect(a.taken.map(({ sequence }) => sequence)).toEqual(a.taken.map((_, i) => i + 1));
        const last = a.taken.at(-1);
        expect(last === undefined || isLast(last)).toBe(state.state === 'resolved');
        if (last !== undefined && state.state === 'open') {
          expect(last.incident).toMatchObject(state);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('the journal', () => {
  it('keeps no more messages than allowed for a receiver that is away, the newest', () => {
    const small = new Journal(':memory:', 3);
    const dropped = ['1', '2', '3', '4', '5'].map((id) => small.add([told(id)], ['a', 'b']));
    expect(dropped).toEqual([0, 0, 0, 2, 2]);
    expect([small.pending('a'), small.pending('b')]).toEqual([3, 3]);
    expect(small.next('a')!.notification.incident.id).toBe('3');
    small.close();
  });

  it('forgets what is over, when it is old and was delivered', () => {
    journal.add([{ ...told('a'), at: 1 }], ['r']);
    journal.add([{ ...told('a'), sequence: 2, event: 'resolved', at: 2 }], []);
    journal.add([{ ...told('b'), at: 1 }], []);
    journal.prune(10);
    expect(journal.toldSince(0)).toHaveLength(3);
    journal.remove(journal.next('r')!.id);
    journal.prune(10);
    expect(journal.toldSince(0).map(({ incident }) => incident)).toEqual(['b']);
    expect(journal.open().map(({ incident }) => incident.id)).toEqual(['b']);
  });

  it('forgets what waits for a receiver that is gone', async () => {
    journal.add([told('a')], ['old', 'new']);
    await notifier.use([receiver('new', () => LATER)]);
    expect([journal.pending('old'), journal.pending('new')]).toEqual([0, 1]);
  });
});

function told(id: string): Notification {
  const incident = { ...summaryOf(), id };
  return { sequence: 1, event: 'new', at: minute(0), namespace: '', severityBefore: null, incident };
}
