import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { type Selector, selects } from '../model/matcher.ts';
import { type CapacityRule, isComplete, type Role, selectorsOf } from './capacity-rule.ts';
import { isLevel, outputLabels, Resource } from './resource.ts';
import { WorkloadLines, withoutPod } from './workload-lines.ts';

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
  readonly #labels: (slot: number) => Labels | undefined;
  readonly #bySlot = new Map<number, Resource[]>();
  readonly #byKey = new Map<string, Resource>();
  readonly #lines = new WorkloadLines();
  readonly #lineOfResource = new WeakMap<Resource, string>();
  readonly #onEnd: (resource: Resource) => void;
  #partsByName = new Map<string, Part[]>();
  readonly #ruleNumbers = new Map<string, number>();
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
    this.#labels = labels;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#byKey.size;
  }

  all(): IterableIterator<Resource> {
    return this.#byKey.values();
  }

  of(slot: number): readonly Resource[] {
    return this.#bySlot.get(slot) ?? [];
  }

  /** Labels of what is put out of a resource: read anew each time, as hundreds of bytes of each would be too many. */
  labelsOf({ rule, members }: Resource): Labels {
    return outputLabels(
      rule.resource,
      members.filter(isLevel).map(({ slot }) => this.#labels(slot) ?? new Map()),
    );
  }

  /** The resource of this name whose series share these labels. */
  find(name: string, joinKey: string): Resource | undefined {
    const rules = this.#rules.filter(({ resource }) => resource === name);
    return rules.map((rule) => this.#byKey.get(this.#keyOf(rule, joinKey))).find((found) => found !== undefined);
  }

  /** Uses these rules; resources of rules that are gone are forgotten. Call `add` for all series again afterwards. */
  configure(rules: readonly CapacityRule[], clusterLabel: string): void {
    const kept = new Map(rules.map((rule) => [textOf(rule), rule]));
    for (const resource of this.#byKey.values()) {
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
    for (const resource of this.of(slot)) {
      resource.members = resource.members.filter((member) => member.slot !== slot);
      if (resource.hasLevel) resource.outputId = this.#nextOutputId++;
      else this.#forget(resource);
    }
    this.#bySlot.delete(slot);
    this.isMember[slot] = 0;
  }

  #join(slot: number, labels: Labels, { rule, role }: Part): void {
    const joinKey = joinKeyOf(labels, rule.on, this.#clusterLabel);
    const key = this.#keyOf(rule, joinKey);
    let resource = this.#byKey.get(key);
    if (resource === undefined) {
      resource = this.#create(rule, key, this.#lineOf(rule, labels));
      this.#byKey.set(key, resource);
    }
    if (resource.members.some((member) => member.slot === slot && member.role === role)) return;
    // A list that is added to keeps room for sixteen more.
    resource.members = [...resource.members, { slot, role, value: 0, at: 0 }];
    const resources = this.#bySlot.get(slot);
    if (resources === undefined) this.#bySlot.set(slot, [resource]);
    else if (!resources.includes(resource)) resources.push(resource);
    this.#mark(resource);
    if (isLevel({ role })) resource.outputId = this.#nextOutputId++;
  }

  #create(rule: CapacityRule, key: string, line: string | undefined): Resource {
    if (line === undefined) return new Resource(rule, key);
    const resource = new Resource(rule, key, (at) => this.#lines.latest(line, at));
    this.#lines.add(line, resource);
    this.#lineOfResource.set(resource, line);
    return resource;
  }

  /** What a resource of a pod shares with those of other pods of its workload; undefined where it is of no pod. */
  #lineOf(rule: CapacityRule, labels: Labels): string | undefined {
    const shared = rule.on.includes('pod') ? withoutPod(labels) : undefined;
    return shared && this.#keyOf(rule, joinKeyOf(shared, rule.on, this.#clusterLabel));
  }

  /**
   * Samples are taken only of resources all of whose series are there: many a level has no limit, and without one nothing
   * can be said of it, at any cost.
   */
  #mark(resource: Resource): void {
    const roles = new Set(resource.members.map(({ role }) => role));
    if (!isComplete(resource.rule, roles)) return;
    for (const { slot } of resource.members) this.isMember[slot] = 1;
  }

  /** Numbers of rules keep their meaning over reloads, and are shorter than a rule. */
  #keyOf(rule: CapacityRule, joinKey: string): string {
    const text = textOf(rule);
    let number = this.#ruleNumbers.get(text);
    if (number === undefined) {
      number = this.#ruleNumbers.size;
      this.#ruleNumbers.set(text, number);
    }
    return `${number} ${joinKey}`;
  }

  #forget(resource: Resource): void {
    this.#onEnd(resource);
    this.#byKey.delete(resource.key);
    const line = this.#lineOfResource.get(resource);
    if (line !== undefined) this.#lines.remove(line, resource);
    for (const { slot } of resource.members) {
      const left = this.of(slot).filter((other) => other !== resource);
      if (left.length > 0) this.#bySlot.set(slot, left);
      else {
        this.#bySlot.delete(slot);
        this.isMember[slot] = 0;
      }
    }
    // Who still holds it finds nothing to do with it: its history is another's from now on.
    resource.members = [];
    resource.history.release();
  }
}

function joinKeyOf(labels: Labels, on: readonly string[], clusterLabel: string): string {
  const names = on.length > 0 ? [...on, clusterLabel] : [...labels.keys()].filter((name) => name !== METRIC_NAME);
  return JSON.stringify(names.map((name) => [name, labels.get(name) ?? '']));
}

const TEXTS = new WeakMap<CapacityRule, string>();

/** Two rules with the same text are one. */
function textOf(rule: CapacityRule): string {
  const text = TEXTS.get(rule) ?? JSON.stringify(rule);
  TEXTS.set(rule, text);
  return text;
}
