import { picture } from '../../src/backtest/picture.ts';
import { type Replayed, replay } from '../../src/backtest/replay.ts';
import { createLabels } from '../../src/model/labels.ts';
import { gaussian } from '../test-lane.ts';

const MINUTE = 60_000;
const DAY = 1440;
const DAYS = 10;
const SHOWN_DAYS = 3;
/** Monday. */
const START = Date.UTC(2026, 10, 2);

/** What is wrong, in minutes since the start. Neither value is unusual in itself: both are seen at other hours of each day. */
export const FAULTS = [
  { from: 7 * DAY + 3 * 60, to: 7 * DAY + 4 * 60, factor: 1.9 },
  { from: 9 * DAY + 12 * 60, to: 9 * DAY + 12 * 60 + 25, factor: 0.5 },
].map((fault) => ({ ...fault, startsAt: START + fault.from * MINUTE, endsAt: START + fault.to * MINUTE }));

/** Ten simulated days of requests through the production path: each sample is judged by what was before it. */
export function judgedRequests(): Replayed {
  const noise = gaussian(11);
  const timestamps = Float64Array.from({ length: DAYS * DAY }, (_, minute) => START + minute * MINUTE);
  const values = Float64Array.from({ length: DAYS * DAY }, (_, minute) => {
    const hour = 2 * Math.PI * (minute / DAY - 0.32);
    const usual = 110 + 75 * Math.sin(hour) + 12 * Math.sin(2 * hour) + 4 * noise();
    const fault = FAULTS.find(({ from, to }) => minute >= from && minute < to);
    return usual * (fault?.factor ?? 1);
  });
  const labels = createLabels([['__name__', 'checkout_requests_per_second']]);
  return replay(
    { name: 'checkout_requests_per_second', labels, timestamps, values, isLabelled: undefined },
    { kind: 'gauge', rules: [], timezone: 'UTC', onProgress: () => {} },
  );
}

/** The last days of it, as `pronoia backtest --picture` draws them. @returns SVG */
export function scorePicture(replayed: Replayed): string {
  const from = START + (DAYS - SHOWN_DAYS) * DAY * MINUTE;
  return picture([{ ...replayed, steps: replayed.steps.filter(({ timestamp }) => timestamp >= from) }]);
}
