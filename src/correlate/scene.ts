import type { Anomaly } from '../model/anomaly.ts';
import { anomalyKey } from '../model/anomaly.ts';
import { formatEntity } from '../model/entity.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Subject } from '../model/topology.ts';
import { PAUSE_MS } from './bursts.ts';
import type { CorrelatedFiring, ObservedOnset } from './correlator.ts';
import { Episodes } from './episodes.ts';
import { isAboutRequests } from './request-labels.ts';
import { isMovable, type Sighting, Sign } from './sign.ts';

/** All that one cluster shows: signs, found again by firing, by rule state and by anomaly. */
export class Scene {
  /** Grows when there is something new to explain. An end is no news before something begins after it. */
  version = 0;
  #lastOnset = Number.NEGATIVE_INFINITY;
  readonly #signs = new Map<string, Sign[]>();
  readonly #byFiring = new Map<string, Sighting>();
  readonly #byAnomaly = new Map<string, Sighting>();
  /** Recurring anomalies: shown where they are, but no signs, because they are there without any trouble as well. */
  readonly #bystanders = new Map<string, Sighting>();
  readonly #episodes = new Episodes();
  readonly #identifying: (labels: Labels) => readonly string[];

  /** @param identifying the labels that say which thing is meant */
  constructor(identifying: (labels: Labels) => readonly string[]) {
    this.#identifying = identifying;
  }

  /** Oldest first within a kind and thing; otherwise in the order in which they were first heard of. */
  *signs(): Iterable<Sign> {
    for (const signs of this.#signs.values()) yield* signs;
  }

  *anomalies(): Iterable<[key: string, sighting: Sighting]> {
    yield* this.#byAnomaly;
    yield* this.#bystanders;
  }

  /** @returns where it was seen, and whether it is new */
  takeFiring(firing: CorrelatedFiring): { sighting: Sighting; isNew: boolean } {
    const known = this.#byFiring.get(firing.key);
    const sighting = known ?? this.#episodes.match(firing.alert) ?? this.#see(firing, firing.onset.latest);
    sighting.sign.movable += Number(isMovable(firing)) - Number(isMovable(sighting.firing));
    sighting.firing = firing;
    this.#byFiring.set(firing.key, sighting);
    this.#moveEnd(sighting, firing.alert.endsAt ?? (known === undefined ? sighting.endedAt : undefined));
    return { sighting, isNew: known === undefined };
  }

  takeOnset(observed: ObservedOnset): void {
    const { labels, activeAt, endedAt, subject } = observed;
    const known = this.#episodes.find(observed);
    if (known !== undefined) this.#moveEnd(known.sighting, endedAt);
    else this.#episodes.add(observed, this.#see({ subject, alert: { labels } }, activeAt, endedAt));
  }

  takeAnomaly(anomaly: Anomaly, subject: Subject): void {
    const key = anomalyKey(anomaly);
    const known = this.#byAnomaly.get(key);
    if (known !== undefined) this.#moveEnd(known, anomaly.endsAt);
    else if (anomaly.recurring !== undefined) this.#takeBystander(key, anomaly, subject);
    else if (subject.entity !== undefined) {
      this.#bystanders.delete(key);
      const sign = this.#signOf(subject, anomaly.labels, kindOf(anomaly), anomaly.startsAt, true);
      this.#byAnomaly.set(key, sign.add(anomaly.startsAt, anomaly.endsAt));
      this.#lastOnset = Math.max(this.#lastOnset, anomaly.startsAt);
      this.version++;
    }
  }

  /** Drops signs; what comes about the same things is new then. */
  forget(isOver: (sign: Sign) => boolean): void {
    for (const [id, signs] of this.#signs) {
      const left = signs.filter((sign) => !isOver(sign));
      if (left.length === 0) this.#signs.delete(id);
      else if (left.length < signs.length) this.#signs.set(id, left);
    }
    for (const sightings of [this.#byFiring, this.#byAnomaly, this.#bystanders]) {
      for (const [key, { sign }] of sightings) if (isOver(sign)) sightings.delete(key);
    }
    this.#episodes.forget(({ sign }) => isOver(sign));
  }

  #takeBystander(key: string, anomaly: Anomaly, { entity }: Subject): void {
    const known = this.#bystanders.get(key);
    if (known !== undefined) known.sign.moveEnd(known, anomaly.endsAt);
    else if (entity !== undefined) {
      const about = { entity, entityKey: formatEntity(entity), kind: kindOf(anomaly), identifying: [] };
      const sign = new Sign({ ...about, isRequest: isAboutRequests(anomaly.labels), isEvidence: true });
      this.#bystanders.set(key, sign.add(anomaly.startsAt, anomaly.endsAt));
    }
  }

  #moveEnd(sighting: Sighting, endedAt: number | undefined): void {
    const { sign } = sighting;
    const before = sign.until;
    sign.moveEnd(sighting, endedAt);
    if (sign.until !== before && Math.min(sign.until, before) < this.#lastOnset) this.version++;
  }

  #see(
    { subject, alert: { labels, group = '' } }: { subject: Subject; alert: { labels: Labels; group?: string } },
    onset: number,
    endedAt?: number,
  ): Sighting {
    const sign = this.#signOf(subject, labels, labels.get('alertname') ?? '', onset, false, namedGroup(group));
    const before = sign.revision;
    if (subject.pod !== undefined && subject.node !== undefined) sign.addNode(subject.node);
    const sighting = sign.add(onset, endedAt);
    this.#lastOnset = Math.max(this.#lastOnset, onset);
    if (sign.revision !== before) this.version++;
    return sighting;
  }

  /** The sign that goes on at that time, or a new one. What names nothing is a sign of its own per label set. */
  #signOf(
    { entity }: Subject,
    labels: Labels,
    kind: string,
    onset: number,
    isEvidence: boolean,
    group: readonly string[] = [],
  ): Sign {
    const entityKey = entity === undefined ? '' : formatEntity(entity);
    const id = `${isEvidence ? 'anomaly' : 'alert'} ${kind} ${entityKey === '' ? fingerprint(labels) : entityKey}`;
    const signs = this.#signs.get(id);
    const found = signs?.find(
      (sign) => onset >= sign.onset - PAUSE_MS && onset <= Math.max(sign.lastOnset, sign.until) + PAUSE_MS,
    );
    const identifying = isEvidence || found?.identifying.length === 0 ? [] : [...this.#identifying(labels), ...group];
    if (found !== undefined) {
      if (found.narrow(identifying)) this.version++;
      return found;
    }
    const sign = new Sign({ entity, entityKey, kind, isRequest: isAboutRequests(labels), isEvidence, identifying });
    this.#signs.set(id, signs === undefined ? [sign] : [...signs, sign].sort((a, b) => a.onset - b.onset));
    return sign;
  }
}

/** The metric. */
function kindOf({ labels }: Anomaly): string {
  return labels.get(METRIC_NAME) ?? '';
}

/** Whoever lets Alertmanager group by alert name says that the alerts of a group are one matter. */
function namedGroup(group: string): string[] {
  return /[{,\s]alertname="/.test(group) ? [`notification group ${group}`] : [];
}
