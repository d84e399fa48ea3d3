import snappy from 'snappy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { START, TestLane } from '../test-lane.ts';

const sample = (value: number, at = START) => ({ labels: { __name__: 'm' }, samples: [[at, value]] as const });

describe('while what was learnt is being restored', () => {
  let lane: TestLane;
  let isDone: boolean;
  beforeEach(async () => {
    lane = await new TestLane().start();
    isDone = false;
    lane.lane.receiver.hold();
  });
  afterEach(() => lane.stop());

  const resume = () => {
    lane.lane.receiver.resume(() => {
      isDone = true;
    });
  };

  it('a request is answered at once, and learnt afterwards, in the order in which it came', async () => {
    expect((await lane.send(sample(1))).status).toBe(204);
    expect((await lane.send(sample(2, START + 1000))).status).toBe(204);
    expect(lane.lane.table.size).toBe(0);
    expect(lane.lane.stats.receivedTotal).toBe(0);
    resume();
    // What comes while the others are taken in has to wait for them.
    expect((await lane.send(sample(3, START + 2000))).status).toBe(204);
    expect(isDone).toBe(false);
    lane.clock.advance(0);
    lane.clock.advance(0);
    lane.clock.advance(0);
    expect(isDone).toBe(true);
    expect(lane.lane.stats.acceptedTotal).toBe(3);
    expect(lane.lane.stats.ignored.size).toBe(0);
    expect((await lane.send(sample(4, START + 3000))).status).toBe(204);
    expect(lane.lane.stats.acceptedTotal).toBe(4);
    expect(lane.lane.receiver.stats.held).toBe(3);
  });

  it('what can never be taken is refused all the same', async () => {
    expect((await lane.post(Buffer.from('no snappy'))).status).toBe(400);
    expect((await lane.post(snappy.compressSync(Buffer.from([0x0a, 0x7f])))).status).toBe(400);
    resume();
    expect(isDone).toBe(true);
    expect(lane.lane.receiver.stats.held).toBe(0);
  });

  it('what is wrong with single samples is counted', async () => {
    expect((await lane.send(sample(1, START + 3_600_000))).status).toBe(204);
    resume();
    lane.clock.advance(0);
    expect(isDone).toBe(true);
    expect(Object.fromEntries(lane.lane.stats.refused)).toEqual({ timestamp_out_of_bounds: 1 });
  });
});
