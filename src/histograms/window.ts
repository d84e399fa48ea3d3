/**
 * What is learnt of a histogram covers at least so much time and so many observations: a mean of three or a quantile of
 * ten is chance.
 */
const LEAST_SECONDS = 55;
const LEAST_OBSERVATIONS = 20;
/** Where so few come that it takes longer, there is nothing to say about them. */
const MOST_SECONDS = 300;

/** What to do with an increase: go on adding to it, judge it and begin anew, or only begin anew. */
export type WindowState = 'open' | 'full' | 'too thin';

/** @param seconds that the increase covers @param observations in it */
export function windowState(seconds: number, observations: number): WindowState {
  if (seconds < LEAST_SECONDS) return 'open';
  if (observations >= LEAST_OBSERVATIONS) return 'full';
  return seconds < MOST_SECONDS ? 'open' : 'too thin';
}
