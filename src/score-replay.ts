import { Scorer, TAKEN } from './detect/scorer.ts';
import type { Anomaly } from './model/anomaly.ts';
import { type Labels, METRIC_NAME } from './model/labels.ts';
import { Columns } from './series/columns.ts';
import { IGNORED, KIND, type Kind } from './series/kinds.ts';
import type { LearnRule } from './series/learn-rule.ts';
import { Policies } from './series/policies.ts';

/** What `ScoreReplay.take` gives: the published score, its slowly falling form, or the score at onsets and 0 elsewhere. */
export type Emission = 'score' | 'held' | 'onset';

/** How a recorded series is treated, where it is not by the defaults. */
export interface ReplaySettings {
  /** Gauge by default. */
  readonly kind?: Kind;
  /** Rules of `learn:`, and the labels that they are matched with. */
  readonly rules?: readonly LearnRule[];
  readonly labels?: Labels;
  /** Told when an anomaly begins, and again when it has ended. */
  readonly onAnomaly?: (anomaly: Omit<Anomaly, 'labels'>) => void;
}

const SLOT = 1;

/** One recorded series taken through production code, sample by sample. */
export class ScoreReplay {
  readonly scorer: Scorer;
  readonly kind: Kind;
  /** What became of the latest sample: one of TAKEN. */
  taken: number = TAKEN.quiet;
  readonly #policies = new Policies();
  readonly #policyNumber: number;
  readonly #emission: Emission;
  #latest = 0;

  constructor(emission: Emission, zone = 'UTC', settings: ReplaySettings = {}) {
    const { kind = KIND.gauge, rules = [], labels = new Map(), onAnomaly = () => {} } = settings;
    this.#emission = emission;
    this.#policies.setRules(rules);
    this.scorer = new Scorer(new Columns(2), this.#policies, zone, (_, anomaly) => onAnomaly(anomaly));
    const policy = this.#policies.match(labels.get(METRIC_NAME) ?? '', labels);
    this.#policyNumber = policy.number;
    this.kind = policy.kind ?? kind;
  }

  /** Whether a rule says that the series is to be left alone. */
  get isIgnored(): boolean {
    return this.kind >= IGNORED;
  }

  /**
   * Takes in a sample, whatever it is like.
   * @returns what is put out after it: a sample without a verdict of its own has that of the one before
   */
  take(timestamp: number, value: number): number {
    this.scorer.now = timestamp;
    this.scorer.sample.timestamp = timestamp;
    this.scorer.sample.value = value;
    this.taken = this.scorer.take(SLOT, this.kind, this.#policyNumber, true);
    const isOnset = this.taken === TAKEN.judged && this.scorer.isOnset;
    if (this.taken === TAKEN.judged) this.#latest = this.scorer.verdict.score;
    else if (this.taken === TAKEN.warming) this.#latest = 0;
    if (this.#emission === 'held') return this.scorer.engine.held(SLOT);
    if (this.#emission === 'onset') return isOnset ? this.#latest : 0;
    return this.#latest;
  }

  /** The record ends here: an anomaly that is open ends with it. */
  end(): void {
    this.scorer.end(SLOT);
  }
}
