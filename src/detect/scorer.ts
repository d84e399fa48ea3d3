import type { Labels } from '../model/labels.ts';
import type { Columns, Pool } from '../series/columns.ts';
import { FIRST_UNSCORED, KIND } from '../series/kinds.ts';
import type { Policies } from '../series/policies.ts';
import { type Siblings, withoutSiblings } from '../series/workloads.ts';
import { Anomalies, type AnomalyListener } from './anomalies.ts';
import { Band } from './band.ts';
import { CivilTime } from './civil-time.ts';
import { CounterRates } from './counter-rates.ts';
import type { Sample } from './detector.ts';
import { Engine, VERDICT } from './engine.ts';
import { explain } from './explanation.ts';
import { Feedbacks } from './feedbacks.ts';
import { Gates } from './gates.ts';
import { Inheritance } from './inheritance.ts';
import { Onsets } from './onsets.ts';
import type { QuietSlots } from './quiet-slots.ts';
import { SampleClock } from './sample-clock.ts';

/** What is not a number that can be scored counts as the largest that can. */
const MAX_VALUE = 1e30;
/** Smaller than this is zero: denormals would only slow the processor down. */
const MIN_VALUE = 1e-300;
/** After so long a gap, in seconds, a series is a new one. */
const NEW_SERIES_GAP = 14 * 86_400;
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
  /** A holiday or maintenance: neither judged nor learnt. */
  paused: 6,
} as const;

/** What the scorer asks of others; a series that is replayed alone has none of it. */
interface Surroundings {
  readonly workloads?: Siblings;
  readonly quietSlots?: QuietSlots;
  readonly labels?: (slot: number) => Labels | undefined;
}

/** All that happens to a sample of a known series: from value to verdict, and what is learnt of it. */
export class Scorer {
  /** The latest verdict, after the gates. */
  readonly verdict: Gates;
  /** Clock time, milliseconds: to be set before samples are taken in. */
  now = 0;
  /** Whether the latest verdict is the beginning of trouble. */
  isOnset = false;
  /** Samples that were neither judged nor learnt, because of a holiday or maintenance. */
  pausedTotal = 0;
  readonly sampleClock: SampleClock;
  readonly rates: CounterRates;
  readonly anomalies: Anomalies;
  readonly engine: Engine;
  readonly inheritance: Inheritance;
  readonly feedbacks: Feedbacks;
  readonly #policies: Policies;
  readonly #band: Band;
  readonly #quietSlots: QuietSlots | undefined;
  readonly #live: Pool;
  /** 1 while the calendars make a series quiet, of the live ones. */
  readonly #isPaused: Uint8Array;
  readonly #onsets = new Onsets();
  /** The sample that `take` takes in: its value and timestamp have to be set before. */
  readonly sample: Sample = {
    value: 0,
    timestamp: 0,
    elapsedSeconds: 0,
    stepSeconds: 0,
    intervalSeconds: 0,
    isGap: false,
    isRate: false,
  };

  /** @param zone in whose civil time seasons are learnt */
  constructor(
    columns: Columns,
    policies: Policies,
    zone: string,
    listener: AnomalyListener,
    { workloads = withoutSiblings(columns), quietSlots, labels = () => undefined }: Surroundings = {},
  ) {
    this.#policies = policies;
    this.sampleClock = new SampleClock(columns);
    // The last value of a counter, the only one of a constant gauge.
    const values = columns.f64('value');
    const live = columns.pool('live', columns.capacity - 1);
    this.#live = live;
    this.rates = new CounterRates(values);
    this.engine = new Engine(columns, live, values, new CivilTime(zone), workloads, this.sampleClock);
    this.verdict = new Gates(policies);
    this.anomalies = new Anomalies(live, listener);
    this.inheritance = new Inheritance(workloads, this.engine, this.sampleClock, this.anomalies);
    this.#band = new Band(this.engine.judgement);
    this.feedbacks = new Feedbacks(this.anomalies, labels);
    this.#quietSlots = quietSlots;
    this.#isPaused = live.columns.u8('is_paused');
  }

  /**
   * Takes in `sample`, of which value and timestamp are set.
   * @param isPublished whether the series is put out, so that every verdict is wanted, with its band
   * @returns one of TAKEN
   */
  take(slot: number, kind: number, policyNumber: number, isPublished: boolean): number {
    const { sample } = this;
    const { timestamp, value: received } = sample;
    const lastAt = this.sampleClock.lastAt(slot);
    if (timestamp <= lastAt) return timestamp === lastAt ? TAKEN.repeated : TAKEN.outOfOrder;
    if (!Number.isFinite(received)) return TAKEN.notANumber;
    sample.value = Math.max(-MAX_VALUE, Math.min(MAX_VALUE, Math.abs(received) < MIN_VALUE ? 0 : received));
    if (lastAt === 0) this.inheritance.begin(slot, timestamp);
    this.sampleClock.advance(slot, sample);
    if (kind >= FIRST_UNSCORED) return TAKEN.quiet;
    sample.isRate = kind === KIND.counter;
    if (sample.elapsedSeconds > NEW_SERIES_GAP) this.#startAnew(slot, lastAt);
    let weight = 1;
    if (sample.isRate) weight = this.rates.update(slot, sample) ? sample.elapsedSeconds : 0;
    if (this.#quietSlots?.nameOf(slot, timestamp) !== undefined) return this.#pause(slot, timestamp);
    const row = this.#live.rows[slot]!;
    if (row !== 0 && this.#isPaused[row] === 1) {
      // What is learnt goes on where it was: a gap, but one in which nothing was missed.
      this.#isPaused[row] = 0;
      sample.isGap = true;
    }
    const { judgement } = this.engine;
    const isOpen = this.anomalies.isOpen(slot);
    const isWatched = isPublished || isOpen || this.#policies.isAttentive[policyNumber] === 1;
    const reference = isOpen ? this.anomalies.reference(slot) : undefined;
    const former = this.anomalies.formerReference(slot, timestamp);
    judgement.accepted = this.feedbacks.acceptedOf(slot);
    this.engine.grain = this.#policies.get(policyNumber).minDeviation.absolute;
    const found = this.engine.observe(slot, sample, weight, isWatched, reference, former);
    // What is always put out is put out from its first sample on.
    if (found === VERDICT.none)
      return isWatched && !isPublished && !this.engine.isWarm(slot) ? TAKEN.warming : TAKEN.quiet;
    const isStep = found === VERDICT.step;
    const isWanted = isWatched || judgement.score >= QUIET_SCORE || judgement.isFlatline;
    if (!isWanted) {
      this.engine.learn(slot, 0, false);
      return TAKEN.quiet;
    }
    const isWarm = this.engine.isWarm(slot);
    if (isWarm) this.#judge(slot, policyNumber, isPublished, isStep);
    if (isStep) {
      this.engine.learn(slot, isWarm ? this.verdict.score : 0, this.anomalies.isOpen(slot));
    }
    return isWarm ? TAKEN.judged : TAKEN.warming;
  }

  /** The series has ended, or its slot goes to another one. */
  end(slot: number, timestamp = this.sampleClock.lastAt(slot)): void {
    this.anomalies.end(slot, timestamp);
    this.#onsets.forget(slot);
  }

  #startAnew(slot: number, lastAt: number): void {
    this.anomalies.end(slot, lastAt);
    this.engine.forget(slot);
  }

  #pause(slot: number, timestamp: number): number {
    const row = this.#live.rows[slot]!;
    if (row !== 0) this.#isPaused[row] = 1;
    this.pausedTotal++;
    if (this.anomalies.isOpen(slot)) this.anomalies.end(slot, timestamp);
    return TAKEN.paused;
  }

  /**
   * Judges the latest step of a series again: the verdict with its band is in `verdict`, the channels in `engine`.
   * @returns false when there is none: too little is known, or the series never changed
   */
  inspect(slot: number, policyNumber: number): boolean {
    const { engine, verdict, anomalies, sample } = this;
    const { judgement } = engine;
    const timestamp = this.sampleClock.lastAt(slot);
    Object.assign(sample, { timestamp, isGap: false, stepSeconds: this.sampleClock.stepSeconds(slot) });
    const former = anomalies.formerReference(slot, timestamp);
    judgement.accepted = this.feedbacks.acceptedOf(slot);
    engine.grain = this.#policies.get(policyNumber).minDeviation.absolute;
    if (!engine.inspect(slot, sample, anomalies.reference(slot), former) || !engine.isWarm(slot)) return false;
    verdict.judge(policyNumber, judgement.value, judgement.score, judgement.expected, judgement.magnitude);
    verdict.score = Math.max(verdict.score, judgement.flatlineScore);
    this.#band.find(verdict.edgeScore);
    verdict.bound(policyNumber, this.#band.lower, this.#band.upper);
    return true;
  }

  /** The slot goes to another series. */
  forget(slot: number): void {
    this.anomalies.forget(slot);
    this.feedbacks.forget(slot);
    this.#quietSlots?.forget(slot);
  }

  /** Takes the engine's verdict to the gates, and to the anomaly that it may open, continue or end. */
  #judge(slot: number, policyNumber: number, isPublished: boolean, isStep: boolean): void {
    const { verdict, anomalies } = this;
    const { judgement } = this.engine;
    const { timestamp, stepSeconds } = this.sample;
    verdict.judge(policyNumber, judgement.value, judgement.score, judgement.expected, judgement.magnitude);
    verdict.score = Math.max(verdict.score, judgement.flatlineScore);
    if (isPublished || verdict.score > NOTABLE_SCORE) {
      this.#band.find(verdict.edgeScore);
      verdict.bound(policyNumber, this.#band.lower, this.#band.upper);
    }
    this.isOnset = this.#onsets.observe(slot, timestamp, verdict.score, stepSeconds);
    if (!anomalies.isOpen(slot) && verdict.score > 1) {
      const { sentence } = explain(judgement, verdict);
      anomalies.open(slot, timestamp, judgement.value, verdict, judgement.reference(), sentence);
    }
    if (!anomalies.isOpen(slot)) return;
    const { value, hasReturned } = judgement;
    const isUnsettled = anomalies.observe(slot, timestamp, value, verdict.score, isStep, hasReturned, this.now);
    if (isUnsettled) this.engine.settle();
  }
}
