import type { Entity } from '../model/entity.ts';
import { burstsOf } from './bursts.ts';
import { insideTrouble, outsideSymptoms } from './inside-trouble.ts';
import type { Sign } from './sign.ts';

/** The signs of one thing, and what follows from them alone: worked out once for as long as they stay as they are. */
export class Trouble {
  readonly entity: Entity;
  readonly key: string;
  /** The earliest first. */
  readonly signs: readonly Sign[];
  readonly #revisions: readonly number[];
  readonly #onsets: readonly number[];
  #bursts: readonly (readonly Sign[])[] | undefined;
  #insideAt: readonly number[] | undefined;
  #symptoms: readonly Sign[] | undefined;

  /** @param signs at least one, all of the same thing, in order of `byOnset` */
  constructor(signs: readonly Sign[]) {
    this.entity = signs[0]!.entity!;
    this.key = signs[0]!.entityKey;
    this.signs = signs;
    this.#revisions = signs.map(({ revision }) => revision);
    this.#onsets = signs.map(({ onset }) => onset);
  }

  get bursts(): readonly (readonly Sign[])[] {
    this.#bursts ??= burstsOf(this.signs, (sign) => sign);
    return this.#bursts;
  }

  /** When it broke by itself. */
  get insideAt(): readonly number[] {
    this.#insideAt ??= insideTrouble(this.bursts);
    return this.#insideAt;
  }

  /** Failing requests for which something else may be the reason. */
  get symptoms(): readonly Sign[] {
    this.#symptoms ??= outsideSymptoms(this.signs);
    return this.#symptoms;
  }

  /** Whether these are its signs, and nothing has happened to them since. */
  isStill(signs: readonly Sign[]): boolean {
    return (
      signs.length === this.signs.length &&
      signs.every((sign, i) => sign.revision === this.#revisions[i] && sign === this.signs[i])
    );
  }

  /** Whether the other one has the same signs, which began at the same times: they may have ended since. */
  beganLike(other: Trouble): boolean {
    return (
      other.signs.length === this.signs.length &&
      this.signs.every((sign, i) => sign === other.signs[i] && this.#onsets[i] === other.#onsets[i])
    );
  }
}

/** By key of the thing. */
export type Troubles = ReadonlyMap<string, Trouble>;
