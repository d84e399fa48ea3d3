import { RequestError } from '../model/errors.ts';
import type { AcceptedValues, Feedback } from '../model/feedback.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { createLabels, type Labels, labelsToObject, METRIC_NAME } from '../model/labels.ts';
import type { Anomalies } from './anomalies.ts';

/** Series about which feedback is kept, in all. */
const MAX_SERIES = 10_000;
/** What was called normal reaches so much further than what was seen, as a share of its distance from what was expected. */
const MARGIN = 0.2;

/** Where feedback is kept. @throws when it cannot be */
export interface FeedbackStore {
  load(): readonly Feedback[];
  save(feedback: readonly Feedback[]): void;
}

/** Who says something about anomalies, and how the series were selected. */
export interface Remark {
  /** Clock time, milliseconds. */
  readonly at: number;
  readonly match: readonly string[];
  readonly by: string;
  readonly comment: string;
}

/**
 * "This is normal": what people have said about anomalies. The values that were seen, and a little beyond, are none of a
 * series from then on; a larger excursion still is. What was learnt is not touched, so it can be taken back.
 */
export class Feedbacks {
  acceptedTotal = 0;
  readonly #anomalies: Anomalies;
  readonly #labels: (slot: number) => Labels | undefined;
  #store: FeedbackStore | undefined;
  #list: readonly Feedback[] = [];
  readonly #bySeries = new Map<string, AcceptedValues[]>();
  readonly #names = new Set<string>();
  readonly #bySlot = new Map<number, readonly AcceptedValues[]>();

  constructor(anomalies: Anomalies, labels: (slot: number) => Labels | undefined) {
    this.#anomalies = anomalies;
    this.#labels = labels;
  }

  /** Takes over what is kept, and keeps there what is said from now on. To be called before there are series. */
  open(store: FeedbackStore): void {
    this.#store = store;
    this.#use(store.load());
  }

  /** Series about which something was said. */
  get seriesCount(): number {
    return this.#bySeries.size;
  }

  list(): readonly Feedback[] {
    return this.#list;
  }

  /** What counts as normal for a series whatever its baseline says; undefined when nothing was said. */
  acceptedOf(slot: number): readonly AcceptedValues[] | undefined {
    return this.#bySlot.size === 0 ? undefined : this.#bySlot.get(slot);
  }

  /** What was said about a series. */
  about(slot: number): Feedback[] {
    const accepted = this.#bySlot.get(slot);
    return accepted === undefined
      ? []
      : this.#list.filter(({ series }) => series.some((each) => accepted.includes(each)));
  }

  /**
   * The latest anomaly of each of these series is normal, and ends if it is open.
   * @throws RequestError 409 when none of them had one lately, or too much was said already; 503 when it cannot be kept
   */
  accept(slots: readonly number[], { at, match, by, comment }: Remark): Feedback {
    const accepted = slots.flatMap((slot) => this.#valuesOf(slot));
    if (accepted.length === 0) {
      throw new RequestError(
        409,
        'conflict',
        'none of these series has an anomaly, or had one lately: there is nothing to call normal',
      );
    }
    const series = accepted.map(({ values }) => values);
    const kept = this.#list.reduce((sum, each) => sum + each.series.length, 0);
    if (kept + series.length > MAX_SERIES) {
      throw new RequestError(
        409,
        'conflict',
        `feedback is kept for at most ${MAX_SERIES} series: take some back first`,
      );
    }
    const id = String(Number(this.#list.at(-1)?.id ?? 0) + 1);
    const feedback: Feedback = { id, at, by, comment, verdict: 'normal', match, series };
    this.#keep([...this.#list, feedback]);
    this.acceptedTotal++;
    for (const { slot } of accepted) {
      this.seen(slot);
      this.#anomalies.accept(slot);
    }
    return feedback;
  }

  /** What was said is not so. @throws RequestError 404 for an unknown id, 503 when it cannot be kept */
  takeBack(id: string): Feedback {
    const feedback = this.#list.find((each) => each.id === id);
    if (feedback === undefined)
      throw new RequestError(404, 'not_found', `there is no feedback ${JSON.stringify(id.slice(0, 20))}`);
    this.#keep(this.#list.filter((each) => each !== feedback));
    for (const slot of [...this.#bySlot.keys()]) this.seen(slot);
    return feedback;
  }

  /** A series has got its slot. */
  seen(slot: number, metricName?: string): void {
    if (metricName !== undefined && !this.#names.has(metricName)) return;
    const labels = this.#labels(slot);
    const accepted = labels && this.#bySeries.get(fingerprint(labels));
    if (accepted === undefined) this.#bySlot.delete(slot);
    else this.#bySlot.set(slot, accepted);
  }

  /** The slot goes to another series. */
  forget(slot: number): void {
    this.#bySlot.delete(slot);
  }

  #valuesOf(slot: number): { slot: number; values: AcceptedValues }[] {
    const excursion = this.#anomalies.latestExcursion(slot);
    const labels = this.#labels(slot);
    if (excursion === undefined || labels === undefined) return [];
    const { expected, lowest, highest } = excursion;
    const low = Math.min(expected, lowest - MARGIN * (expected - lowest));
    const high = Math.max(expected, highest + MARGIN * (highest - expected));
    return [{ slot, values: { labels: labelsToObject(labels), low, high } }];
  }

  #keep(list: readonly Feedback[]): void {
    try {
      this.#store?.save(list);
    } catch {
      throw new RequestError(
        503,
        'unavailable',
        'the feedback could not be written to the storage folder: try again later',
      );
    }
    this.#use(list);
  }

  #use(list: readonly Feedback[]): void {
    this.#list = list;
    this.#bySeries.clear();
    this.#names.clear();
    for (const { series } of list) {
      for (const values of series) {
        const labels = createLabels(Object.entries(values.labels));
        const key = fingerprint(labels);
        this.#bySeries.set(key, [...(this.#bySeries.get(key) ?? []), values]);
        this.#names.add(labels.get(METRIC_NAME) ?? '');
      }
    }
  }
}
