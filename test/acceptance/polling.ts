import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/model/clock.ts';
import { messageOf } from '../../src/model/errors.ts';

const PAUSE_MS = 50;
/** Generous: a busy machine is slow, and a test that passes does not wait so long. */
const PATIENCE_MS = 20_000;

/**
 * Asks again and again until there is an answer other than undefined and false. What `read` throws counts as no answer
 * yet; the last such error is told when time is up.
 * @param what is waited for, as it stands in the error: "the sidecar to be ready"
 */
export async function until<T>(
  what: string,
  read: () => T | Promise<T>,
  withinMs = PATIENCE_MS,
): Promise<Exclude<T, undefined | false>> {
  const deadline = systemClock.now() + withinMs;
  let problem = '';
  for (;;) {
    try {
      const answer = await read();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
      problem = '';
    } catch (error) {
      problem = `: ${messageOf(error)}`;
    }
    if (systemClock.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}${problem}`);
    await sleep(PAUSE_MS);
  }
}

/** Waits until a moment, in milliseconds since the epoch. */
export async function untilTime(moment: number): Promise<void> {
  await sleep(Math.max(0, moment - systemClock.now()));
}
