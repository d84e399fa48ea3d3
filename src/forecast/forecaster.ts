import { fullIn, NEVER, type Quantiles } from './full-in.ts';
import { DAY_SCALE, Growth, HOUR_SCALE, SCALE_COUNT } from './growth.ts';
import { type ResourceHistory, RINGS, WORD } from './resource-history.ts';
import { measureStaircase, staircaseSlope } from './staircase.ts';
import { type Envelope, envelopeOf, hasTeeth } from './teeth.ts';

/** What a resource does, as `predict_full_state` names it; a history keeps the place in this list. */
export const STATES = [
  'insufficient',
  'resized',
  'sawtooth',
  'filling',
  'draining',
  'flat',
  'deadline',
  'stale',
] as const;
export type ForecastState = (typeof STATES)[number];

/** Less than this is too little to say anything. */
const MIN_SECONDS = 30 * 60;
const MIN_BINS = 6;
/** After a change of its limit a resource is watched for so long before anything is said. */
const RESIZED_SECONDS = 3600;
/** Growth of so many times the noise is seen by eye. */
const VISIBLE = 6;
/** Growth within five minutes of so many times the noise is no chance: noise does that once in a thousand times. */
const SUDDEN = 4;
/** Growth has stopped when the latest five minutes had less than this share of what is usual, and that is so many times the noise. */
const STOPPED_SHARE = 0.5;
const STOPPED_NOISE = 3;
/** Some things grow by bursts: a pause that is no longer than those of the twenty minutes before is no end. */
const PAUSES_BEFORE = 4;
/** What has a day left at least may rest, over a weekend with a holiday, and is still filling. */
const MIN_PAUSED_LEFT = 86_400;
const MAX_PAUSE_SECONDS = 3 * 86_400;
/** What has begun to fill is filling still while its growth is hidden by noise for no longer than this. */
const HIDDEN_SECONDS = 3600;
/** Growth that goes through a whole scale is no chance when it is so many times its error. */
const SURE_ERRORS = 3;

export interface Forecast extends Quantiles {
  readonly state: ForecastState;
}

const growth = new Growth();

/**
 * Forecasts when a resource is full, from its history, as of its latest sample. Takes about 0.1 ms.
 * @param scale what counts as the whole, in the unit of the resource
 */
export function forecastOf(history: ResourceHistory, scale: number): Forecast {
  if (isInsufficient(history)) return { ...NEVER, state: settle(history, 'insufficient') };
  const { integers, base } = history;
  const hour = Math.floor(history.lastAt / 3600);
  const isNewHour = integers[base + WORD.growthHour] !== hour;
  integers[base + WORD.growthHour] = hour;
  growth.measure(history, isNewHour);
  if (isNewHour) measureStaircase(history);
  const isGrowing = isGrowingNow(history);
  const isDraining =
    growth.isConsistent[DAY_SCALE] === 1 && growth.slope[DAY_SCALE]! < -SURE_ERRORS * growth.slopeError[DAY_SCALE]!;
  const envelope = envelopeOf(history, scale);
  const quantiles = envelope === undefined ? alongScales(history, scale) : alongEnvelope(history, envelope, scale);
  return { ...quantiles, state: settle(history, observedState(history, envelope, quantiles, isGrowing, isDraining)) };
}

function alongScales(history: ResourceHistory, scale: number): Quantiles {
  const slope = hasTeeth(history) ? undefined : staircaseSlope(history, scale);
  if (slope !== undefined) for (let i = 0; i <= DAY_SCALE; i++) growth.slope[i] = slope;
  return fullIn(history.limit - history.used, growth, scale, history.age);
}

function alongEnvelope(history: ResourceHistory, envelope: Envelope, scale: number): Quantiles {
  for (let i = 0; i < SCALE_COUNT; i++) {
    growth.slope[i] = envelope.slope;
    growth.slopeError[i] = envelope.slopeError;
    growth.isConsistent[i] = envelope.isConsistent ? 1 : 0;
  }
  if (history.used >= history.limit) return fullIn(0, growth, scale, history.age);
  // A ceiling just above the limit has been survived so far: not full, but next to it.
  const left = Math.max(history.limit - Math.max(envelope.ceiling, history.used), 1e-9 * scale);
  const { p10, p50, p90 } = fullIn(left, growth, scale, history.age);
  // Only the top of a tooth fills it, and the next top may be some time away; the early edge does not count on that.
  return { p10, p50: untilTop(p50, envelope), p90: untilTop(p90, envelope) };
}

/** @returns seconds until the first top after `seconds` */
function untilTop(seconds: number, { toothSeconds, sinceTop }: Envelope): number {
  return Math.ceil((seconds + sinceTop) / toothSeconds) * toothSeconds - sinceTop;
}

function isInsufficient(history: ResourceHistory): boolean {
  if (history.age < MIN_SECONDS) return true;
  const { fiveMinutes } = RINGS;
  let count = 0;
  for (let i = 0; i < fiveMinutes.bins && count < MIN_BINS; i++)
    if (!Number.isNaN(history.bin(fiveMinutes, i))) count++;
  return count < MIN_BINS;
}

/**
 * Whether it grows at this moment: a write that has ended must not page anybody. Less growth is asked for of what was
 * filling, so that the state does not flicker.
 */
function isGrowingNow(history: ResourceHistory): boolean {
  const { lastAt, used, noise } = history;
  if (hasStopped(history)) return false;
  const wasFilling = STATES[history.integers[history.base + WORD.state]!] === 'filling';
  for (let scale = HOUR_SCALE; scale <= DAY_SCALE; scale++) {
    const isSure = growth.isConsistent[scale] === 1 && growth.slope[scale]! > SURE_ERRORS * growth.slopeError[scale]!;
    if (growth.slope[scale]! <= 0 || !(isSure || wasFilling)) continue;
    // What would have grown visibly in the last quarter of an hour, and has not, has ended.
    const hasEnded = scale === HOUR_SCALE && growth.slope[0] === 0 && growth.slope[scale]! * 900 > VISIBLE * noise;
    if (!hasEnded) return true;
  }
  return used > levelAt(history, lastAt - 900) && used - levelAt(history, lastAt - 300) > SUDDEN * noise;
}

/** Whether growth of the last quarter of an hour, or of the hour, has just ended, so that a write does not page after its end. */
function hasStopped(history: ResourceHistory): boolean {
  const { lastAt, noise } = history;
  const usual = 300 * Math.max(growth.slope[0]!, growth.slope[HOUR_SCALE]!);
  if (usual <= STOPPED_NOISE * noise) return false;
  const grown = meanLevel(history, lastAt) - meanLevel(history, lastAt - 300);
  return grown < STOPPED_SHARE * usual && !hadPause(history, grown);
}

/** Whether five minutes of the twenty before grew by as little. */
function hadPause(history: ResourceHistory, grown: number): boolean {
  const level = (bins: number) => history.highest(RINGS.fiveMinutes, history.lastAt - bins * 300);
  for (let back = 1; back <= PAUSES_BEFORE; back++) if (level(back) - level(back + 1) <= grown) return true;
  return false;
}

/** Mean of the levels of three minutes within the latest quarter of an hour, NaN when there are none. */
function meanLevel(history: ResourceHistory, at: number): number {
  let sum = 0;
  let count = 0;
  for (let back = 0; back < 3; back++) {
    const level = history.highest(RINGS.minute, at - back * 60);
    if (Number.isNaN(level)) continue;
    sum += level;
    count++;
  }
  return sum / count;
}

/** The level of a minute in the latest quarter of an hour, or of one shortly before; NaN when there is none. */
function levelAt(history: ResourceHistory, at: number): number {
  for (let back = 0; back < 5; back++) {
    const level = history.highest(RINGS.minute, at - back * 60);
    if (!Number.isNaN(level)) return level;
  }
  return Number.NaN;
}

function observedState(
  history: ResourceHistory,
  envelope: Envelope | undefined,
  { p50 }: Quantiles,
  isGrowing: boolean,
  isDraining: boolean,
): ForecastState {
  const resizedAt = history.integers[history.base + WORD.resizedAt]!;
  if (resizedAt > history.integers[history.base + WORD.firstAt]! && history.lastAt - resizedAt < RESIZED_SECONDS)
    return 'resized';
  if (envelope !== undefined) return 'sawtooth';
  const isFilling = isGrowing && p50 < Infinity;
  if (isFilling) history.integers[history.base + WORD.grewAt] = history.lastAt;
  // An urgent forecast pages nobody unless it is seen to grow.
  const goesOn = p50 > MIN_PAUSED_LEFT && ((p50 < Infinity && isPaused(history)) || isHidden(history));
  if (isFilling || goesOn) return 'filling';
  return isDraining ? 'draining' : 'flat';
}

/** Whether it has been filling, and nothing has ended that: there is not enough data to say that it has stopped. */
function isHidden(history: ResourceHistory): boolean {
  const { integers, base, lastAt } = history;
  if (STATES[integers[base + WORD.state]!] !== 'filling' || integers[base + WORD.isFalling] === 1) return false;
  return lastAt - integers[base + WORD.grewAt]! < HIDDEN_SECONDS && !hasStopped(history);
}

/** Whether it has been filling, and grows again soon: it grew for longer than it now rests, which is not for ever. */
function isPaused({ integers, base, lastAt }: ResourceHistory): boolean {
  if (STATES[integers[base + WORD.state]!] !== 'filling') return false;
  const grewAt = integers[base + WORD.grewAt]!;
  return lastAt - grewAt < Math.min(MAX_PAUSE_SECONDS, grewAt - integers[base + WORD.fillingSince]!);
}

/** A change of state has to be seen twice in a row, but filling begins and ends at once. */
function settle({ integers, base, lastAt }: ResourceHistory, observed: ForecastState): ForecastState {
  const before = STATES[integers[base + WORD.state]!]!;
  const next = STATES.indexOf(observed);
  const isConfirmed = integers[base + WORD.nextState] === next;
  integers[base + WORD.nextState] = next;
  if (!isConfirmed && before !== 'filling' && before !== 'insufficient' && observed !== 'filling') return before;
  if (observed !== before) integers[base + WORD.fillingSince] = lastAt;
  integers[base + WORD.state] = next;
  return observed;
}
