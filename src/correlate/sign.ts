import type { Alert } from '../model/alert.ts';
import type { Entity } from '../model/entity.ts';
import type { CorrelatedFiring } from './correlator.ts';

/** One label set that fires, or is about to, once: what an alert and the `ALERTS_FOR_STATE` series of its rule say of it. */
export interface Sighting {
  readonly sign: Sign;
  /** Undefined while the rule is pending, and for anomalies: evidence, but no member of any incident. */
  firing: CorrelatedFiring | undefined;
  /** The latest moment at which it can have begun, epoch milliseconds. */
  onset: number;
  /** Undefined while it lasts. */
  endedAt: number | undefined;
}

/** What a sign is about. */
interface SignSubject {
  readonly entity: Entity | undefined;
  /** `formatEntity` of it; empty when nothing is known. */
  readonly entityKey: string;
  /** The rule's name, or the metric of an anomaly. */
  readonly kind: string;
  /** Measured on requests: it says where it hurts, never why. */
  readonly isRequest: boolean;
  /** An anomaly: it bears witness, it needs no explanation. */
  readonly isEvidence: boolean;
  /** What says which thing is meant, such as `service=shop/cart`, in all of its label sets: evidence where no thing is known. */
  readonly identifying: readonly string[];
}

const NO_SIGHTINGS: readonly Sighting[] = [];
const NO_NODES: ReadonlySet<string> = new Set();

/**
 * What there is to explain: one kind of trouble on one thing, as long as it lasts with pauses of a few minutes. A thousand
 * alerts of one rule about the pods of one workload are one sign, so that the work does not grow with them.
 */
export class Sign implements SignSubject {
  readonly entity: Entity | undefined;
  readonly entityKey: string;
  readonly kind: string;
  readonly isRequest: boolean;
  readonly isEvidence: boolean;
  identifying: readonly string[];
  /** Grows when something changes that explanations depend on: its onset, its end or its nodes. */
  revision = 0;
  /** Most have one: an array that is made to grow, or a set, would take several times the memory. */
  #sightings: Sighting[] | undefined;
  #nodes: Set<string> | undefined;
  onset = Number.POSITIVE_INFINITY;
  lastOnset = Number.NEGATIVE_INFINITY;
  /** How many of its sightings are firings that nobody pinned: what goes into an incident. */
  movable = 0;
  /** The incident that its firings are in. */
  incidentId: string | undefined;
  /** Whether something explained it when it was looked at last, and its latest onset then; NaN before. */
  hasCause = false;
  explainedOnset = Number.NaN;
  /** Where people put which alerts of it, by fingerprint; undefined when they never did. */
  #pins: Map<string, string> | undefined;
  #pinnedTo: string | undefined;
  #active = 0;
  #lastEnd = Number.NEGATIVE_INFINITY;

  constructor({ entity, entityKey, kind, isRequest, isEvidence, identifying }: SignSubject) {
    this.entity = entity;
    this.entityKey = entityKey;
    this.kind = kind;
    this.isRequest = isRequest;
    this.isEvidence = isEvidence;
    this.identifying = identifying;
  }

  /** When it was over, Infinity while any of it lasts. */
  get until(): number {
    return this.#active > 0 ? Number.POSITIVE_INFINITY : this.#lastEnd;
  }

  get sightings(): readonly Sighting[] {
    return this.#sightings ?? NO_SIGHTINGS;
  }

  /** Where the pods ran on which it was seen. */
  get nodes(): ReadonlySet<string> {
    return this.#nodes ?? NO_NODES;
  }

  add(onset: number, endedAt: number | undefined): Sighting {
    const sighting: Sighting = { sign: this, firing: undefined, onset, endedAt };
    const { onset: first, until } = this;
    if (this.#sightings === undefined) this.#sightings = [sighting];
    else this.#sightings.push(sighting);
    this.onset = Math.min(this.onset, onset);
    this.lastOnset = Math.max(this.lastOnset, onset);
    if (endedAt === undefined) this.#active++;
    else this.#lastEnd = Math.max(this.#lastEnd, endedAt);
    if (this.onset !== first || this.until !== until) this.revision++;
    return sighting;
  }

  addNode(node: string): void {
    if (this.#nodes?.has(node)) return;
    this.#nodes ??= new Set();
    this.#nodes.add(node);
    this.revision++;
  }

  /** Another label set of it: what that one does not have does not say which thing is meant. @returns whether it says less now */
  narrow(identifying: readonly string[]): boolean {
    if (this.identifying.every((label) => identifying.includes(label))) return false;
    this.identifying = this.identifying.filter((label) => identifying.includes(label));
    return true;
  }

  /** A person put one of its firings into an incident. */
  pin(fingerprint: string, incidentId: string): void {
    this.#pins ??= new Map();
    this.#pins.set(fingerprint, incidentId);
    this.#pinnedTo = incidentId;
    if (this.movable === 0) this.incidentId = incidentId;
  }

  /** Where people want a new firing of it: where they put the same alert, or all that was there of it. */
  wantedIn(fingerprint: string): string | undefined {
    const hasOthers = this.movable > 1;
    return this.#pins?.get(fingerprint) ?? (hasOthers ? undefined : this.#pinnedTo);
  }

  /** The incidents that people put any of it into. */
  pinnedTo(): Iterable<string> {
    return this.#pins?.values() ?? [];
  }

  /** It is over, or goes on after all. */
  moveEnd(sighting: Sighting, endedAt: number | undefined): void {
    const { until } = this;
    this.#active += Number(endedAt === undefined) - Number(sighting.endedAt === undefined);
    sighting.endedAt = endedAt;
    if (endedAt !== undefined) this.#lastEnd = Math.max(this.#lastEnd, endedAt);
    if (this.until !== until) this.revision++;
  }
}

/** Whether correlation may place a firing: nobody has said where it has to be. */
export function isMovable(firing: CorrelatedFiring | undefined): firing is CorrelatedFiring {
  return firing !== undefined && firing.pinnedTo === undefined && firing.returnedTo === undefined;
}

/** The firings of a sign that correlation places. */
export function* movableFirings(sign: Sign): Iterable<CorrelatedFiring> {
  for (const { firing } of sign.sightings) if (isMovable(firing)) yield firing;
}

/** The first of its alerts; undefined while its rules are pending, and for anomalies. */
export function firstAlert({ sightings }: Sign): Alert | undefined {
  for (const { firing } of sightings) if (firing !== undefined) return firing.alert;
  return undefined;
}

/** Order of beginnings; of those that began together by what they are about, so that the order of arrival decides nothing. */
export function byOnset(a: Sign, b: Sign): number {
  if (a.onset !== b.onset) return a.onset - b.onset;
  if (a.entityKey !== b.entityKey) return a.entityKey < b.entityKey ? -1 : 1;
  return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
}
