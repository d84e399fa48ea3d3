/** What a suggestion would have changed, had it been followed during the time that is looked at. */
export interface Backtest {
  readonly alertsSaved: number;
  /** Incidents of which nothing would have been left, and those of them that were critical or that a person took on. */
  readonly incidentsLost: number;
  readonly lostImportant: number;
  /** Incidents that would have begun later, and by how much at most. */
  readonly incidentsDelayed: number;
  readonly longestDelayMs: number;
}

/** A change of a rule or of Alertmanager's configuration that would have made less noise. */
export interface Suggestion {
  readonly kind: 'for' | 'inhibit';
  readonly text: string;
  /** To be copied. */
  readonly yaml: string;
  readonly backtest: Backtest;
}
