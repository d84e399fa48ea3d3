import { type Entity, formatEntity } from '../../src/model/entity.ts';
import { createLabels, type Labels } from '../../src/model/labels.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { SeriesTap } from '../../src/topology/series-tap.ts';

/** A moment in all tests. */
export const START = Date.UTC(2026, 10, 22, 12);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A topology and the tap that feeds it, with series given as Prometheus prints them. */
export class Learning {
  readonly topology: LearntTopology;
  readonly tap: SeriesTap;
  now = START;
  readonly #labels = new Map<number, Labels>();
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];
  #value = 1;

  constructor(maxClaims?: number) {
    this.topology = new LearntTopology({ clusterLabel: 'cluster', ...(maxClaims && { maxClaims }) });
    this.tap = new SeriesTap(1_000_000, this.topology, (slot) => this.#labels.get(slot));
  }

  /** A sample of each series, now. */
  see(series: string | readonly string[], value = 1): this {
    for (const text of typeof series === 'string' ? [series] : series) {
      const slot = this.#slot(text);
      if (this.tap.isMember[slot] === 1) this.tap.take(slot, this.now, value);
    }
    return this;
  }

  /** Stale markers, now. */
  end(series: string | readonly string[]): this {
    for (const text of typeof series === 'string' ? [series] : series) this.tap.end(this.#slot(text), this.now);
    return this;
  }

  /** Their slots go to other series. */
  forget(series: readonly string[]): this {
    for (const text of series) {
      const slot = this.#slot(text);
      this.tap.remove(slot);
      this.#labels.delete(slot);
      this.#slots.delete(text);
      this.#free.push(slot);
    }
    return this;
  }

  /** Time passes, a minute at a time, in each of which these series have a sample, larger than the one before. */
  pass(ms: number, ...series: readonly string[]): this {
    const until = this.now + ms;
    while (this.now < until) {
      this.now = Math.min(until, this.now + MINUTE);
      this.see(series, ++this.#value);
      this.topology.advance(this.now);
    }
    return this;
  }

  settle(): this {
    this.topology.advance(this.now);
    return this;
  }

  /** All edges, as text. */
  get edges(): string[] {
    return this.topology.graph.edges
      .map(({ edge, from, to }) => `${formatEntity(from)} ${edge} ${formatEntity(to)}`)
      .sort();
  }

  /** What the labels are about, as text. */
  subject(labels: Record<string, string>, at = this.now): string | undefined {
    const { entity } = this.topology.subjectOf(createLabels(Object.entries(labels)), at);
    return entity && formatEntity(entity);
  }

  #slot(text: string): number {
    const known = this.#slots.get(text);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#slots.size + 1;
    const labels = parseSeries(text);
    this.#slots.set(text, slot);
    this.#labels.set(slot, labels);
    this.tap.add(slot, labels.get('__name__')!);
    return slot;
  }
}

export function workload(name: string, cluster = ''): Entity {
  const [namespace, own] = name.split('/');
  return { cluster, kind: 'workload', namespace: namespace!, name: own! };
}

/** `name{a="b",c="d"}` */
function parseSeries(text: string): Labels {
  const [, name, inside] = /^([^{]+)(?:\{(.*)\})?$/s.exec(text)!;
  const pairs = [...(inside ?? '').matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="([^"]*)"/g)].map(
    ([, key, value]) => [key!, value!] as const,
  );
  return createLabels([['__name__', name!], ...pairs]);
}
