/** Values of a series that somebody has called normal, in the unit of scoring. Both ends belong to it. */
export interface AcceptedValues {
  readonly labels: Readonly<Record<string, string>>;
  readonly low: number;
  readonly high: number;
}

/** What somebody has said about anomalies: these values are normal. */
export interface Feedback {
  /** Decimal digits; never used again. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by: string;
  readonly comment: string;
  readonly verdict: 'normal';
  /** Selectors as they were given. */
  readonly match: readonly string[];
  readonly series: readonly AcceptedValues[];
}
