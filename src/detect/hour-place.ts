import type { CivilTime } from './civil-time.ts';

/** Hours of a day. */
export const HOURS = 24;
const HOUR_SECONDS = 3600;

/** Where in the day a step lies, and how the hours of its series are kept. */
export class HourPlace {
  /** The hour that it belongs to, and the same with those of weekends counted on from 24. */
  bucket = 0;
  hour = 0;
  /** The hour whose middle comes next, and how near that is: 0..1. */
  next = 0;
  share = 0;
  /** Steps that a visit of an hour has. >= 1 */
  stepsPerVisit = 1;
  /** Those that the present visit has had before this one. To be set. */
  steps = 0;
  /** Unit of the hours' values. To be set. */
  unit = 1;

  moveTo({ secondOfDay, isWeekend }: CivilTime, stepSeconds: number): void {
    const hours = secondOfDay / HOUR_SECONDS;
    const before = Math.floor(hours - 0.5);
    this.bucket = Math.floor(hours);
    this.hour = isWeekend ? HOURS + this.bucket : this.bucket;
    this.share = hours - 0.5 - before;
    this.next = (before + 1) % HOURS;
    this.stepsPerVisit = Math.max(1, HOUR_SECONDS / stepSeconds);
  }
}
