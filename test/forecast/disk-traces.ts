import { gaussian } from '../test-lane.ts';

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;
/** Monday, midnight UTC. */
export const TRACE_START = Date.UTC(2026, 0, 5) / 1000;

/** A simulated resource: what is used at a time since the start, in percent of the limit, without noise. */
export interface Trace {
  readonly days: number;
  readonly used: (seconds: number) => number;
  /** In percent; 100 unless told otherwise. */
  readonly limit?: (seconds: number) => number;
  /** Standard deviation of the noise, in percent of the limit. */
  readonly noise?: number;
}

/** Rises from `low` to `high` in `period` seconds, then falls at once. */
export function sawtooth(seconds: number, low: number, high: number, period: number): number {
  return low + ((high - low) * (seconds % period)) / period;
}

/** One value a minute, with noise; ends at the first minute at which it is full. */
export function* sampled(
  trace: Trace,
  seed: number,
  step = MINUTE,
): Generator<{ at: number; used: number; limit: number }> {
  const noise = gaussian(seed * 7919 + 13);
  for (let seconds = 0; seconds < trace.days * DAY; seconds += step) {
    const limit = trace.limit?.(seconds) ?? 100;
    const used = Math.max(0, trace.used(seconds) + (trace.noise ?? 0.1) * noise());
    yield { at: TRACE_START + seconds, used, limit };
    if (trace.used(seconds) >= limit) return;
  }
}
