import { hash } from 'node:crypto';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { type Selector, selects } from '../model/matcher.ts';
import { type CapacityRule, isComplete, isLevel, type Role, selectorsOf } from './capacity-rule.ts';
import { Members } from './members.ts';
import { outputLabels } from './output-labels.ts';
import { Resource } from './resource.ts';
import { type WorkloadLine, WorkloadLines, withoutPod } from './workload-lines.ts';

/** Labels that tell workloads apart, once the pod is one. */
const OF_A_POD = ['namespace', 'pod', 'container'];

/** A role that series of some metric may have. */
interface Part {
  readonly rule: CapacityRule;
  readonly role: Role;
  readonly selector: Selector;
}

/**
 * Which series make which resource. The name of a new series is looked up once, its labels are read only when some rule
 * wants that name, and from then on one byte per slot says that its samples are of interest.
 */
export class Resources {
  /** 1 for slots whose samples are of interest. */
  readonly isMember: Uint8Array;
  readonly members: Members<Resource>;
  readonly #labels: (slot: number) => Labels | undefined;
  /** By what its series share, for each rule. */
  readonly #byRule = new Map<CapacityRule, Map<string, Resource>>();
  readonly #lines = new WorkloadLines();
  readonly #onEnd: (resource: Resource) => void;
  #partsByName = new Map<string, Part[]>();
  #rules: readonly CapacityRule[] = [];
  #clusterLabel = '';
  #nextOutputId = 1;

  /**
   * @param capacity largest number of slots
   * @param labels of the series that has a slot
   * @param onEnd told before a resource is forgotten
   */
  constructor(capacity: number, labels: (slot: number) => Labels | undefined, onEnd: (resource: Resource) => void) {
    this.isMember = new Uint8Array(capacity);
    this.members = new Members(capacity);
    this.#labels = labels;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return [...this.#byRule.values()].reduce((sum, { size }) => sum + size, 0);
  }

  *all(): Generator<Resource> {
    for (const resources of this.#byRule.values()) yield* resources.values();
  }

  /** Takes a sample of a member. @param timestamp milliseconds */
  take(slot: number, timestamp: number, value: number): void {
    const { ofSlot, nextOfSlot, owners } = this.members;
    for (let member = ofSlot[slot]!; member !== 0; member = nextOfSlot[member]!) {
      owners[member]!.take(member, timestamp, value);
    }
  }

  /** A series has ended, for now. */
  end(slot: number): void {
    const { ofSlot, nextOfSlot, times } = this.members;
    for (let member = ofSlot[slot]!; member !== 0; member = nextOfSlot[member]!) times[member] = 0;
  }

  /** The slots of the series of a resource, and of those that say how full it is. */
  slotsOf(resource: Resource): number[] {
    return [...this.members.from(resource.firstMember)].map((member) => this.members.slots[member]!);
  }
  levelSlotsOf(resource: Resource): number[] {
    return resource.levels().map((member) => this.members.slots[member]!);
  }

  /** Labels of what is put out of a resource: read anew each time, as hundreds of bytes of each would be too many. */
  labelsOf(resource: Resource): Labels {
    const levels = this.levelSlotsOf(resource).map((slot) => this.#labels(slot) ?? new Map());
    return outputLabels(resource.rule.resource, levels);
  }

  /** The resource of this name with this key. */
  find(name: string, key: string): Resource | undefined {
    const rules = this.#rules.filter(({ resource }) => resource === name);
    return rules.map((rule) => this.#byRule.get(rule)?.get(key)).find((found) => found !== undefined);
  }

  /** Uses these rules; resources of rules that are gone are forgotten. Call `add` for all series again afterwards. */
  configure(rules: readonly CapacityRule[], clusterLabel: string): void {
    const kept = new Map(rules.map((rule) => [textOf(rule), rule]));
    for (const resource of this.all()) {
      if (!kept.has(textOf(resource.rule)) || clusterLabel !== this.#clusterLabel) this.#forget(resource);
    }
    // Rules that stay keep their identity: resources refer to them.
    const old = new Map(this.#rules.map((rule) => [textOf(rule), rule]));
    this.#rules = rules.map((rule) => old.get(textOf(rule)) ?? rule);
    this.#clusterLabel = clusterLabel;
    this.#partsByName = new Map();
    for (const rule of this.#rules) {
      for (const [role, selector] of selectorsOf(rule)) {
        const name = selector.find((matcher) => matcher.name === METRIC_NAME)!.value;
        const parts = this.#partsByName.get(name);
        if (parts === undefined) this.#partsByName.set(name, [{ rule, role, selector }]);
        else parts.push({ rule, role, selector });
      }
    }
  }

  /** What series of a metric may be to resources. */
  rolesOf(metricName: string): readonly Role[] {
    return (this.#partsByName.get(metricName) ?? []).map(({ role }) => role);
  }

  /** Looks at a series that is new, or whose rules are. */
  add(slot: number, metricName: string): void {
    const parts = this.#partsByName.get(metricName);
    if (parts === undefined) return;
    const labels = this.#labels(slot);
    if (labels === undefined) return;
    for (const part of parts) if (selects(part.selector, labels)) this.#join(slot, labels, part);
  }

  /** A slot goes to another series. */
  remove(slot: number): void {
    for (const resource of this.members.ownersOf(slot)) {
      resource.firstMember = this.members.remove(resource.firstMember, slot);
      if (resource.levels().length > 0) resource.outputId = this.#nextOutputId++;
      else this.#forget(resource);
    }
    this.isMember[slot] = 0;
  }

  #join(slot: number, labels: Labels, { rule, role }: Part): void {
    const { members } = this;
    const key = keyOf(labels, this.#labelsToJoin(rule.on, labels));
    const resource = this.#byRule.get(rule)?.get(key) ?? this.#create(rule, key, labels);
    for (const member of members.from(resource.firstMember)) {
      if (members.slots[member] === slot && members.role(member) === role) return;
    }
    resource.firstMember = members.add(resource.firstMember, resource, slot, role);
    this.#mark(resource);
    if (isLevel(role)) resource.outputId = this.#nextOutputId++;
  }

  #create(rule: CapacityRule, key: string, labels: Labels): Resource {
    const resource = new Resource(rule, key, this.members, this.#lineOf(rule, labels));
    const resources = this.#byRule.get(rule);
    if (resources === undefined) this.#byRule.set(rule, new Map([[key, resource]]));
    else resources.set(key, resource);
    return resource;
  }

  /** What a resource of a pod shares with those of other pods of its workload; undefined where it is of no pod. */
  #lineOf(rule: CapacityRule, labels: Labels): WorkloadLine | undefined {
    const isOfPod = rule.isOfProcess === true || rule.on.includes('pod');
    const shared = isOfPod ? withoutPod(labels) : undefined;
    if (shared === undefined) return undefined;
    const names = this.#labelsToJoin(rule.on.length > 0 ? [...rule.on, ...OF_A_POD] : [], shared);
    return this.#lines.join(keyOf(shared, names, textOf(rule)));
  }

  /** The names of the labels that the series of a resource share. */
  #labelsToJoin(on: readonly string[], labels: Labels): readonly string[] {
    return on.length > 0 ? [...on, this.#clusterLabel] : [...labels.keys()].filter((name) => name !== METRIC_NAME);
  }

  /**
   * Samples are taken only of resources all of whose series are there: many a level has no limit, and without one nothing
   * can be said of it, at any cost.
   */
  #mark(resource: Resource): void {
    const roles = new Set([...this.members.from(resource.firstMember)].map((member) => this.members.role(member)));
    if (!isComplete(resource.rule, roles)) return;
    for (const slot of this.slotsOf(resource)) this.isMember[slot] = 1;
  }

  #forget(resource: Resource): void {
    const { rule, key, line, history } = resource;
    this.#onEnd(resource);
    const ofRule = this.#byRule.get(rule)!;
    ofRule.delete(key);
    if (ofRule.size === 0) this.#byRule.delete(rule);
    if (line !== undefined) this.#lines.leave(line, history);
    resource.release();
    const slots = this.slotsOf(resource);
    resource.firstMember = this.members.remove(resource.firstMember);
    for (const slot of slots) if (this.members.ofSlot[slot] === 0) this.isMember[slot] = 0;
  }
}

/** Stands for the values of these labels: 128 bits, as the text itself would take hundreds of bytes. */
function keyOf(labels: Labels, names: readonly string[], prefix = ''): string {
  const text = JSON.stringify([prefix, ...names.map((name) => [name, labels.get(name) ?? ''])]);
  return hash('sha256', text, 'buffer').toString('base64url', 0, 16);
}

const TEXTS = new WeakMap<CapacityRule, string>();

/** Two rules with the same text are one. */
function textOf(rule: CapacityRule): string {
  const text = TEXTS.get(rule) ?? JSON.stringify(rule);
  TEXTS.set(rule, text);
  return text;
}
