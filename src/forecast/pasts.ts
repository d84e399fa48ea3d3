import { METRIC_NAME } from '../model/labels.ts';
import { type CapacityRule, isLevel, selectorsOf } from './capacity-rule.ts';
import { PastGrid, type PastSteps, type SeriesPast, StepReader, stepsOf } from './past-steps.ts';
import type { Resource } from './resource.ts';
import type { Resources } from './resources.ts';

/** A past that is not longer than what is known by so much adds nothing. */
const WORTHWHILE_SECONDS = 3600;
/** Steps that wait for other series of their resource at most: 64 MB. */
const MAX_HELD_STEPS = 4_000_000;

/** When series of a metric are wanted: what levels are compared with comes first, what belongs to no resource last. */
const RANK = { compared: 0, level: 1, otherLevel: 2, none: 3 } as const;

/**
 * Lets resources live through the past of their series, which comes series by series. Limits come first and are held as
 * steps, which are few. Where one series says the level, the resource lives through its past when that comes; where several
 * are added up, when all have come.
 */
export class Pasts {
  /** Resources that have lived through their past. */
  livedTotal = 0;
  readonly #resources: Resources;
  readonly #grid: PastGrid;
  readonly #held = new Map<number, PastSteps>();
  readonly #waiting = new Set<Resource>();
  readonly #refused = new Set<number>();
  #heldSteps = 0;

  /** @param now milliseconds since the epoch */
  constructor(resources: Resources, now: number) {
    this.#resources = resources;
    this.#grid = new PastGrid(now);
  }

  /** Metrics have to come in the order of this number. */
  rank(metricName: string): number {
    const ranks = this.#resources.rolesOf(metricName).map((role) => {
      if (!isLevel(role)) return RANK.compared;
      return role === 'free' ? RANK.otherLevel : RANK.level;
    });
    return Math.min(RANK.none, ...ranks);
  }

  /** Series whose past there was no room to hold: their resources begin with the live samples. */
  get refused(): number {
    return this.#refused.size;
  }

  /** Takes the past of a series in, up to now. */
  take(slot: number, past: SeriesPast): void {
    const resources = this.#resources.members.ownersOf(slot).filter(({ rule }) => rule.expires === undefined);
    if (resources.length === 0) return;
    const steps = stepsOf(past, this.#grid);
    const [complete, waiting] = [true, false].map((wanted) =>
      resources.filter((resource) => (this.#isLevelOf(resource, slot) && hasOneLevel(resource.rule)) === wanted),
    ) as [Resource[], Resource[]];
    for (const resource of complete) this.#live(resource, (other) => (other === slot ? steps : this.#held.get(other)));
    if (waiting.length === 0) return;
    this.#hold(slot, steps);
    for (const resource of waiting) if (!hasOneLevel(resource.rule)) this.#waiting.add(resource);
  }

  /** All has come: lets those live that have waited for it, one at each turn. */
  *finish(): Generator<void> {
    for (const resource of this.#waiting) {
      const isKnown = this.#resources.slotsOf(resource).every((slot) => !this.#refused.has(slot));
      if (isKnown) this.#live(resource, (slot) => this.#held.get(slot));
      yield;
    }
    this.#waiting.clear();
    this.#held.clear();
    this.#heldSteps = 0;
  }

  #hold(slot: number, steps: PastSteps): void {
    const before = this.#held.get(slot)?.moments.length ?? 0;
    if (this.#heldSteps - before + steps.moments.length > MAX_HELD_STEPS) {
      this.#refused.add(slot);
      return;
    }
    this.#heldSteps += steps.moments.length - before;
    this.#held.set(slot, steps);
  }

  #live(resource: Resource, stepsOfSlot: (slot: number) => PastSteps | undefined): void {
    const { members } = this.#resources;
    const known = [...members.from(resource.firstMember)].flatMap((member) => {
      const steps = stepsOfSlot(members.slots[member]!);
      if (steps === undefined || steps.moments.length === 0) return [];
      return [{ member, steps, reader: new StepReader(steps) }];
    });
    const levels = known.filter(({ member }) => isLevel(members.role(member))).map(({ steps }) => steps);
    const first = Math.min(...levels.map(({ moments }) => moments[0]!));
    const end = Math.max(...levels.map((steps) => steps.end));
    const { firstAt } = resource.history;
    if (levels.length === 0 || (firstAt > 0 && firstAt - first / 1000 < WORTHWHILE_SECONDS)) return;
    resource.restart();
    for (let moment = first; moment <= end; moment = this.#grid.after(moment)) {
      for (const { member, reader } of known) {
        const value = reader.at(moment);
        if (!Number.isNaN(value)) resource.take(member, moment, value);
      }
    }
    this.livedTotal++;
  }

  #isLevelOf(resource: Resource, slot: number): boolean {
    return this.#resources.levelSlotsOf(resource).includes(slot);
  }
}

/** Whether a single series says the level, which comes after all that it is compared with. */
function hasOneLevel(rule: CapacityRule): boolean {
  if (rule.on.length > 0 && rule.combine === 'sum') return false;
  if (rule.limit === undefined && rule.used !== undefined) return false;
  const names = (wanted: boolean) =>
    selectorsOf(rule)
      .filter(([role]) => isLevel(role) === wanted)
      .map(([, selector]) => selector.find(({ name }) => name === METRIC_NAME)?.value);
  const compared = new Set(names(false));
  return !names(true).some((name) => compared.has(name));
}
