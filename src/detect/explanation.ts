import type { Gates } from './gates.ts';
import type { Judgement } from './judgement.ts';
import type { Opinion } from './opinions.ts';
import { HALVE_AT } from './rank-histogram.ts';

/** A deviation as rare as this, or rarer, is called by a number; more digits than this would be made up. */
const RAREST = 7;
const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;

/** Why a step has the score that it has. */
export interface Explanation {
  /** The channel that finds it rarest, or what scores a step besides the channels. */
  readonly spokesman: Opinion['channel'] | 'flatline' | 'range_of_rule';
  /** The key of the rule that has changed the score, if any. */
  readonly gate: Gates['gate'];
  readonly opinions: readonly Opinion[];
  /** How rare a deviation as large is for the series, a guess beyond what was seen; undefined while little is known. */
  readonly rarity: Rarity | undefined;
  readonly sentence: string;
}

interface Rarity {
  /** One in so many of the series' steps. */
  readonly oneIn: number;
  readonly sentence: string;
}

/** Explains what judgement and gates have found last; the band has to be known. */
export function explain(judgement: Judgement, verdict: Gates): Explanation {
  const { step } = judgement;
  const opinions = judgement.opinions();
  const loudest = loudestOf(opinions, judgement);
  const rarity = rarityOf(loudest.rarity, step.lengthSeconds, judgement.learned);
  const isFlat = judgement.flatlineScore > 0 && judgement.flatlineScore >= verdict.score;
  const isOutside = verdict.gate === 'range';
  const spokesman = isFlat ? 'flatline' : isOutside ? 'range_of_rule' : loudest.channel;
  const found = `${short(judgement.value)} where ${short(verdict.expected)} is expected (normal: ${bandOf(verdict)})`;
  const sentence = isFlat
    ? `${short(judgement.value)} for far longer than it ever stood still before, although it always moves`
    : isOutside
      ? `${found}: outside of the range that its rule allows`
      : `${found}: ${inWords(loudest, judgement)}${rarity === undefined ? '' : `; ${rarity.sentence}`}`;
  return { spokesman, gate: verdict.gate, opinions, rarity, sentence };
}

/** Siblings have a score of their own; the other channels share one, which goes by the rarest. */
function loudestOf(opinions: readonly Opinion[], { peersScore, score }: Judgement): Opinion {
  const isOfPeers = peersScore > 0 && peersScore >= score;
  const asked = opinions.filter(({ channel }) => (channel === 'peers') === isOfPeers);
  return asked.reduce((a, b) => (b.rarity - b.handicap > a.rarity - a.handicap ? b : a));
}

function inWords({ channel, z }: Opinion, judgement: Judgement): string {
  const isBelow = channel === 'peers' ? z < 0 : judgement.value < judgement.expected;
  const side = isBelow ? 'below' : 'above';
  const sigmas = `${short(Math.abs(z))} standard deviations ${side}`;
  switch (channel) {
    case 'fast':
      return `${sigmas} where it has just been`;
    case 'long':
      return `${sigmas} what is usual for weeks`;
    case 'season':
      return `${sigmas} what is usual at this time of the day`;
    case 'peers':
      return `${sigmas} what its siblings do`;
    case 'range':
      return `${side} all that was seen (${short(judgement.seen[0])} to ${short(judgement.seen[1])})`;
  }
}

/** @param rarity as a rank histogram gives it. @param stepSeconds length of a step. @param learned steps */
function rarityOf(rarity: number, stepSeconds: number, learned: number): Rarity | undefined {
  if (rarity <= 0) return undefined;
  const exact = 10 ** Math.min(RAREST, rarity);
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 1);
  const oneIn = Math.max(1, Math.round(exact / digits) * digits);
  // Beyond what was seen a rarity is a guess, good for scores and not for a sentence.
  const remembered = Math.min(learned, HALVE_AT);
  if (oneIn > remembered) {
    const count = Math.floor(remembered).toLocaleString('en');
    return { oneIn, sentence: `none of its own ${count} steps that are remembered was as far out` };
  }
  const often = `about once in ${durationInWords(oneIn * stepSeconds)}`;
  return { oneIn, sentence: `1 in ${oneIn.toLocaleString('en')} of its own steps is as far out, ${often}` };
}

function durationInWords(seconds: number): string {
  if (seconds >= 2 * DAY_SECONDS) return `${Math.round(seconds / DAY_SECONDS).toLocaleString('en')} days`;
  if (seconds >= 2 * HOUR_SECONDS) return `${Math.round(seconds / HOUR_SECONDS)} hours`;
  return `${Math.max(1, Math.round(seconds / 60))} minutes`;
}

function bandOf({ lower, upper }: Gates): string {
  if (!Number.isFinite(lower)) return `up to ${short(upper)}`;
  return Number.isFinite(upper) ? `${short(lower)} to ${short(upper)}` : `from ${short(lower)} on`;
}

/** A number as people write it: four digits that matter. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-3)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}
