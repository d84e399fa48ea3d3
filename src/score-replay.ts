import { Scorer, TAKEN } from './detect/scorer.ts';
import { Columns } from './series/columns.ts';
import { KIND } from './series/kinds.ts';
import { Policies } from './series/policies.ts';

/** What `ScoreReplay.take` gives: the published score, its slowly falling form, or the score at onsets and 0 elsewhere. */
export type Emission = 'score' | 'held' | 'onset';

const SLOT = 1;

/** One recorded series, a gauge, taken through production code under the default settings, sample by sample. */
export class ScoreReplay {
  readonly scorer: Scorer;
  readonly #policies = new Policies();
  readonly #policyNumber: number;
  readonly #emission: Emission;
  #latest = 0;

  constructor(emission: Emission, zone = 'UTC') {
    this.#emission = emission;
    this.scorer = new Scorer(new Columns(2), this.#policies, zone, () => {});
    this.#policyNumber = this.#policies.match(new Map()).number;
  }

  /**
   * Takes in a sample, whatever it is like.
   * @returns what is put out after it: a sample without a verdict of its own has that of the one before
   */
  take(timestamp: number, value: number): number {
    this.scorer.now = timestamp;
    this.scorer.sample.timestamp = timestamp;
    this.scorer.sample.value = value;
    const taken = this.scorer.take(SLOT, KIND.gauge, this.#policyNumber, true);
    const isOnset = taken === TAKEN.judged && this.scorer.isOnset;
    if (taken === TAKEN.judged) this.#latest = this.scorer.verdict.score;
    else if (taken === TAKEN.warming) this.#latest = 0;
    if (this.#emission === 'held') return this.scorer.engine.held(SLOT);
    if (this.#emission === 'onset') return isOnset ? this.#latest : 0;
    return this.#latest;
  }
}
