import { type Entity, formatEntity } from '../model/entity.ts';
import { METRIC_NAME } from '../model/labels.ts';
import type { TopologyChange } from '../model/topology.ts';
import type { Lifting } from './lifting.ts';
import type { SeriesLabels } from './source-rule.ts';

const KEEP_MS = 24 * 3_600_000;
/** More than a rollout of everything makes; beyond that the oldest are forgotten. */
const MAX_CHANGES = 20_000;
/** What was seen so soon after its kind of series was there before it. */
const FIRST_LOOK_MS = 5 * 60_000;
/** A value that was away for so long, on the clock of its kind of series, has come back: a rollback. */
const AWAY_MS = 10 * 60_000;
/** A value that is still there is remembered so often. */
const NOTE_EVERY_MS = 2 * 60_000;
const MAX_VALUES = 20;
const MAX_THINGS = 100_000;

/** How a change shows itself in a series. */
export interface ChangeRule {
  /** Names of metrics; one that begins with `*` stands for all that end so. */
  readonly metrics: readonly string[];
  readonly kind: TopologyChange['kind'];
  /** What changes, before pods are lifted. */
  readonly of: (series: SeriesLabels) => Entity | undefined;
  /**
   * `value`: its value is another one. `up`: it goes up. By a label, for whose value see `says`: `state`: the thing has one
   * at a time, and now another one; `label`: it may have several (a canary), and now one that it did not have lately.
   */
  readonly by: 'value' | 'up' | 'state' | 'label';
  /** The value of the label; else what to say of the series, the value of the sample unless given. */
  readonly says?: (series: SeriesLabels) => string | undefined;
  /** A label that tells the parts of the thing apart, such as its containers. */
  readonly part?: string;
}

const pod = (series: SeriesLabels) => named(series, 'pod', 'pod');
const workload = (label: string) => (series: SeriesLabels) => named(series, 'workload', label);
const node = (series: SeriesLabels) => {
  const name = series.object('node');
  return name === undefined ? undefined : series.entity('node', '', name);
};
const target = (series: SeriesLabels) => series.target();

export const CHANGE_RULES: readonly ChangeRule[] = [
  {
    metrics: ['kube_pod_container_info'],
    kind: 'image',
    of: pod,
    by: 'label',
    part: 'container',
    says: (series) => series.get('image_spec') ?? series.get('image'),
  },
  {
    metrics: ['*_build_info'],
    kind: 'image',
    of: target,
    by: 'label',
    part: METRIC_NAME,
    says: (series) => series.get('version') ?? series.get('revision'),
  },
  {
    metrics: ['kube_replicaset_owner'],
    kind: 'rollout',
    of: (series) => {
      const name = series.object('owner_name');
      return name === undefined ? undefined : series.entity('workload', series.namespace, name);
    },
    by: 'label',
    says: (series) => series.object('replicaset'),
  },
  {
    metrics: ['kube_statefulset_status_update_revision'],
    kind: 'rollout',
    of: workload('statefulset'),
    by: 'state',
    says: (series) => series.get('revision'),
  },
  { metrics: ['kube_daemonset_metadata_generation'], kind: 'rollout', of: workload('daemonset'), by: 'value' },
  { metrics: ['kube_deployment_spec_replicas'], kind: 'scale', of: workload('deployment'), by: 'value' },
  { metrics: ['kube_statefulset_replicas'], kind: 'scale', of: workload('statefulset'), by: 'value' },
  { metrics: ['kube_pod_container_status_restarts_total'], kind: 'restart', of: pod, by: 'up' },
  { metrics: ['process_start_time_seconds'], kind: 'restart', of: target, by: 'up' },
  { metrics: ['kube_node_spec_unschedulable'], kind: 'node', of: node, by: 'up', says: () => 'unschedulable' },
  {
    metrics: ['kube_node_status_condition'],
    kind: 'node',
    of: (series) => {
      const isReadiness = series.get('condition') === 'Ready' && series.get('status') === 'true';
      return isReadiness ? node(series) : undefined;
    },
    by: 'value',
  },
  {
    metrics: ['kube_configmap_metadata_resource_version', 'kube_secret_metadata_resource_version'],
    kind: 'configuration',
    of: (series) => series.entity('namespace', '', series.namespace),
    by: 'value',
    says: (series) => series.object('configmap') ?? series.object('secret'),
  },
  {
    metrics: ['kube_node_info'],
    kind: 'node',
    of: node,
    by: 'state',
    says: (series) => `${series.get('kubelet_version') ?? ''} ${series.get('kernel_version') ?? ''}`.trim(),
  },
  { metrics: ['prometheus_config_last_reload_success_timestamp_seconds'], kind: 'configuration', of: target, by: 'up' },
  { metrics: ['mysql_global_variables_read_only', 'pg_replication_is_replica'], kind: 'role', of: target, by: 'value' },
  { metrics: ['redis_instance_info'], kind: 'role', of: target, by: 'state', says: (series) => series.get('role') },
  {
    metrics: ['mysql_slave_status_slave_io_running'],
    kind: 'role',
    of: target,
    by: 'state',
    says: (series) => series.get('master_host'),
  },
  {
    metrics: ['redis_sentinel_master_config_epoch', 'etcd_server_leader_changes_seen_total'],
    kind: 'role',
    of: target,
    by: 'up',
  },
];

/** Changes that were seen lately, and what has to be remembered to see them. */
export class Changes {
  total = 0;
  #changes: TopologyChange[] = [];
  /** Labels by rule and thing: when each of their values was seen, the latest to come last. */
  readonly #values = new Map<string, Map<string, number>>();
  /** When series of a rule were first and last seen. */
  readonly #clocks = new Map<ChangeRule, { readonly firstAt: number; lastAt: number }>();

  add(change: TopologyChange): void {
    this.total++;
    this.#changes.push(change);
    if (this.#changes.length > MAX_CHANGES) this.#changes.splice(0, MAX_CHANGES / 10);
  }

  /** Remembers the value of a label. @returns the value before, undefined when this one is nothing new */
  note(rule: ChangeRule, thing: string, value: string, at: number): string | undefined {
    const clock = this.#clocks.get(rule) ?? { firstAt: at, lastAt: at };
    this.#clocks.set(rule, clock);
    const key = `${rule.metrics[0]} ${thing}`;
    const values = this.#values.get(key) ?? new Map<string, number>();
    if (values.size === 0 && this.#values.size < MAX_THINGS) this.#values.set(key, values);
    const before = [...values.keys()].at(-1);
    const wasAway = clock.lastAt - (values.get(value) ?? Number.NEGATIVE_INFINITY) > AWAY_MS;
    clock.lastAt = Math.max(clock.lastAt, at);
    if (rule.by === 'state' || wasAway) values.delete(value);
    if (values.size >= MAX_VALUES) values.delete(values.keys().next().value!);
    values.set(value, at);
    const isNew = rule.by === 'state' || (wasAway && at - clock.firstAt > FIRST_LOOK_MS);
    return isNew && before !== value ? before : undefined;
  }

  between(from: number, to: number): TopologyChange[] {
    return this.#changes.filter(({ at }) => from <= at && at < to).sort((a, b) => a.at - b.at);
  }

  forget(now: number): void {
    if ((this.#changes[0]?.at ?? now) < now - KEEP_MS) this.#changes = this.between(now - KEEP_MS, Infinity);
    for (const [key, values] of this.#values) {
      for (const [value, at] of values) if (at < now - KEEP_MS) values.delete(value);
      if (values.size === 0) this.#values.delete(key);
    }
  }
}

/** One series in which changes show themselves. */
export class ChangeWatch {
  readonly #changes: Changes;
  readonly #rule: ChangeRule;
  readonly #entity: Entity;
  readonly #part: string;
  readonly #says: string | undefined;
  readonly #lifting: Lifting;
  #value: number | undefined;
  #notedAt = Number.NEGATIVE_INFINITY;

  /** @returns undefined when the series says nothing */
  static of(rule: ChangeRule, series: SeriesLabels, changes: Changes, lifting: Lifting): ChangeWatch | undefined {
    const entity = rule.of(series);
    const says = rule.says?.(series);
    const isSilent = (rule.by === 'label' || rule.by === 'state') && !says;
    if (entity === undefined || isSilent) return undefined;
    const part = rule.part === undefined ? '' : (series.get(rule.part) ?? '');
    return new ChangeWatch({ rule, entity, part, says, changes, lifting });
  }

  private constructor(options: {
    readonly rule: ChangeRule;
    readonly entity: Entity;
    readonly part: string;
    readonly says: string | undefined;
    readonly changes: Changes;
    readonly lifting: Lifting;
  }) {
    this.#rule = options.rule;
    this.#entity = options.entity;
    this.#part = options.part;
    this.#says = options.says;
    this.#changes = options.changes;
    this.#lifting = options.lifting;
  }

  /** Takes a sample. @param at epoch milliseconds */
  take(at: number, value: number): void {
    const { by } = this.#rule;
    if (by === 'value' || by === 'up') this.#takeValue(at, value);
    else if (at - this.#notedAt > NOTE_EVERY_MS) this.#takeLabel(at);
  }

  #takeValue(at: number, value: number): void {
    const before = this.#value;
    this.#value = value;
    if (before === undefined || before === value) return;
    if (this.#rule.by === 'up' && value < before) return;
    this.#add(at, this.#says === undefined ? String(before) : '', this.#says ?? String(value));
  }

  #takeLabel(at: number): void {
    this.#notedAt = at;
    // What a thing has one of, each pod has for itself; images are those of the workload.
    const thing = this.#rule.by === 'state' ? this.#entity : this.#lifted(at);
    const before = this.#changes.note(this.#rule, `${formatEntity(thing)} ${this.#part}`, this.#says!, at);
    if (before !== undefined) this.#add(at, before, this.#says!);
  }

  #add(at: number, from: string, to: string): void {
    this.#changes.add({ entity: this.#lifted(at), kind: this.#rule.kind, from, to, at });
  }

  /** A new pod of the workload is the same thing. */
  #lifted(at: number): Entity {
    return this.#lifting.lift(this.#entity, at)?.entity ?? this.#entity;
  }
}

function named(series: SeriesLabels, kind: 'pod' | 'workload', label: string): Entity | undefined {
  const name = series.object(label);
  return name === undefined ? undefined : series.entity(kind, series.namespace, name);
}
