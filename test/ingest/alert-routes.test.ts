import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAlertIntakeRoutes, type RefusedAlertRequests } from '../../src/ingest/alert-routes.ts';
import type { AlertDelivery } from '../../src/model/alert.ts';
import { ManualClock } from '../../src/model/clock.ts';
import { createLogger } from '../../src/model/logger.ts';
import { serveRoutes } from '../emit/served-routes.ts';

const WEBHOOK = '/api/v1/alerts/webhook';
const API = '/api/v2/alerts';
const ALERT = { status: 'firing', labels: { alertname: 'A' }, startsAt: '2026-11-22T13:30:00Z' };
const MESSAGE = { version: '4', alerts: [ALERT] };

let served: Awaited<ReturnType<typeof serveRoutes>>;
let deliveries: AlertDelivery[];
let refused: RefusedAlertRequests;
let storeError: Error | undefined;
let answered: number;

beforeEach(async () => {
  deliveries = [];
  refused = { bad_data: 0, too_large: 0, unsupported: 0, unavailable: 0 };
  storeError = undefined;
  answered = 0;
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 14));
  const router = createAlertIntakeRoutes({
    clock,
    logger: createLogger({ level: 'error', format: 'logfmt', now: () => clock.now() }, () => {}),
    readingOptions: () => ({ replicaLabel: '__replica__' }),
    async deliver(delivery) {
      if (storeError !== undefined) throw storeError;
      deliveries.push(delivery);
    },
    onAnswered: () => {
      answered++;
    },
    refused,
  });
  served = await serveRoutes(router);
});

afterEach(() => served.stop());

async function post(path: string, body: string | Uint8Array<ArrayBuffer> | Blob, headers: Record<string, string> = {}) {
  const response = await fetch(served.url + path, { method: 'POST', body, headers });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

describe('the webhook', () => {
  it.each([
    ['application/json'],
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/json; charset=utf-8'],
  ])('takes a message of type %s', async (type) => {
    const answer = await post(WEBHOOK, JSON.stringify(MESSAGE), { 'Content-Type': type });
    expect(answer).toEqual({ status: 200, body: { status: 'success', data: { alerts: 1, invalid: 0 } } });
    expect(deliveries).toHaveLength(1);
  });

  it('takes a message without a content type', async () => {
    const answer = await post(WEBHOOK, new Blob([JSON.stringify(MESSAGE)]));
    expect(answer.status).toBe(200);
  });

  it('says when its answer has left', async () => {
    storeError = new Error('disk full');
    await post(WEBHOOK, JSON.stringify(MESSAGE));
    storeError = undefined;
    await post(WEBHOOK, JSON.stringify(MESSAGE));
    await vi.waitFor(() => expect(answered).toBe(1));
  });

  it('answers 503 when the alerts could not be stored, so that Alertmanager comes again', async () => {
    storeError = new Error('database or disk is full');
    const answer = await post(WEBHOOK, JSON.stringify(MESSAGE));
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({
      status: 'error',
      errorType: 'unavailable',
      error: expect.stringMatching(/send them again: .*disk is full/),
    });
    expect(refused.unavailable).toBe(1);
  });

  it.each<
    [
      string,
      () => string | Uint8Array<ArrayBuffer> | Blob,
      Record<string, string>,
      number,
      RegExp,
      keyof RefusedAlertRequests,
    ]
  >([
    ['nothing', () => '', {}, 400, /not valid JSON/, 'bad_data'],
    ['nonsense', () => 'nonsense', {}, 400, /not valid JSON/, 'bad_data'],
    ['half a message', () => JSON.stringify(MESSAGE).slice(0, -5), {}, 400, /not valid JSON/, 'bad_data'],
    ['broken UTF-8', () => new Uint8Array([0x22, 0xff, 0x22]), {}, 400, /not valid UTF-8/, 'bad_data'],
    [
      'the wrong version',
      () => JSON.stringify({ ...MESSAGE, version: '3' }),
      {},
      400,
      /version is "3" instead of "4"/,
      'bad_data',
    ],
    [
      'no good alert',
      () => JSON.stringify({ version: '4', alerts: [{}] }),
      {},
      400,
      /no alert .* can be taken/,
      'bad_data',
    ],
    ['bottomless nesting', () => '['.repeat(1e6), {}, 400, /not valid JSON/, 'bad_data'],
    ['gzip', () => 'x', { 'Content-Encoding': 'gzip' }, 415, /"gzip" is not taken/, 'unsupported'],
    ['20 MB', () => new Uint8Array(20 * 1024 * 1024), {}, 413, /longer than 16 MiB/, 'too_large'],
  ])(
    'refuses %s with a sentence that helps, and takes the next good message',
    async (_, body, headers, status, sentence, counter) => {
      const answer = await post(WEBHOOK, body(), headers);
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ status: 'error', error: expect.stringMatching(sentence) });
      expect(refused[counter]).toBe(1);
      expect(deliveries).toHaveLength(0);
      expect((await post(WEBHOOK, JSON.stringify(MESSAGE))).status).toBe(200);
    },
  );

  it('takes 20,000 alerts', async () => {
    const alerts = Array.from({ length: 20_000 }, (_, i) => ({
      ...ALERT,
      labels: { alertname: 'A', instance: `host-${i}` },
      annotations: { description: 'x'.repeat(500) },
    }));
    const body = JSON.stringify({ version: '4', alerts });
    expect(body.length).toBeGreaterThan(12e6);
    const answer = await post(WEBHOOK, body);
    expect(answer.body).toEqual({ status: 'success', data: { alerts: 20_000, invalid: 0 } });
  });
});

describe('POST /api/v2/alerts', () => {
  it('answers as Alertmanager does: 200 and nothing', async () => {
    expect(await post(API, JSON.stringify([ALERT]))).toEqual({ status: 200, body: undefined });
    expect(deliveries[0]).toMatchObject({ source: 'api' });
  });

  it('stores the good alerts and answers 400 with a sentence as JSON for the bad ones', async () => {
    const answer = await post(API, JSON.stringify([ALERT, { labels: {} }]));
    expect(answer).toEqual({
      status: 400,
      body: '1 of 2 alerts are invalid, the others were taken: alert 1: has no labels',
    });
    expect(deliveries[0]!.alerts).toHaveLength(1);
  });

  it('answers 503 when the alerts could not be stored', async () => {
    storeError = new Error('locked');
    expect(await post(API, JSON.stringify([ALERT]))).toMatchObject({
      status: 503,
      body: expect.stringMatching(/locked/),
    });
  });

  it('refuses a webhook message', async () => {
    expect(await post(API, JSON.stringify(MESSAGE))).toMatchObject({
      status: 400,
      body: expect.stringMatching(/not a JSON array/),
    });
  });
});
