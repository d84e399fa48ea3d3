/** Variance over mean, in quanta, of what is taken for counts: a Poisson process has 1. */
const LEAST_DISPERSION = 0.5;
const MOST_DISPERSION = 3;

/**
 * Whether a series counts events that happen by chance: it moves in quanta, and varies about as much as a Poisson
 * process with its mean does. Percentages and replicas move in quanta as well, and vary less; bursts vary more.
 * @param scale standard deviation from step to step. @param quantum smallest difference between two steps, 0 if unknown
 */
export function isCount(scale: number, mean: number, quantum: number): boolean {
  const dispersion = scale ** 2 / (quantum * mean);
  return dispersion > LEAST_DISPERSION && dispersion < MOST_DISPERSION;
}

/**
 * How much noisier counts are at a level than on average: their variance grows with it, so that a busy hour is no series
 * of anomalies. At least 1: where next to nothing is counted, the noise of the whole day is the better guess.
 */
export function countNoise(level: number, mean: number): number {
  return Math.sqrt(Math.max(1, level / mean));
}
