import type { AlertMember, Firing } from '../model/incident.ts';
import { expireFiring, nextExpiry } from './firing.ts';

/** When the next alert ends because it was not sent again in time: all are looked at only then. */
export class Expiries {
  #nextAt = Number.POSITIVE_INFINITY;

  watch(firing: Firing): void {
    this.#nextAt = Math.min(this.#nextAt, nextExpiry(firing));
  }

  /** Members whose alerts were not sent again in time, as ended. */
  due(members: Iterable<AlertMember>, now: number): AlertMember[] {
    if (now < this.#nextAt) return [];
    return [...members].flatMap((member) => {
      const firing = expireFiring(member.firing, now);
      return firing === undefined ? [] : [{ ...member, firing }];
    });
  }

  /** What was due has been dealt with. */
  settle(members: Iterable<AlertMember>, now: number): void {
    if (now < this.#nextAt) return;
    this.#nextAt = Number.POSITIVE_INFINITY;
    for (const { firing } of members) this.watch(firing);
  }
}
