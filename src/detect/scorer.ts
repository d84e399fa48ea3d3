import type { Columns } from '../series/columns.ts';
import { KIND, UNSCORED } from '../series/kinds.ts';
import type { Policies } from '../series/policies.ts';
import { Anomalies, type AnomalyListener } from './anomalies.ts';
import { Band } from './band.ts';
import { CivilTime } from './civil-time.ts';
import { CounterRates, RATE } from './counter-rates.ts';
import type { Sample } from './detector.ts';
import { Engine, VERDICT } from './engine.ts';
import { Gates } from './gates.ts';
import { Onsets } from './onsets.ts';
import { SampleClock } from './sample-clock.ts';

/** What is not a number that can be scored counts as the largest that can. */
const MAX_VALUE = 1e30;
/** Smaller than this is zero: denormals would only slow the processor down. */
const MIN_VALUE = 1e-300;
/** A score as low as this matters to nobody, unless somebody watches the series. */
const QUIET_SCORE = 0.4;
/** From this score on a series may be put out, which takes a band. */
const NOTABLE_SCORE = 0.5;

/** What became of a sample. */
export const TAKEN = {
  /** It was learnt, or waits for its step; there is nothing to tell. */
  quiet: 0,
  /** There is a verdict: in `verdict`. */
  judged: 1,
  /** The step was learnt, but too little is known for a verdict. */
  warming: 2,
  repeated: 3,
  outOfOrder: 4,
  notANumber: 5,
} as const;

/** All that happens to a sample of a known series: from value to verdict, and what is learnt of it. */
export class Scorer {
  /** The latest verdict, after the gates. */
  readonly verdict: Gates;
  /** Clock time, milliseconds: to be set before samples are taken in. */
  now = 0;
  /** Whether the latest verdict is the beginning of trouble. */
  isOnset = false;
  readonly sampleClock: SampleClock;
  readonly rates: CounterRates;
  readonly anomalies: Anomalies;
  readonly engine: Engine;
  readonly #policies: Policies;
  readonly #band: Band;
  readonly #onsets = new Onsets();
  /** The sample that `take` takes in: its value and timestamp have to be set before. */
  readonly sample: Sample = {
    value: 0,
    timestamp: 0,
    elapsedSeconds: 0,
    stepSeconds: 0,
    intervalSeconds: 0,
    isGap: false,
  };

  /** @param zone in whose civil time seasons are learnt */
  constructor(columns: Columns, policies: Policies, zone: string, listener: AnomalyListener) {
    this.#policies = policies;
    this.sampleClock = new SampleClock(columns);
    this.rates = new CounterRates(columns);
    this.engine = new Engine(columns, new CivilTime(zone));
    this.verdict = new Gates(policies);
    this.anomalies = new Anomalies(columns, listener);
    this.#band = new Band(this.engine);
  }

  /**
   * Takes in `sample`, of which value and timestamp are set.
   * @param isPublished whether the series is put out, so that every verdict is wanted, with its band
   * @returns one of TAKEN
   */
  take(slot: number, kind: number, policyNumber: number, isPublished: boolean): number {
    const { sample } = this;
    const { timestamp, value: received } = sample;
    const lastAt = this.sampleClock.lastAt[slot]!;
    if (timestamp <= lastAt) return timestamp === lastAt ? TAKEN.repeated : TAKEN.outOfOrder;
    if (!Number.isFinite(received)) return TAKEN.notANumber;
    sample.value = Math.max(-MAX_VALUE, Math.min(MAX_VALUE, Math.abs(received) < MIN_VALUE ? 0 : received));
    this.sampleClock.advance(slot, sample);
    if (kind >= UNSCORED) return TAKEN.quiet;
    let weight = 1;
    if (kind === KIND.counter) {
      weight = this.rates.update(slot, sample) === RATE.known ? sample.elapsedSeconds : 0;
    }
    const isOpen = this.anomalies.isOpen[slot] === 1;
    const isWatched = isPublished || isOpen || this.#policies.isAttentive[policyNumber] === 1;
    const reference = isOpen ? this.anomalies.reference(slot) : undefined;
    const former = this.anomalies.formerReference(slot, timestamp);
    const found = this.engine.observe(slot, sample, weight, isWatched, reference, former);
    // What is always put out is put out from its first sample on.
    if (found === VERDICT.none)
      return isWatched && !isPublished && !this.engine.isWarm(slot) ? TAKEN.warming : TAKEN.quiet;
    const isStep = found === VERDICT.step;
    const isWanted = isWatched || this.engine.score >= QUIET_SCORE || this.engine.isFlatline;
    if (!isWanted) {
      this.engine.learn(slot, 0, false);
      return TAKEN.quiet;
    }
    const isWarm = this.engine.isWarm(slot);
    if (isWarm) this.#judge(slot, policyNumber, isPublished, isStep);
    if (isStep) {
      this.engine.learn(slot, isWarm ? this.verdict.score : 0, this.anomalies.isOpen[slot] === 1);
    }
    return isWarm ? TAKEN.judged : TAKEN.warming;
  }

  /** The series has ended, or its slot goes to another one. */
  end(slot: number, timestamp = this.sampleClock.lastAt[slot]!): void {
    this.anomalies.end(slot, timestamp);
    this.#onsets.forget(slot);
  }

  /** Takes the engine's verdict to the gates, and to the anomaly that it may open, continue or end. */
  #judge(slot: number, policyNumber: number, isPublished: boolean, isStep: boolean): void {
    const { engine, verdict, anomalies } = this;
    const { timestamp, stepSeconds } = this.sample;
    verdict.judge(policyNumber, engine.step.value, engine.score, engine.expected, engine.magnitude);
    verdict.score = Math.max(verdict.score, engine.flatlineScore);
    if (isPublished || verdict.score > NOTABLE_SCORE) {
      this.#band.find(verdict.edgeScore);
      verdict.bound(policyNumber, this.#band.lower, this.#band.upper);
    }
    this.isOnset = this.#onsets.observe(slot, timestamp, verdict.score, stepSeconds);
    if (anomalies.isOpen[slot] === 0 && verdict.score > 1) {
      anomalies.open(slot, timestamp, engine.step.value, verdict, engine.reference());
    }
    if (anomalies.isOpen[slot] === 1)
      anomalies.observe(slot, timestamp, verdict.score, isStep, engine.hasReturned, this.now);
  }
}
