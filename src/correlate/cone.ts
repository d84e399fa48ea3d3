import type { Entity } from '../model/entity.ts';
import type { DependencyGraph, Link } from './dependency-graph.ts';
import type { Hypothesis } from './hypothesis.ts';
import type { Sign } from './sign.ts';
import type { Troubles } from './trouble.ts';

/** What a hypothesis explains costs less than that; beyond it coincidence is the better explanation (nats). */
export const MAX_COST = 2.5;
/** An effect may be noticed that much before its cause: scrapes, evaluations, range windows. */
const SLACK_MS = 60_000;
/** A cause that begins that much after its effect costs one nat. */
const LATE_CAUSE_MS = 60_000;
/** An effect that begins that long after the cause has ended costs one nat. */
const AFTERMATH_MS = 10 * 60_000;
/** While the cause lasts, an effect may come at any time: it costs this at most, half of it after 20 minutes. */
const DELAYED_COST = 0.6;
const DELAYED_MS = 20 * 60_000;
/** A thing on the way that shows nothing. */
const SILENT_COST = 1;

/** Blaming a callee for what a thing tells of itself (it crashes, loses replicas) from the first minute on. */
const INSIDE_COST = 2;
const INSIDE_WITHIN_MS = 5 * 60_000;

/** How a thing is reached from a cause. */
interface Reach {
  readonly entity: Entity;
  readonly entityKey: string;
  /** The hardest step on the way. */
  readonly cost: number;
  readonly hops: number;
  /** The thing before it, and how that is known; undefined for the cause itself. */
  readonly from: string | undefined;
  readonly link: Link | undefined;
  /** A thing between that shows nothing. */
  readonly silent: Entity | undefined;
}

/** A sign and what it costs to blame it on the cause. */
export interface Explained {
  readonly sign: Sign;
  readonly cost: number;
  /** The part of the cost that its time makes. */
  readonly misfit: number;
  readonly reach: Reach;
}

/** Everything in reach of a cause against the direction of calls that shows signs at a fitting time. */
export interface Cone {
  readonly reached: ReadonlyMap<string, Reach>;
  /** For each thing at least one, the earliest first. */
  readonly explained: readonly (readonly Explained[])[];
  /** The things that were looked at, reached or not: while their signs began when they did, the cone is the same. */
  readonly lookedAt: ReadonlySet<string>;
  /** The latest of the onsets that were looked at. */
  readonly lastOnset: number;
}

/** How unlikely the time of a sign is if the hypothesis caused it, in nats. */
export function timeCost({ from, until }: Hypothesis, onset: number): number {
  if (onset < from) return Math.max(0, from - onset - SLACK_MS) / LATE_CAUSE_MS;
  const delayed = DELAYED_COST * (1 - Math.exp(-(onset - from) / DELAYED_MS));
  return delayed + Math.max(0, onset - until) / AFTERMATH_MS;
}

/**
 * Walks from the cause to all that depends on it: through things that show signs at no cost but that of the hardest step,
 * past a silent one at a price. So a long chain is as good as a short one, and no missing alert cuts a storm in half.
 */
export function coneOf(hypothesis: Hypothesis, graph: DependencyGraph, troubles: Troubles): Cone {
  const { root, rootKey, from } = hypothesis;
  const reached = new Map<string, Reach>();
  const open: Reach[] = [
    { entity: root, entityKey: rootKey, cost: 0, hops: 0, from: undefined, link: undefined, silent: undefined },
  ];
  const times = new Map<string, number>();
  let lastOnset = Number.NEGATIVE_INFINITY;
  const timeOf = (key: string) => {
    let cost = times.get(key);
    if (cost !== undefined) return cost;
    cost = Number.POSITIVE_INFINITY;
    for (const { onset } of troubles.get(key)?.signs ?? []) {
      cost = Math.min(cost, timeCost(hypothesis, onset));
      lastOnset = Math.max(lastOnset, onset);
    }
    times.set(key, cost);
    return cost;
  };
  const isInside = (key: string) =>
    troubles.get(key)?.insideAt.some((at) => Math.abs(at - from) <= INSIDE_WITHIN_MS) === true;
  const step = (reach: Reach, link: Link, silent: Entity | undefined): boolean => {
    const least = silent === undefined ? 0 : SILENT_COST;
    const time = timeOf(link.key);
    const way = Math.max(reach.cost, link.cost) + least;
    if (way + time > MAX_COST) return false;
    const cost = link.way === 'graph' && isInside(link.key) ? Math.max(way, INSIDE_COST) : way;
    if (cost + time > MAX_COST) return false;
    const hops = reach.hops + (silent === undefined ? 1 : 2);
    open.push({ entity: link.entity, entityKey: link.key, cost, hops, from: reach.entityKey, link, silent });
    return true;
  };
  while (open.length > 0) {
    const reach = takeNearest(open);
    if (reached.has(reach.entityKey)) continue;
    reached.set(reach.entityKey, reach);
    for (const link of reach.from === undefined ? hypothesis.links : graph.dependents(reach.entity, reach.entityKey)) {
      if (reached.has(link.key) || step(reach, link, undefined) || timeOf(link.key) < MAX_COST) continue;
      for (const far of graph.dependents(link.entity, link.key))
        if (!reached.has(far.key)) step(reach, far, link.entity);
    }
  }
  timeOf(rootKey);
  const explained = [...reached.values()]
    .map((reach) => explainedOn(reach, hypothesis, troubles))
    .filter(({ length }) => length > 0);
  return { reached, explained, lookedAt: new Set(times.keys()), lastOnset };
}

function explainedOn(reach: Reach, hypothesis: Hypothesis, troubles: Troubles): Explained[] {
  const explained: Explained[] = [];
  for (const sign of troubles.get(reach.entityKey)?.signs ?? []) {
    const misfit = timeCost(hypothesis, sign.onset);
    const cost = reach.cost + misfit;
    if (cost <= MAX_COST) explained.push({ sign, cost, misfit, reach });
  }
  return explained;
}

function takeNearest(open: Reach[]): Reach {
  let best = 0;
  for (let i = 1; i < open.length; i++) {
    const [a, b] = [open[i]!, open[best]!];
    if (a.cost < b.cost || (a.cost === b.cost && (a.hops < b.hops || (a.hops === b.hops && a.entityKey < b.entityKey))))
      best = i;
  }
  const taken = open[best]!;
  open[best] = open.at(-1)!;
  open.pop();
  return taken;
}
