import { incidentId } from '../model/incident.ts';
import type { Labels } from '../model/labels.ts';
import type {
  AnomalyPlacement,
  CorrelatedFiring,
  CorrelationWindows,
  FiringPlacement,
  IncidentView,
} from './correlator.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import { Experience, type SavedExperience } from './experience.ts';
import { type Explanation, explainMember } from './explanation.ts';
import type { GroupMember } from './group.ts';
import { impactOf } from './impact.ts';
import { alternativesFor, assignIncidents, type IdentifiedGroup, provisionalHome } from './incident-identity.ts';
import { Partition } from './partition.ts';
import type { PeoplesWord } from './peoples-word.ts';
import { rankCauses } from './ranked-causes.ts';
import { Scene } from './scene.ts';
import { Settled } from './settled.ts';
import { isMovable, movableFirings, type Sign } from './sign.ts';

/** Changes that bring no alert (ends, pending rules) are looked at that often: rules are evaluated once or twice a minute. */
const LOOK_AGAIN_MS = 15_000;
/** With more signs than that, they wait longer, in proportion. */
const SOME_SIGNS = 400;
/** With more signs than that, new alerts wait too: until a twentieth of the signs beyond are new. So work per alert stays the same. */
const MANY_SIGNS = 2000;
const NEW_SHARE = 0.05;
/** After a restart rules and pods have to be seen again first: until then nothing moves. */
const HOLD_MS = 5 * 60_000;
/** An anomaly bears on the alerts of its thing when it begins so near to them. */
const ANOMALY_WITHIN_MS = 15 * 60_000;

const NOT_COMPARED: Explanation = {
  role: 'symptom',
  reasons: [{ kind: 'first', value: 1, text: 'not compared with others yet' }],
  weak: true,
};

/** Of a firing that is where people put its like. */
const WANTED = {
  role: 'symptom',
  reasons: [{ kind: 'person', value: 1, text: 'people put the same trouble there' }],
  weak: false,
  pinned: true,
  alternatives: [],
} as const;

/** What the decisions of one cluster add to. */
export interface Outcome {
  readonly placements: FiringPlacement[];
  readonly anomalies: AnomalyPlacement[];
  readonly incidents: IncidentView[];
  readonly merged: { from: string; into: string }[];
}

interface ClusterOptions {
  /** Its name. */
  readonly cluster: string;
  /** Of all clusters. */
  readonly graph: DependencyGraph;
  /** The labels that say which thing is meant. */
  readonly identifyingLabels: (labels: Labels) => readonly string[];
  /** What an earlier one had learnt, undefined when there was none. */
  readonly learnt: SavedExperience | undefined;
  readonly word: PeoplesWord;
}

/** Correlation within one cluster: what it shows, how that was explained last, and in which incident everything is. */
export class ClusterCorrelation {
  readonly scene: Scene;
  readonly #cluster: string;
  readonly #graph: DependencyGraph;
  readonly #settled = new Settled();
  readonly #partition: Partition;
  readonly experience: Experience;
  /** New firings since the last decision. */
  #fresh: { firing: CorrelatedFiring; sign: Sign }[] = [];
  /** New firings that people want where they put their like. */
  #wanted: { key: string; incidentId: string }[] = [];
  #groups: IdentifiedGroup[] = [];
  /** Those of them that have a cause. */
  #caused: IdentifiedGroup[] = [];
  #member = new Map<Sign, { group: IdentifiedGroup; member: GroupMember }>();
  #explainedAt = Number.NEGATIVE_INFINITY;
  #explainedVersion = -1;
  #heldUntil = Number.NEGATIVE_INFINITY;
  readonly #seenViews = new Map<string, string>();
  readonly #placedAnomalies = new Set<string>();

  constructor({ cluster, graph, identifyingLabels, learnt, word }: ClusterOptions) {
    this.#cluster = cluster;
    this.scene = new Scene(identifyingLabels);
    this.#graph = graph;
    this.experience = new Experience(learnt);
    this.#partition = new Partition(graph, this.experience, word);
  }

  take(firing: CorrelatedFiring): void {
    const { sighting, isNew } = this.scene.takeFiring(firing);
    const { sign } = sighting;
    const { pinnedTo, alert } = firing;
    if (pinnedTo !== undefined) sign.pin(alert.fingerprint, pinnedTo);
    if (!isNew || !isMovable(firing)) return;
    const wantedIn = sign.wantedIn(alert.fingerprint);
    if (wantedIn === undefined) this.#fresh.push({ firing, sign });
    else {
      this.take({ ...firing, pinnedTo: wantedIn });
      this.#wanted.push({ key: firing.key, incidentId: wantedIn });
    }
  }

  /** What was placed before a restart is where it was. */
  restore(firing: CorrelatedFiring, incident: string, now: number): void {
    const { sign } = this.scene.takeFiring(firing).sighting;
    if (firing.pinnedTo !== undefined) sign.pin(firing.alert.fingerprint, firing.pinnedTo);
    // All that nobody put anywhere is in one incident, also when people put others of it elsewhere.
    else if (sign.movable === 1) sign.incidentId = incident;
    this.#heldUntil = now + HOLD_MS;
  }

  decide(now: number, windows: CorrelationWindows, outcome: Outcome): void {
    if (this.#isDue(now)) this.#explain(now, windows, outcome);
    this.#placeFresh(outcome);
    this.#placeAnomalies(outcome);
  }

  /** Drops what is over for longer than incidents can come back. */
  forget(endedBefore: number, now: number): void {
    const lasting = new Set<string>();
    for (const { incidentId: id, until } of this.scene.signs()) {
      if (id !== undefined && until >= endedBefore) lasting.add(id);
    }
    const isOver = ({ incidentId: id, until }: Sign) => until < endedBefore && (id === undefined || !lasting.has(id));
    for (const sign of this.scene.signs()) {
      if (!isOver(sign) || sign.isEvidence) continue;
      this.experience.remember(sign);
    }
    this.experience.noise.forget(now);
    this.scene.forget(isOver);
    this.#settled.forget(isOver);
    for (const id of this.#seenViews.keys()) if (!lasting.has(id)) this.#seenViews.delete(id);
    for (const sign of this.#member.keys()) if (isOver(sign)) this.#member.delete(sign);
    if (this.#placedAnomalies.size > 0) {
      const known = new Set([...this.scene.anomalies()].map(([key]) => key));
      for (const key of this.#placedAnomalies) if (!known.has(key)) this.#placedAnomalies.delete(key);
    }
  }

  /** At once for trouble that was not seen before; otherwise now and then. */
  #isDue(now: number): boolean {
    if (this.scene.version === this.#explainedVersion) return false;
    const size = this.#member.size;
    if (now - this.#explainedAt >= LOOK_AGAIN_MS * Math.max(1, size / SOME_SIGNS)) return true;
    const unplaced = new Set(this.#fresh.flatMap(({ sign }) => (sign.incidentId === undefined ? [sign] : []))).size;
    return unplaced > Math.max(0, size - MANY_SIGNS) * NEW_SHARE;
  }

  #explain(now: number, windows: CorrelationWindows, outcome: Outcome): void {
    const open = this.#settled.open(this.scene.signs(), this.#groups, now - windows.freezeAfterMs, now);
    const groups = this.#partition.of(open, now, windows);
    this.#groups = assignIncidents(this.#cluster, groups);
    this.#caused = this.#groups.filter(({ claim }) => claim !== undefined);
    this.#member = new Map();
    const moved = new Map<string, Map<string, number>>();
    for (const group of this.#groups) {
      for (const member of group.members) {
        this.#member.set(member.sign, { group, member });
        member.sign.hasCause = group.claim !== undefined;
        member.sign.explainedOnset = member.sign.lastOnset;
        this.#move(member, group, now, moved, outcome);
      }
      if (group.incidentId !== undefined) this.#view(group, group.incidentId, outcome);
    }
    this.#addMerged(moved, outcome);
    this.#explainedAt = now;
    this.#explainedVersion = this.scene.version;
  }

  /** Places all firings of a sign that came to another incident. */
  #move(
    member: GroupMember,
    group: IdentifiedGroup,
    now: number,
    moved: Map<string, Map<string, number>>,
    { placements }: Outcome,
  ): void {
    const { incidentId: id } = group;
    const { sign } = member;
    const before = sign.incidentId;
    if (id === undefined || sign.movable === 0 || before === id) return;
    if (before !== undefined && now < this.#heldUntil) return;
    sign.incidentId = id;
    const explanation = explainMember(group, member);
    const alternatives = alternativesFor(sign, group, this.#caused);
    for (const { key } of movableFirings(sign)) {
      placements.push({ key, incidentId: id, ...explanation, alternatives });
    }
    if (before === undefined) return;
    const into = moved.get(before) ?? new Map<string, number>();
    moved.set(before, into.set(id, (into.get(id) ?? 0) + sign.movable));
  }

  /** An incident that has nothing left is the one to which most of it went. */
  #addMerged(moved: ReadonlyMap<string, ReadonlyMap<string, number>>, { merged }: Outcome): void {
    if (moved.size === 0) return;
    const inUse = new Set<string | undefined>();
    for (const sign of this.scene.signs()) {
      if (sign.movable > 0) inUse.add(sign.incidentId);
      for (const id of sign.pinnedTo()) inUse.add(id);
    }
    for (const [from, destinations] of moved) {
      if (inUse.has(from)) continue;
      const [into] = [...destinations].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]!;
      merged.push({ from, into });
    }
  }

  /** New firings of signs that are known already go where their sign is; what could not be explained yet, where it fits. */
  #placeFresh({ placements }: Outcome): void {
    for (const wanted of this.#wanted) placements.push({ ...wanted, ...WANTED });
    this.#wanted = [];
    const placed = new Set(placements.map(({ key }) => key));
    const waiting = this.#fresh.filter(({ firing }) => !placed.has(firing.key));
    for (const [sign, fresh] of Map.groupBy(waiting, (each) => each.sign)) {
      const known = this.#member.get(sign) ?? provisionalHome(sign, this.#caused);
      sign.incidentId ??= known?.group.incidentId ?? incidentId(this.#cluster, fresh[0]!.firing.alert);
      const explanation = known === undefined ? NOT_COMPARED : explainMember(known.group, known.member);
      const alternatives = known === undefined ? [] : alternativesFor(sign, known.group, this.#caused);
      for (const { firing } of fresh) {
        placements.push({ key: firing.key, incidentId: sign.incidentId, ...explanation, alternatives });
      }
    }
    this.#fresh = [];
  }

  #view(group: IdentifiedGroup, id: string, { incidents }: Outcome): void {
    const worth = Math.round(group.claim?.worth ?? 0);
    const rivals = group.rivals.map(({ theory }) => theory.hypothesis.rootKey).join(' ');
    const root = group.claim?.theory.hypothesis;
    const signature = `${group.members.length} ${root?.kind} ${root?.rootKey} ${worth} ${rivals}`;
    if (this.#seenViews.get(id) === signature) return;
    this.#seenViews.set(id, signature);
    const causes = rankCauses(group);
    incidents.push({ incidentId: id, cluster: this.#cluster, causes, ...impactOf(group, this.#graph) });
  }

  #placeAnomalies({ anomalies }: Outcome): void {
    for (const [key, { sign, onset }] of this.scene.anomalies()) {
      if (this.#placedAnomalies.has(key)) continue;
      const known = this.#member.get(sign);
      const id = known?.group.incidentId ?? this.#incidentAt(sign.entityKey, onset);
      if (id === undefined) continue;
      this.#placedAnomalies.add(key);
      const reasons = known === undefined ? [] : explainMember(known.group, known.member).reasons;
      const own = { kind: 'entity' as const, value: 1, text: 'on a thing of this incident' };
      anomalies.push({ key, incidentId: id, reasons: reasons.length > 0 ? reasons : [own] });
    }
  }

  /** The incident with an alert on this thing that began near that time. */
  #incidentAt(entityKey: string, onset: number): string | undefined {
    for (const sign of this.#member.keys()) {
      if (sign.entityKey !== entityKey || sign.incidentId === undefined) continue;
      if (
        onset >= sign.onset - ANOMALY_WITHIN_MS &&
        onset <= Math.min(sign.until, sign.lastOnset + ANOMALY_WITHIN_MS)
      ) {
        return sign.incidentId;
      }
    }
    return undefined;
  }
}
