import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { type Selector, selects } from '../model/matcher.ts';
import { KIND, type Kind } from './kinds.ts';

/** One rule of `learn:` in the configuration. */
export interface LearnRule {
  /** A series matches when any of them selects it. */
  readonly match: readonly Selector[];
  readonly emit: 'all' | 'anomalous' | 'none' | 'ignore';
  readonly kind: 'auto' | 'counter' | 'gauge';
  /** Factor on the number of alarms, about: 2 is twice as eager. */
  readonly sensitivity: number;
  readonly direction: 'both' | 'up' | 'down';
  /** Both must be exceeded; absolute in the unit of scoring, relative to the level. */
  readonly minDeviation: { readonly absolute: number; readonly relative: number };
  /** Values outside are anomalous, and bands are cut to it. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** Labels that tell the replicas of a workload apart: a new one goes on with what is known of the others. */
  readonly identityDrop: readonly string[];
}

/** How a series is treated that no rule matches. */
export const DEFAULT_RULE: LearnRule = {
  match: [],
  emit: 'anomalous',
  kind: 'auto',
  sensitivity: 1,
  direction: 'both',
  minDeviation: { absolute: 0, relative: 0.05 },
  identityDrop: [],
};

export type Policy = Omit<LearnRule, 'match'>;

/** The opt-in label of Grafana's PromQL anomaly framework: its series are always put out. */
const OPT_IN_LABEL = 'anomaly_name';

/**
 * Which policy a series has. Policies are numbered, so that a slot can name its own in two bytes, and numbers keep their
 * meaning over reloads: series that were not yet matched again are still judged by their old policy.
 */
export class Policies {
  readonly #numbers = new Map<string, number>();
  /** The same by rule, of those in use: a new series should not have to wait for a key to be written. */
  readonly #numberOfRule = new Map<LearnRule, number>();
  readonly #list: Policy[] = [];
  /** `identityDrop` of each, in UTF-8. */
  readonly #dropped: (readonly Uint8Array[])[] = [];
  /** 1 for policies under which every sample counts, however normal it looks to the detector. */
  readonly isAttentive = new Uint8Array(65_536);
  #rules: readonly LearnRule[] = [];
  /** Whether some rule may match series of a metric name. */
  readonly #mayMatch = new Map<string, boolean>();

  /** Policy of a number that `match` gave. */
  get(number: number): Policy {
    return this.#list[number]!;
  }

  /** Names, in UTF-8, of the labels that a policy takes for no part of a series' identity. */
  droppedLabels(number: number): readonly Uint8Array[] {
    return this.#dropped[number]!;
  }

  /** Whether a policy says by itself what kind its series are, whatever metadata says. */
  forcesKind(number: number): boolean {
    const { emit, kind } = this.get(number);
    return emit === 'ignore' || kind !== 'auto';
  }

  /** Replaces the rules, for series that are matched from now on. */
  setRules(rules: readonly LearnRule[]): void {
    this.#rules = rules;
    this.#numberOfRule.clear();
    this.#mayMatch.clear();
  }

  /** Whether the policy of a series with these label bytes depends on more than its metric name. */
  dependsOn(metricName: string, labelBytes: Uint8Array): boolean {
    const bytes = Buffer.from(labelBytes.buffer, labelBytes.byteOffset, labelBytes.byteLength);
    return this.#isSpokenOf(metricName) || bytes.includes(OPT_IN_LABEL);
  }

  /** @returns the number of the policy, and the kind that it forces upon the series, if any */
  match(labels: Labels): { readonly number: number; readonly kind: Kind | undefined } {
    const rule = this.#rules.find((each) => each.match.some((selector) => selects(selector, labels))) ?? DEFAULT_RULE;
    const optedIn = labels.has(OPT_IN_LABEL) && rule.emit === 'anomalous';
    const number = optedIn ? this.#number({ ...rule, emit: 'all' }) : this.#numberOf(rule);
    return { number, kind: rule.emit === 'ignore' ? KIND.ignoredRule : FORCED[rule.kind] };
  }

  #isSpokenOf(metricName: string): boolean {
    let isSpokenOf = this.#mayMatch.get(metricName);
    if (isSpokenOf === undefined) {
      const labels = new Map([[METRIC_NAME, metricName]]);
      const ofName = (selector: Selector) => selector.filter(({ name }) => name === METRIC_NAME);
      isSpokenOf = this.#rules.some(({ match }) => match.some((selector) => selects(ofName(selector), labels)));
      this.#mayMatch.set(metricName, isSpokenOf);
    }
    return isSpokenOf;
  }

  #numberOf(rule: LearnRule): number {
    const known = this.#numberOfRule.get(rule);
    if (known !== undefined) return known;
    const number = this.#number(rule);
    this.#numberOfRule.set(rule, number);
    return number;
  }

  #number(rule: Policy): number {
    const policy: Policy = {
      emit: rule.emit,
      kind: rule.kind,
      sensitivity: rule.sensitivity,
      direction: rule.direction,
      minDeviation: rule.minDeviation,
      range: rule.range,
      identityDrop: rule.identityDrop,
    };
    const key = JSON.stringify(policy);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#list.push(policy) - 1;
      this.#numbers.set(key, number);
      this.#dropped.push(policy.identityDrop.map((name) => Buffer.from(name)));
      const isAttentive = policy.emit === 'all' || policy.sensitivity > 1 || policy.range !== undefined;
      this.isAttentive[number] = isAttentive ? 1 : 0;
    }
    return number;
  }
}

const FORCED = { auto: undefined, counter: KIND.counter, gauge: KIND.gauge };
