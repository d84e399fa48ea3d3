import type { Labels } from '../model/labels.ts';
import { type Company, CoOccurrence, type SavedCoOccurrence } from './co-occurrence.ts';
import { LabelWeights, pairsOf, type SavedLabelWeights } from './label-weights.ts';
import { PastNoise, type SavedNoise } from './past-noise.ts';
import { firstAlert, type Sign } from './sign.ts';
import { wordsInCommon, wordsOf } from './wording.ts';

/** What is saved of a cluster's experience. */
export interface SavedExperience {
  readonly labels: SavedLabelWeights;
  readonly company: SavedCoOccurrence;
  readonly noise: SavedNoise;
}

/** What an alert says, read once. */
interface Profile {
  readonly labels: Labels;
  readonly pairs: readonly string[];
  readonly words: ReadonlySet<string>;
}

/** How alike two signs are, each 0..1, with what shows it. */
export interface Likeness {
  readonly labels: { readonly share: number; readonly pairs: readonly string[] };
  readonly words: { readonly share: number; readonly words: readonly string[] };
  /** Undefined when they do not begin together more often than by chance. */
  readonly company: Company | undefined;
}

/** What is learnt of a cluster from trouble that is over: incidents that are under way teach nothing. */
export class Experience {
  /** What comes by itself all day. */
  readonly noise: PastNoise;
  readonly #labels: LabelWeights;
  readonly #company: CoOccurrence;
  readonly #profiles = new WeakMap<Sign, Profile>();
  #isEmpty: boolean;
  #hasChanged = false;

  constructor(saved?: SavedExperience) {
    this.noise = new PastNoise(saved?.noise);
    this.#labels = new LabelWeights(saved?.labels);
    this.#company = new CoOccurrence(saved?.company);
    this.#isEmpty = saved === undefined;
  }

  /** Whether nothing is over yet: then it has nothing to say. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Learns from a sign that is over. */
  remember(sign: Sign): void {
    if (!sign.hasCause) this.noise.note(sign.kind, sign.entityKey, sign.onset);
    this.#hasChanged = true;
    const alert = firstAlert(sign);
    if (alert === undefined) return;
    this.#labels.note(alert.labels);
    this.#company.note(sign.kind, sign.onset);
    this.#isEmpty = false;
  }

  companionsOf(kind: string): ReadonlyMap<string, Company> {
    return this.#company.companionsOf(kind);
  }

  pairsOf(sign: Sign): readonly string[] {
    return this.#profileOf(sign).pairs;
  }

  compare(a: Sign, b: Sign, company: Company | undefined): Likeness {
    const [one, other] = [this.#profileOf(a), this.#profileOf(b)];
    return {
      labels: this.#labels.shared(one.labels, other.labels),
      words: wordsInCommon(one.words, other.words),
      company,
    };
  }

  /** Undefined when nothing has changed since the last call. */
  changes(): SavedExperience | undefined {
    if (!this.#hasChanged) return undefined;
    this.#hasChanged = false;
    return { labels: this.#labels.saved(), company: this.#company.saved(), noise: this.noise.saved() };
  }

  #profileOf(sign: Sign): Profile {
    const known = this.#profiles.get(sign);
    if (known !== undefined) return known;
    const alert = firstAlert(sign);
    if (alert === undefined) return SAYS_NOTHING;
    const profile = { labels: alert.labels, pairs: pairsOf(alert.labels), words: wordsOf(alert) };
    this.#profiles.set(sign, profile);
    return profile;
  }
}

const SAYS_NOTHING: Profile = { labels: new Map(), pairs: [], words: new Set() };
