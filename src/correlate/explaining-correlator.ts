import type { Anomaly } from '../model/anomaly.ts';
import { incidentId, type RankedCause } from '../model/incident.ts';
import type { Subject, Topology } from '../model/topology.ts';
import type {
  CorrelatedFiring,
  Correlator,
  Decision,
  FiringPlacement,
  IncidentView,
  ObservedOnset,
  RestoredFiring,
  RestoredIncident,
} from './correlator.ts';
import { DependencyGraph } from './dependency-graph.ts';
import { type Group, partition } from './partition.ts';
import { Scene } from './scene.ts';

export class ExplainingCorrelator implements Correlator {
  readonly #graph: DependencyGraph;
  readonly #scenes = new Map<string, Scene>();
  readonly #placed = new Map<string, string>();
  readonly #causes = new Map<string, string>();
  #dirty = false;

  constructor(topology: Topology) {
    this.#graph = new DependencyGraph(topology);
  }

  take(firings: readonly CorrelatedFiring[], _now: number): void {
    for (const firing of firings) {
      this.#graph.learn(firing.subject);
      this.#scene(firing.cluster).takeFiring(firing);
    }
    this.#dirty = true;
  }

  takeOnsets(onsets: readonly ObservedOnset[], _now: number): void {
    for (const onset of onsets) {
      this.#graph.learn(onset.subject);
      this.#scene(onset.cluster).takeOnset(onset);
    }
    this.#dirty ||= onsets.length > 0;
  }

  takeAnomaly(_anomaly: Anomaly, _subject: Subject, _now: number): void {}

  restore(_firings: readonly RestoredFiring[], _incidents: readonly RestoredIncident[], _now: number): void {}

  decide(now: number): Decision {
    (globalThis as any).RUNS ??= [0, 0];
    if (!this.#dirty) return { placements: [], anomalies: [], incidents: [], merged: [] };
    this.#dirty = false; //x
    const placements: FiringPlacement[] = [];
    const incidents: IncidentView[] = [];
    (globalThis as any).RUNS ??= [0, 0];
    for (const [cluster, scene] of this.#scenes) {
      for (const { id, group, firings } of this.#identify(cluster, this.#groups(scene, now))) {
        for (const firing of firings) {
          if (this.#placed.get(firing.key) === id) continue;
          this.#placed.set(firing.key, id);
          placements.push({ key: firing.key, incidentId: id, role: 'symptom', reasons: [], weak: false, alternatives: [] });
        }
        const causes = causesOf(group);
        const text = JSON.stringify(causes);
        if (this.#causes.get(id) === text) continue;
        this.#causes.set(id, text);
        incidents.push({ incidentId: id, cluster, causes, impacted: [], possible: [] });
      }
    }
    return { placements, anomalies: [], incidents, merged: [] };
  }

  readonly #known = new Map<Scene, { version: number; at: number; groups: Group[]; signs: Set<unknown> }>();
  #groups(scene: Scene, now: number): Group[] {
    let known = this.#known.get(scene);
    if (known === undefined || (known.version !== scene.version && (now - known.at >= 10_000 || scene.takeHasNews(known.signs)))) {
      (globalThis as any).RUNS[0]++;
      const groups = this.debug(partition(scene, this.#graph, now), now);
      known = { version: scene.version, at: now, groups, signs: new Set(groups.flatMap((g) => g.members.map((m) => m.sign))) };
      this.#known.set(scene, known);
    }
    return known.groups;
  }

  debug(groups: Group[], now: number): Group[] {
    if ((globalThis as any).DBG === undefined) return groups;
    const T = (x: number) => (Number.isFinite(x) ? new Date(x).toISOString().slice(11, 19) : '-');
    const lines = [`--- ${T(now)}`];
    for (const g of groups) {
      if (g.theory === undefined) { lines.push(`alone ${g.members.map(({ sign }) => `${sign.kind}@${sign.entity?.name} ${T(sign.onset)}`).join(' | ')}`); continue; }
      const h = g.theory.hypothesis;
      lines.push(`${h.kind} ${h.root.name} from ${T(h.from)} until ${T(h.until)} worth ${g.worth.toFixed(2)} missing ${g.theory.missing}/${h.links.length} rivals ${g.rivals.map((r) => `${r.theory.hypothesis.kind}:${r.theory.hypothesis.root.name}:${r.worth.toFixed(1)}`).join(' ')}`);
      for (const { sign, explained } of g.members) lines.push(`     ${sign.kind}@${sign.entity?.name} ${T(sign.onset)}..${T(sign.until)} cost ${explained?.cost.toFixed(2)} hops ${explained?.reach.hops} ${explained?.reach.silent?.name ?? ''}`);
    }
    (globalThis as any).DBG = lines;
    return groups;
  }

  #identify(cluster: string, groups: readonly Group[]) {
    const rows = groups
      .map((group) => ({
        group,
        firings: group.members.flatMap(({ sign }) =>
          [...sign.sightings].flatMap(({ firing }) => (firing === undefined ? [] : [firing])),
        ),
      }))
      .filter(({ firings }) => firings.length > 0);
    const overlaps = rows.flatMap((row) => {
      const counts = new Map<string, number>();
      for (const { key } of row.firings) {
        const id = this.#placed.get(key);
        if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return [...counts].map(([id, count]) => ({ row, id, count }));
    });
    overlaps.sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
    const ids = new Map<unknown, string>();
    const used = new Set<string>();
    for (const { row, id } of overlaps) {
      if (ids.has(row) || used.has(id)) continue;
      ids.set(row, id);
      used.add(id);
    }
    return rows.map((row) => {
      const id = ids.get(row) ?? newId(cluster, row.firings, used);
      used.add(id);
      return { ...row, id };
    });
  }

  #scene(cluster: string): Scene {
    let scene = this.#scenes.get(cluster);
    if (scene === undefined) {
      scene = new Scene();
      this.#scenes.set(cluster, scene);
    }
    return scene;
  }
}

/** The id that the first of its firings stands for, unless another incident has it: the one that this firing opened. */
function newId(cluster: string, firings: readonly CorrelatedFiring[], used: ReadonlySet<string>): string {
  const sorted = firings.toSorted((a, b) => a.alert.startsAt - b.alert.startsAt || (a.key < b.key ? -1 : 1));
  for (const { alert } of sorted) {
    const id = incidentId(cluster, alert);
    if (!used.has(id)) return id;
  }
  for (let again = 1; ; again++) {
    const id = incidentId(`${cluster} ${again}`, sorted[0]!.alert);
    if (!used.has(id)) return id;
  }
}

function causesOf(group: Group): RankedCause[] {
  const { theory } = group;
  const entities = theory === undefined ? [group.members[0]!.sign.entity] : [theory.hypothesis.root, ...group.rivals.map((each) => each.theory.hypothesis.root)];
  const seen = new Set<string>();
  return entities.flatMap((entity) => {
    if (entity === undefined || seen.has(entity.name)) return [];
    seen.add(entity.name);
    return [{ entity, p: 0.5, text: '', evidence: [] }];
  });
}
