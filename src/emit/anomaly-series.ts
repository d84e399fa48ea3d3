import type { Gates } from '../detect/gates.ts';
import { createLabels, type Labels, METRIC_NAME } from '../model/labels.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';
import type { LearnRule } from '../series/learn-rule.ts';
import type { Policies } from '../series/policies.ts';
import type { SeriesTable } from '../series/series-table.ts';

/** A series is put out while its score was above this … */
const NOTABLE_SCORE = 0.5;
/** … within this time. */
const NOTABLE_MS = 15 * 60_000;
/** A series without samples for so long has ended, as in Prometheus. */
const STALE_MS = 5 * 60_000;

interface Published {
  readonly slot: number;
  notableUntil: number;
  /** Until when its latest anomaly, a recurring one, can matter to a rule that looks back. */
  recurringUntil: number;
  timestamp: number;
  score: number;
  direction: number;
  /** Without a verdict there is no band. */
  hasBand: boolean;
  expected: number;
  lower: number;
  upper: number;
}

/** What is asked of the scorer. */
interface Scores {
  /** The slowly falling score of a series. */
  readonly held: (slot: number) => number;
  /** Whether its open anomaly is a recurring one; undefined when none is open. */
  readonly isRecurring: (slot: number) => boolean | undefined;
}

/** The `anomaly_*` series: of those input series that matter now, or for which a rule asks to put them out always. */
export class AnomalySeries implements OutputSource {
  readonly families = [
    { name: 'anomaly_score', help: 'How unusual the latest sample is: 1 is the edge of normal.' },
    { name: 'anomaly_score_held', help: 'The score, falling slowly: 2 % a step. For eyes.' },
    { name: 'anomaly_direction', help: 'Whether the latest sample is below (-1) or above (1) what is expected.' },
    { name: 'anomaly_expected', help: 'What the baseline expects, in the unit of scoring (per second for counters).' },
    { name: 'anomaly_lower', help: 'Lower edge of normal, in the unit of scoring.' },
    { name: 'anomaly_upper', help: 'Upper edge of normal, in the unit of scoring.' },
    {
      name: 'anomaly_recurring',
      help: 'Always 1: the latest anomaly is a recurring one. Until 15 minutes after its end.',
    },
  ] as const;

  readonly #published = new Map<number, Published>();
  /** 1 for slots that are put out. */
  readonly isPublished: Uint8Array;
  readonly #table: SeriesTable;
  readonly #policies: Policies;
  readonly #scores: Scores;

  constructor(table: SeriesTable, policies: Policies, capacity: number, scores: Scores) {
    this.#table = table;
    this.#policies = policies;
    this.#scores = scores;
    this.isPublished = new Uint8Array(capacity);
  }

  /** Input series that are put out now. */
  get size(): number {
    return this.#published.size;
  }

  /** What is put out of a series now, undefined when nothing is. */
  published(slot: number): Readonly<Published> | undefined {
    return this.#published.get(slot);
  }

  /** Takes over the verdict of a sample, where it is put out. @param verdict undefined while the series is warming up */
  observe(slot: number, timestamp: number, verdict: Gates | undefined): void {
    if (this.isPublished[slot] === 0 && !this.#begin(slot, verdict?.score ?? 0)) return;
    const published = this.#published.get(slot)!;
    published.timestamp = timestamp;
    published.score = verdict?.score ?? 0;
    published.direction = verdict?.direction ?? 0;
    published.hasBand = verdict !== undefined;
    if (verdict !== undefined) {
      published.expected = verdict.expected;
      published.lower = verdict.lower;
      published.upper = verdict.upper;
    }
    if (published.score > NOTABLE_SCORE) published.notableUntil = timestamp + NOTABLE_MS;
    const isRecurring = this.#scores.isRecurring(slot);
    if (isRecurring !== undefined) published.recurringUntil = isRecurring ? timestamp + NOTABLE_MS : 0;
  }

  /** The latest sample brought no new verdict: the last one holds. Needed only for series that are put out. */
  repeat(slot: number, timestamp: number): void {
    this.#published.get(slot)!.timestamp = timestamp;
  }

  /** Stops putting out a series: it has ended, or its slot goes to another one. */
  end(slot: number): void {
    if (this.isPublished[slot] === 0) return;
    this.isPublished[slot] = 0;
    this.#published.delete(slot);
  }

  /** Ends what no longer matters. @param now clock time, milliseconds */
  expire(now: number): void {
    for (const published of this.#published.values()) {
      const isWanted = this.#isWanted(published.slot, published.notableUntil >= now);
      if (!isWanted || published.timestamp < now - STALE_MS) this.end(published.slot);
    }
  }

  *groups(): Iterable<OutputGroup> {
    for (const published of this.#published.values()) yield this.#group(published);
  }

  #begin(slot: number, score: number): boolean {
    if (!this.#isWanted(slot, score > NOTABLE_SCORE)) return false;
    this.isPublished[slot] = 1;
    const empty = { timestamp: 0, score: 0, direction: 0, hasBand: false, expected: 0, lower: 0, upper: 0 };
    this.#published.set(slot, { slot, notableUntil: 0, recurringUntil: 0, ...empty });
    return true;
  }

  #isWanted(slot: number, isNotable: boolean): boolean {
    const emit = this.#emission(slot);
    return emit === 'all' || (emit === 'anomalous' && isNotable);
  }

  #emission(slot: number): LearnRule['emit'] {
    return this.#policies.get(this.#table.policyNumbers[slot]!).emit;
  }

  #group(published: Published): OutputGroup {
    const { slot, timestamp, score, direction, recurringUntil, hasBand, expected, lower, upper } = published;
    const values: (readonly [string, number])[] = [
      ['anomaly_score', score],
      ['anomaly_direction', direction],
    ];
    if (timestamp <= recurringUntil) values.push(['anomaly_recurring', 1]);
    if (this.#emission(slot) === 'all') values.push(['anomaly_score_held', Math.max(score, this.#scores.held(slot))]);
    if (hasBand) {
      values.push(['anomaly_expected', expected]);
      if (Number.isFinite(lower)) values.push(['anomaly_lower', lower]);
      if (Number.isFinite(upper)) values.push(['anomaly_upper', upper]);
    }
    return {
      id: this.#table.generations[slot]! * 2 ** 25 + slot,
      labels: () => outputLabels(this.#table.labels(slot) ?? new Map()),
      timestampMs: timestamp,
      values,
    };
  }
}

/** Labels of an output series: those of the input series, its name in `metric`. */
function outputLabels(labels: Labels): Labels {
  const output: [string, string][] = [];
  for (const [name, value] of labels) {
    if (name === METRIC_NAME) output.push(['metric', value]);
    else output.push([name === 'metric' ? 'exported_metric' : name, value]);
  }
  return createLabels(output);
}
