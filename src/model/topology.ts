import type { Entity } from './entity.ts';
import type { Labels } from './labels.ts';

/** How one thing needs another. An edge A -> B says that A needs B: failure travels from B to A, blame from A to B. */
export type EdgeKind =
  | 'calls'
  | 'runs-on'
  | 'owned-by'
  | 'routes-to'
  | 'stores-on'
  | 'replicates-from'
  | 'consumes'
  | 'scales'
  | 'member-of';

/** What an alert (or a series) is about. */
export interface Subject {
  /**
   * Lifted to the level that stays when pods come and go: pod to workload, exporter to the database beside it, service to
   * the workload that its pods belong to. Undefined when the labels name nothing.
   */
  readonly entity: Entity | undefined;
  /** How sure that is, 0..1; lower where several things fit. */
  readonly confidence: number;
  /** Where it runs, at that time: for hypotheses of co-location, never for overlap of labels. */
  readonly pod: string | undefined;
  readonly node: string | undefined;
  /** For alerts about an edge (mesh): who calls `entity` … */
  readonly caller: Entity | undefined;
  /** … and for alerts of a client about its upstream (Envoy): what `entity` calls. */
  readonly callee: Entity | undefined;
}

/** The other end of an edge. */
export interface Neighbour {
  readonly entity: Entity;
  readonly kind: EdgeKind;
  /** 0..1, of all sources that saw the edge together, faded where none has seen it lately. */
  readonly confidence: number;
  /** The sources that saw it, in words, such as `istio` or `file`. */
  readonly source: string;
  /** Requests (or what the source counts) per second, undefined when no source counts. */
  readonly rate: number | undefined;
}

/** A pod and what it belongs to. */
export interface PodPlace {
  readonly pod: string;
  readonly workload: Entity;
}

/** A change of something, seen in its series: a cause to think of. */
export interface TopologyChange {
  readonly entity: Entity;
  readonly kind: 'image' | 'rollout' | 'scale' | 'restart' | 'role' | 'node' | 'configuration';
  /** What it was and what it is, such as an image; empty where the series says only that something changed. */
  readonly from: string;
  readonly to: string;
  /** Epoch milliseconds of the sample that showed it: at most a scrape interval late. */
  readonly at: number;
}

/** What is known about how things depend on each other. Times are epoch milliseconds. */
export interface Topology {
  /** What the alert or series with these labels is about. @param at when it began */
  subjectOf(labels: Labels, at: number): Subject;
  /** What failure travels from to `entity`. */
  needs(entity: Entity): readonly Neighbour[];
  /** What failure travels to from `entity`. */
  neededBy(entity: Entity): readonly Neighbour[];
  podsOn(node: Entity, at: number): readonly PodPlace[];
  podsOf(workload: Entity, at: number): readonly { readonly pod: string; readonly node: string | undefined }[];
  /** Changes seen in `from` <= time < `to`, oldest first. */
  changesBetween(from: number, to: number): readonly TopologyChange[];
  /** Grows when edges or pods have changed, at most every few seconds: callers may cache until then. */
  readonly version: number;
}
