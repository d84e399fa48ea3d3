/** Hours of a day. */
export const HOURS = 24;

/** Where in the day a step lies, and how the hours of its series are kept. */
export interface HourPlace {
  /** The hour that it belongs to. */
  bucket: number;
  /** The hour whose middle comes next, and how near that is: 0..1. */
  next: number;
  share: number;
  /** Unit of the hours' values. */
  unit: number;
  /** Steps that a visit of an hour has, >= 1, and those that the present one has had. */
  stepsPerVisit: number;
  steps: number;
}
