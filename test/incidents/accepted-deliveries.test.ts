import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcceptedDeliveries } from '../../src/incidents/accepted-deliveries.ts';
import type { IncidentStore } from '../../src/incidents/store.ts';
import type { AlertDelivery } from '../../src/model/alert.ts';
import { RequestError } from '../../src/model/errors.ts';
import { createLogger } from '../../src/model/logger.ts';
import { alertOf, deliveryOf } from './alert-builders.ts';
import { PipelineBench } from './pipeline-bench.ts';

const BODY = Buffer.from('{"what":"the webhook said"}');
const PODS = ['a', 'b'].map((pod) => alertOf({ alertname: 'Storm', pod }, { from: 0 }));
const DELIVERY = deliveryOf(0, PODS);

let bench: PipelineBench;
let log: string;
beforeEach(() => {
  bench = new PipelineBench('disk');
  log = '';
});
afterEach(() => bench.remove());

function accepting(
  deliver = (delivery: AlertDelivery) => bench.pipeline.deliver(delivery),
  store: Pick<IncidentStore, 'keepDelivery' | 'keptDeliveries' | 'dropDelivery'> = bench.store,
): AcceptedDeliveries {
  const { clock } = bench;
  const logger = createLogger({ level: 'info', format: 'logfmt', now: () => clock.now() }, (line) => {
    log += line;
  });
  return new AcceptedDeliveries({ store, deliver, clock, logger });
}

function alerts(): number {
  return bench.store.incidents({ state: 'all', limit: 10 }).reduce((sum, incident) => sum + incident.alerts, 0);
}

describe('a delivery that was accepted', () => {
  it('is taken in when it is time, once', () => {
    const accepted = accepting();
    accepted.accept(DELIVERY, BODY);
    expect(alerts()).toBe(0);
    accepted.takeIn();
    accepted.takeIn();
    expect(alerts()).toBe(2);
    expect(bench.pipeline.counters.deliveries.webhook).toBe(1);
    expect(bench.store.keptDeliveries()).toEqual([]);
  });

  it('is taken in once when it came while the program was starting', () => {
    const accepted = accepting();
    accepted.accept(DELIVERY, BODY);
    accepted.resume(() => DELIVERY);
    expect(bench.pipeline.counters.deliveries.webhook).toBe(1);
    expect(bench.store.keptDeliveries()).toEqual([]);
  });

  it('is taken in after a kill, as if it had come at its time', () => {
    accepting().accept(DELIVERY, BODY);
    bench.killAndStart();
    const read = (body: Uint8Array, receivedAt: number) => {
      expect(Buffer.from(body)).toEqual(BODY);
      expect(receivedAt).toBe(DELIVERY.receivedAt);
      return DELIVERY;
    };
    accepting().resume(read);
    expect(alerts()).toBe(2);
    expect(bench.store.incidents({ state: 'all', limit: 1 })[0]!.openedAt).toBe(DELIVERY.receivedAt);
    bench.killAndStart();
    let reads = 0;
    accepting().resume(() => {
      reads++;
      return DELIVERY;
    });
    expect(reads).toBe(0);
  });

  it('does not keep the program from starting when it cannot be read any more', () => {
    accepting().accept(DELIVERY, BODY);
    accepting().resume(() => {
      throw new Error('unknown replica label');
    });
    expect(log).toMatch(/level=error msg="an accepted delivery cannot be read any more".*unknown replica label/);
    expect(bench.store.keptDeliveries()).toEqual([]);
  });

  it('waits as long as nothing can be stored', () => {
    let isFull = true;
    const accepted = accepting((delivery) => {
      if (isFull) throw new RequestError(503, 'unavailable', 'disk full');
      bench.pipeline.deliver(delivery);
    });
    accepted.accept(DELIVERY, BODY);
    accepted.takeIn();
    bench.clock.advance(10_000);
    expect(alerts()).toBe(0);
    isFull = false;
    bench.clock.advance(10_000);
    expect(alerts()).toBe(2);
    accepted.stop();
  });

  it('is taken in all the same when it cannot be deleted afterwards, and again later', () => {
    const { store } = bench;
    let isFull = true;
    const accepted = accepting(undefined, {
      keepDelivery: (receivedAt, body) => store.keepDelivery(receivedAt, body),
      keptDeliveries: () => store.keptDeliveries(),
      dropDelivery(id) {
        if (isFull) throw new Error('disk full');
        store.dropDelivery(id);
      },
    });
    accepted.accept(DELIVERY, BODY);
    accepted.takeIn();
    expect(alerts()).toBe(2);
    isFull = false;
    bench.clock.advance(10_000);
    expect(alerts()).toBe(2);
    expect(store.keptDeliveries()).toEqual([]);
    accepted.stop();
  });

  it('does not stop the others when it cannot be taken in at all', () => {
    const accepted = accepting((delivery) => {
      if (delivery.alerts.length === 0) throw new Error('no such thing');
      bench.pipeline.deliver(delivery);
    });
    accepted.accept({ ...DELIVERY, alerts: [] }, BODY);
    accepted.accept(DELIVERY, BODY);
    accepted.takeIn();
    expect(alerts()).toBe(2);
    expect(log).toMatch(/level=error msg="an accepted delivery cannot be taken in".*no such thing/);
    expect(bench.store.keptDeliveries()).toEqual([]);
  });
});
