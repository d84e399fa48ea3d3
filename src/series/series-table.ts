import type { Kernel } from '../kernel/kernel.ts';
import { type Labels, METRIC_NAME, withoutLabels } from '../model/labels.ts';
import type { Columns } from './columns.ts';
import { type FamilyType, IGNORED, KIND, type Kind, type MetricType, metricNameOf } from './kinds.ts';
import { LabelArena } from './label-arena.ts';
import { type LabelFault, readLabels, readOwnLabels, readOwnMetricName, writeLabels } from './label-bytes.ts';
import { MetricNames } from './metric-names.ts';
import type { LearnRule, Policies } from './policies.ts';
import { SlotIndex } from './slot-index.ts';

/** Runs of label bytes, one a series: what the table needs of a scanned request. */
export interface LabelRuns {
  readonly labelsStart: Int32Array;
  readonly labelsEnd: Int32Array;
  readonly seriesCount: number;
}

/** Why a series was refused. */
export type SeriesFault = LabelFault | { readonly reason: 'series_limit'; readonly sentence: string };

export interface SeriesTableOptions {
  readonly columns: Columns;
  readonly policies: Policies;
  /** Whose output holds the label bytes of requests. */
  readonly kernel: Kernel;
}

/** Slot 0 is no series. */
const NONE = 0;

/**
 * Gives every series a slot, a small integer, and takes it back when the series has ended.
 *
 * A series is recognised by a 64-bit hash of its label bytes as the sender wrote them, and nearly always without a
 * look-up: senders repeat their order, so the series that followed this one last time is compared first. Only bytes that
 * were never seen are read as labels. They may turn out to be a known series in another spelling (other order, other
 * replica): it is then known by both, the spelling seen last being the fast one.
 */
export class SeriesTable {
  /** Slot of each series of the latest `resolve`, 0 where it was refused. Reused. */
  slots = new Int32Array(4096);
  /** Kind of each slot; `KIND.none` where no series has it. */
  readonly kinds: Uint8Array;
  /** Number of the policy of each slot. */
  readonly policyNumbers: Uint16Array;
  /** When a request last named the series, in seconds since the epoch. */
  readonly seenAt: Uint32Array;
  /** When the slot went to its series, in seconds since the epoch. */
  readonly createdAt: Uint32Array;
  /** Grows each time that a slot goes to another series. */
  readonly generations: Uint32Array;
  /** How many slots are in use, by kind. */
  readonly countByKind = new Map<Kind, number>();
  createdTotal = 0;
  expiredTotal = 0;
  /** Highest slot that was ever in use. */
  highest = 0;

  /** Called before a slot is taken from its series, and when what is known of its values has become meaningless. */
  onRelease: (slot: number) => void = () => {};
  /** Called when a series has got its slot, and when rules are matched again; not for those that are ignored. */
  onSeries: (slot: number, metricName: string) => void = () => {};
  /** Called when a bucket of a classic histogram has got its slot; its labels are not kept. */
  onBucket: (slot: number, labels: Labels) => void = () => {};
  /** Called when a series of Prometheus' own alerts (`ALERTS`, `ALERTS_FOR_STATE`) has got its slot. */
  onAlertSeries: (slot: number, labels: Labels) => void = () => {};
  /** Called before a slot goes to another series. */
  onForget: (slot: number) => void = () => {};
  /** Called for each series that is refused: its index in the request, and why. */
  onRefusal: (index: number, fault: SeriesFault) => void = () => {};

  readonly #columns: Columns;
  readonly #policies: Policies;
  readonly #names = new MetricNames();
  readonly #nameIds: Uint32Array;
  readonly #arena = new LabelArena();
  readonly #labelAddress: Uint32Array;
  readonly #labelLength: Uint32Array;
  readonly #index = new SlotIndex();
  /** Hash of the spelling seen last; 0, 0 for a free slot. */
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  /** The slot that came after this one last time. */
  readonly #successor: Int32Array;
  readonly #free: number[] = [];
  readonly #kernel: Kernel;
  /** Label that tells the replicas of one Prometheus apart; it is not part of a series' identity. */
  #replicaLabel = '';
  #previous = NONE;
  #nowSeconds = 0;

  constructor(options: SeriesTableOptions) {
    const { columns } = options;
    this.#columns = columns;
    this.#policies = options.policies;
    this.#kernel = options.kernel;
    this.kinds = columns.u8('kind');
    this.policyNumbers = columns.u16('policy');
    this.seenAt = columns.u32('seen_at');
    this.createdAt = columns.u32('created_at');
    this.generations = new Uint32Array(columns.capacity);
    this.#nameIds = new Uint32Array(columns.capacity);
    this.#labelAddress = new Uint32Array(columns.capacity);
    this.#labelLength = new Uint32Array(columns.capacity);
    this.#low = new Int32Array(columns.capacity);
    this.#high = new Int32Array(columns.capacity);
    this.#successor = new Int32Array(columns.capacity);
  }

  /** Series in use, the ignored ones included. */
  get size(): number {
    return this.highest - this.#free.length;
  }

  /** Finds or makes the slot of every series of a request; the result is in `slots`. */
  resolve(runs: LabelRuns, nowSeconds: number): void {
    const count = runs.seriesCount;
    if (this.slots.length < count) this.slots = new Int32Array(count * 2);
    this.#nowSeconds = nowSeconds;
    const { slots, seenAt } = this;
    const kernel = this.#kernel;
    const successor = this.#successor;
    let previous = this.#previous;
    for (let i = 0; i < count; i++) {
      kernel.hash(runs.labelsStart[i]!, runs.labelsEnd[i]!);
      const { low, high } = kernel;
      let slot = successor[previous]!;
      if (this.#low[slot] !== low || this.#high[slot] !== high || slot === NONE) {
        slot = this.#index.get(low, high);
        if (slot < 0) slot = this.#readSeries(runs, i, low, high);
        if (slot === NONE) {
          slots[i] = NONE;
          continue;
        }
        if (previous !== NONE) successor[previous] = slot;
      }
      slots[i] = slot;
      seenAt[slot] = nowSeconds;
      previous = slot;
    }
    this.#previous = previous;
  }

  /** Label set of a slot in use, or undefined for an ignored series, which keeps none. */
  labels(slot: number): Labels | undefined {
    const length = this.#labelLength[slot]!;
    if (length === 0) return undefined;
    return readOwnLabels(this.#arena.read(this.#labelAddress[slot]!, length), 0, length);
  }

  /** Label bytes of a slot, as `restore` takes them; empty for an ignored series. A view: copy it to keep it. */
  labelBytes(slot: number): Uint8Array {
    const length = this.#labelLength[slot]!;
    return length === 0 ? new Uint8Array(0) : this.#arena.read(this.#labelAddress[slot]!, length);
  }

  /**
   * The slot of a series that nobody sent: its past is known from elsewhere. It is made if need be.
   * @returns the slot, or 0 when there is no room or the labels are not valid
   */
  acquire(given: Labels, nowSeconds: number): number {
    const labels = withoutLabels(given, [this.#replicaLabel]);
    const bytes = writeLabels(labels);
    if ('reason' in readLabels(bytes, 0, bytes.length, '')) return NONE;
    this.#hashCanonical(bytes);
    const { low, high } = this.#kernel;
    const known = this.#index.get(low, high);
    if (known >= 0) return known;
    if (this.#isFull()) return NONE;
    this.#nowSeconds = nowSeconds;
    return this.#create(metricNameOf(labels), labels, bytes, low, high);
  }

  /** Forgets what was learnt of a series' values, not the series. */
  restart(slot: number): void {
    this.onRelease(slot);
    const { kinds, policyNumbers, seenAt, createdAt } = this;
    const kept = [kinds[slot]!, policyNumbers[slot]!, seenAt[slot]!, createdAt[slot]!] as const;
    this.#columns.clear(slot);
    [kinds[slot], policyNumbers[slot], seenAt[slot], createdAt[slot]] = kept;
  }

  /** Gives a slot back: the series has ended, or has to be looked at anew. */
  release(slot: number): void {
    this.onRelease(slot);
    this.onForget(slot);
    this.#countKind(this.kinds[slot] as Kind, -1);
    this.#index.delete(this.#low[slot]!, this.#high[slot]!, slot);
    const length = this.#labelLength[slot]!;
    if (length > 0) {
      this.#hashCanonical(this.labelBytes(slot));
      this.#index.delete(this.#kernel.low, this.#kernel.high, slot);
      this.#arena.release(this.#labelAddress[slot]!, length);
      this.#labelLength[slot] = 0;
    }
    this.#names.release(this.#nameIds[slot]!);
    this.#low[slot] = 0;
    this.#high[slot] = 0;
    this.#nameIds[slot] = 0;
    this.generations[slot]!++;
    this.#columns.clear(slot);
    this.#free.push(slot);
  }

  /**
   * Takes in what metadata says of families. Series that turn out to be of another kind start anew: what was learnt of a
   * counter's raw values means nothing for its rate.
   */
  setTypes(types: Iterable<FamilyType>): void {
    const changed = new Map<number, Kind>();
    for (const { family, type } of types) {
      for (const { id, kind } of this.#names.setType(family, type)) changed.set(id, kind);
    }
    if (changed.size === 0) return;
    for (let slot = 1; slot <= this.highest; slot++) {
      const kind = changed.get(this.#nameIds[slot]!);
      if (kind !== undefined && !this.#policies.forcesKind(this.policyNumbers[slot]!)) this.#setKind(slot, kind);
    }
  }

  types(): ReadonlyMap<string, MetricType> {
    return this.#names.types();
  }

  /** Uses these rules, and this replica label, for series that come from now on; `matchAgain` does so for the others. */
  configure(rules: readonly LearnRule[], replicaLabel: string): void {
    this.#policies.setRules(rules);
    this.#replicaLabel = replicaLabel;
  }

  /** Matches the slots [from, to) with the rules again, a slice of all after a reload. */
  matchAgain(from: number, to: number): void {
    for (let slot = from; slot < to && slot <= this.highest; slot++) {
      const labels = this.labels(slot);
      if (labels !== undefined) {
        const { id, kind } = this.#names.acquire(metricNameOf(labels));
        this.#names.release(id);
        const policy = this.#policies.match(labels);
        this.policyNumbers[slot] = policy.number;
        this.#setKind(slot, policy.kind ?? kind);
        if (this.kinds[slot] !== KIND.none) this.onSeries(slot, metricNameOf(labels));
      } else if (this.kinds[slot] === KIND.ignoredRule) {
        // Without labels nothing can be matched: forgotten, it is looked at when it comes again.
        this.release(slot);
      }
    }
  }

  /**
   * Makes a slot for a series of a snapshot; its columns are filled by the caller afterwards.
   * @returns the slot, or 0 when there is no room
   */
  restore(labelBytes: Uint8Array): number {
    const metricName = readOwnMetricName(labelBytes);
    if (metricName === '' || this.#isFull()) return NONE;
    this.#hashCanonical(labelBytes);
    const { low, high } = this.#kernel;
    if (this.#index.get(low, high) >= 0) return NONE;
    // A start waits for this, a million times: labels become strings only where something depends on them.
    const labels = this.#policies.dependsOn(metricName, labelBytes)
      ? readOwnLabels(labelBytes, 0, labelBytes.length)
      : new Map([[METRIC_NAME, metricName]]);
    return this.#create(metricName, labels, labelBytes, low, high);
  }

  #readSeries(runs: LabelRuns, index: number, low: number, high: number): number {
    const start = runs.labelsStart[index]!;
    const end = runs.labelsEnd[index]!;
    const read = readLabels(this.#kernel.output, start, end, this.#replicaLabel);
    if ('reason' in read) return this.#refuse(index, read);
    const { labels, bytes } = read;
    this.#hashCanonical(bytes);
    const known = this.#index.get(this.#kernel.low, this.#kernel.high);
    if (known >= 0) {
      this.#respell(known, low, high);
      return known;
    }
    if (this.#isFull()) {
      const sentence = `the limit of ${this.#columns.capacity - 1} series is reached (storage.max_series)`;
      return this.#refuse(index, { reason: 'series_limit', sentence });
    }
    return this.#create(metricNameOf(labels), labels, bytes, low, high);
  }

  #refuse(index: number, fault: SeriesFault): number {
    this.onRefusal(index, fault);
    return NONE;
  }

  #isFull(): boolean {
    return this.#free.length === 0 && this.highest + 1 >= this.#columns.capacity;
  }

  #create(metricName: string, labels: Labels, bytes: Uint8Array, low: number, high: number): number {
    const slot = this.#free.pop() ?? ++this.highest;
    const name = this.#names.acquire(metricName);
    const policy = this.#policies.match(labels);
    // What must never be learnt stays so, whatever a rule says: our own output would be scored without end.
    const kind = name.kind === KIND.ignoredOwn || policy.kind === undefined ? name.kind : policy.kind;
    this.#nameIds[slot] = name.id;
    this.kinds[slot] = kind;
    this.policyNumbers[slot] = policy.number;
    this.createdAt[slot] = this.#nowSeconds;
    this.seenAt[slot] = this.#nowSeconds;
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#index.set(low, high, slot);
    if (kind < IGNORED) {
      this.#labelAddress[slot] = this.#arena.store(bytes);
      this.#labelLength[slot] = bytes.length;
      this.#index.set(this.#kernel.low, this.#kernel.high, slot);
    }
    this.#countKind(kind, 1);
    this.createdTotal++;
    if (kind < IGNORED) this.onSeries(slot, metricName);
    else if (kind === KIND.bucket) this.onBucket(slot, labels);
    else if (kind === KIND.ignoredAlerts) this.onAlertSeries(slot, labels);
    return slot;
  }

  /** From now on this spelling is the one that is compared first; the one before is forgotten. */
  #respell(slot: number, low: number, high: number): void {
    const isCanonical = this.#low[slot] === this.#kernel.low && this.#high[slot] === this.#kernel.high;
    if (!isCanonical) this.#index.delete(this.#low[slot]!, this.#high[slot]!, slot);
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#index.set(low, high, slot);
  }

  #setKind(slot: number, kind: Kind): void {
    const old = this.kinds[slot] as Kind;
    if (old === kind) return;
    if (old >= IGNORED || kind >= IGNORED) {
      this.release(slot);
      return;
    }
    this.restart(slot);
    this.kinds[slot] = kind;
    this.#countKind(old, -1);
    this.#countKind(kind, 1);
  }

  #countKind(kind: Kind, by: number): void {
    this.countByKind.set(kind, (this.countByKind.get(kind) ?? 0) + by);
  }

  #hashCanonical(bytes: Uint8Array): void {
    this.#kernel.scratch.set(bytes);
    this.#kernel.hashScratch(bytes.length);
  }
}
