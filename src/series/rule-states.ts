import { type Labels, METRIC_NAME } from '../model/labels.ts';

/** Since when the condition of a rule holds for one label set; told again when that changes, and when it holds no more. */
export interface RuleState {
  /** Of the series, without `__name__`: those of the alert. */
  readonly labels: Labels;
  /** Epoch milliseconds; the alert fires later, after the rule's `for`, or never. */
  readonly activeAt: number;
  /** Time of the stale marker, undefined while the series goes on. */
  readonly endedAt: number | undefined;
}

/** More pending and firing alerts than this are not followed. */
const MAX_STATES = 200_000;

/** `ALERTS_FOR_STATE` series by slot: they are not learnt, but their value is the onset that no alert tells. */
export class RuleStates {
  /** Called for what was not known. */
  onState: (state: RuleState) => void = () => {};
  readonly #bySlot = new Map<number, { readonly labels: Labels; activeAt: number | undefined }>();

  /** A series of Prometheus' alerts has got its slot. */
  add(slot: number, labels: Labels): void {
    if (labels.get(METRIC_NAME) !== 'ALERTS_FOR_STATE' || this.#bySlot.size >= MAX_STATES) return;
    const own = new Map(labels);
    own.delete(METRIC_NAME);
    this.#bySlot.set(slot, { labels: own, activeAt: undefined });
  }

  /** @param value of a sample: epoch seconds */
  take(slot: number, value: number): void {
    const state = this.#bySlot.get(slot);
    const activeAt = value * 1000;
    if (state === undefined || state.activeAt === activeAt || !(activeAt > 0)) return;
    state.activeAt = activeAt;
    this.onState({ labels: state.labels, activeAt, endedAt: undefined });
  }

  /** The series has ended, at the time of its stale marker. */
  end(slot: number, endedAt: number): void {
    const state = this.#bySlot.get(slot);
    if (state?.activeAt === undefined) return;
    this.onState({ labels: state.labels, activeAt: state.activeAt, endedAt });
    state.activeAt = undefined;
  }

  /** The slot goes to another series. */
  remove(slot: number): void {
    this.#bySlot.delete(slot);
  }
}
