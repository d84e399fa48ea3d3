/** An onset is a score that was not reached for so many steps. */
const WINDOW_STEPS = 100;

interface RecentScores {
  /** Timestamps of scores above 1 in falling order of the scores: what came before a larger one no longer matters. */
  readonly at: number[];
  readonly scores: number[];
}

/** Tells the beginning of trouble from its continuation: at most one onset per series and window, unless it gets worse. */
export class Onsets {
  readonly #recent = new Map<number, RecentScores>();

  /** Takes in the score of a step. @returns whether it is an onset */
  observe(slot: number, timestamp: number, score: number, stepSeconds: number): boolean {
    let recent = this.#recent.get(slot);
    if (recent !== undefined) {
      const since = timestamp - WINDOW_STEPS * stepSeconds * 1000;
      while (recent.at.length > 0 && recent.at[0]! < since) {
        recent.at.shift();
        recent.scores.shift();
      }
      if (recent.at.length === 0) {
        this.#recent.delete(slot);
        recent = undefined;
      }
    }
    if (score <= 1) return false;
    if (recent === undefined) {
      recent = { at: [], scores: [] };
      this.#recent.set(slot, recent);
    }
    while (recent.scores.length > 0 && recent.scores.at(-1)! < score) {
      recent.at.pop();
      recent.scores.pop();
    }
    recent.at.push(timestamp);
    recent.scores.push(score);
    return recent.scores.length === 1;
  }

  forget(slot: number): void {
    this.#recent.delete(slot);
  }
}
