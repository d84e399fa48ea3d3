import type { Forecast } from './forecaster.ts';
import type { Resource } from './resource.ts';
import { WORD } from './resource-history.ts';
import { MAX_WAITING, type WaitingForecast } from './waiting-forecasts.ts';

/**
 * What became of a forecast. `early`: it was full before p10. `within`: between p10 and p90. `late`: not when p90 had
 * passed. `averted`: room was made, or the limit changed, so nobody knows. `unforeseen`: it became full, and of that nothing
 * had been said.
 */
const OUTCOMES = ['early', 'within', 'late', 'averted', 'unforeseen'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** Less time than this is judged by nobody: forecasts are made every five minutes. */
const MIN_SECONDS = 15 * 60;
/** Another forecast is kept when this share of what the last one promised has passed: a month needs about twelve. */
const KEPT_SHARE = 0.5;
/** Of a forecast without p90 nothing more is to be learnt when so many times p50 have passed. */
const HORIZON = 4;
/** Room was made when the level fell from its highest by so many times the noise, and by this share of the limit. */
const FALL_NOISES = 8;
const FALL_SHARE = 0.05;
/** Errors that the middle one is taken of. */
const MAX_ERRORS = 50;

/** How the forecasts of one kind of resource fared since the start. */
class Tally {
  readonly counts = new Map<Outcome, number>(OUTCOMES.map((outcome) => [outcome, 0]));
  /** Relative errors of p50, the latest ones. */
  readonly #errors: number[] = [];

  add(outcome: Outcome, error?: number): void {
    this.counts.set(outcome, this.counts.get(outcome)! + 1);
    if (error === undefined) return;
    this.#errors.push(error);
    if (this.#errors.length > MAX_ERRORS) this.#errors.shift();
  }

  /** The middle one of the latest errors, NaN without any. */
  get error(): number {
    return this.#errors.toSorted((a, b) => a - b)[this.#errors.length >> 1] ?? Number.NaN;
  }
}

/** Judges forecasts when the truth about them is known, and counts how they fared by kind of resource. */
export class MaturedForecasts {
  readonly #tallies = new Map<string, Tally>();

  /** How each kind of resource fared that was forecast. */
  get kinds(): ReadonlyMap<string, Pick<Tally, 'counts' | 'error'>> {
    return this.#tallies;
  }

  /** Looks at a resource of which a forecast was just made. @param previous the forecast before that one */
  see(resource: Resource, previous: Forecast | undefined): void {
    const { history } = resource;
    const waiting = resource.waiting.map((each) => ({ ...each, peak: Math.max(each.peak, history.used) }));
    const tally = this.#tallyOf(resource.rule.resource);
    const isFull = history.used >= history.limit;
    const wasFull = previous === undefined || previous.p50 === 0;
    if (isFull && !wasFull && waiting.length === 0) tally.add('unforeseen');
    const left = waiting.filter((each) => {
      const outcome = outcomeOf(each, resource, isFull);
      if (outcome === undefined) return true;
      const truth = history.lastAt - each.at;
      tally.add(outcome, isFull && outcome !== 'averted' ? Math.abs(each.p50 - truth) / truth : undefined);
      return false;
    });
    if (isWorthKeeping(resource, left)) left.push(waitingForecast(resource));
    resource.waiting = left;
  }

  #tallyOf(kind: string): Tally {
    const found = this.#tallies.get(kind) ?? new Tally();
    this.#tallies.set(kind, found);
    return found;
  }
}

/** Whether a forecast is one that can be judged, and much the same was not said not long ago. */
function isWorthKeeping({ history, forecast }: Resource, waiting: readonly WaitingForecast[]): boolean {
  const { p50, state } = forecast!;
  if (p50 === Infinity || p50 < MIN_SECONDS || state === 'resized' || waiting.length === MAX_WAITING) return false;
  const last = waiting.at(-1);
  return last === undefined || history.lastAt - last.at >= KEPT_SHARE * last.p50;
}

function waitingForecast({ history, forecast }: Resource): WaitingForecast {
  const { p10, p50, p90, state } = forecast!;
  return { at: history.lastAt, p10, p50, p90, hasTeeth: state === 'sawtooth', peak: history.used };
}

/** What became of a forecast; undefined while nobody knows. */
function outcomeOf(waiting: WaitingForecast, { history, scale }: Resource, isFull: boolean): Outcome | undefined {
  const { integers, base, lastAt, used, noise } = history;
  const { at, p10, p50, p90, hasTeeth, peak } = waiting;
  const elapsed = lastAt - at;
  if (integers[base + WORD.resizedAt]! > at) return 'averted';
  if (isFull && elapsed < p10) return 'early';
  if (isFull) return elapsed <= p90 ? 'within' : 'late';
  const isEmptied = peak - used > Math.max(FALL_NOISES * noise, FALL_SHARE * scale);
  if (isEmptied && !hasTeeth) return 'averted';
  if (p90 < Infinity) return elapsed > p90 ? 'late' : undefined;
  return elapsed > HORIZON * p50 ? 'within' : undefined;
}
