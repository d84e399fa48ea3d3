import { formatEntity } from '../model/entity.ts';
import { fingerprint } from '../model/fingerprint.ts';
import type { Labels } from '../model/labels.ts';
import type { Subject } from '../model/topology.ts';
import type { CorrelatedFiring, ObservedOnset } from './correlator.ts';
import { Sign, type Sighting } from './sign.ts';
import { isAboutRequests } from './request-kinds.ts';

/** A pause after which the same trouble on the same thing is a new sign. */
export const PAUSE_MS = 7 * 60_000;

/** All that one cluster shows: signs by thing, found again by firing and by rule. */
export class Scene {
  readonly signs = new Map<string, Sign[]>();
  readonly #byFiring = new Map<string, Sighting>();
  readonly #episodes = new Map<string, Episode[]>();
  readonly #episodesByRule = new Map<string, Set<Episode>>();

  /** Grows when there is something new to explain. */
  version = 0;

  readonly #news = new Set<Sign>();
  takeHasNews(known: ReadonlySet<unknown>): boolean {
    const has = [...this.#news].some((sign) => !known.has(sign));
    this.#news.clear();
    return has;
  }

  takeFiring(firing: CorrelatedFiring): Sighting {
    const known = this.#byFiring.get(firing.key);
    if (known !== undefined) {
      known.firing = firing;
      this.#moveEnd(known, this.#endOf(known, firing));
      return known;
    }
    const episode = this.#episodeOf(firing);
    const sighting = episode?.sighting ?? this.#see(firing.subject, firing.alert.labels, firing.onset.latest, undefined);
    sighting.firing = firing;
    this.#news.add(sighting.sign);
    this.#byFiring.set(firing.key, sighting);
    this.#moveEnd(sighting, this.#endOf(sighting, firing));
    return sighting;
  }

  takeOnset(observed: ObservedOnset): void {
    const key = fingerprint(observed.labels);
    const episodes = this.#episodes.get(key) ?? [];
    let episode = episodes.find(({ activeAt }) => activeAt === observed.activeAt);
    if (episode === undefined) {
      const sighting = this.#see(observed.subject, observed.labels, observed.activeAt, observed.endedAt);
      episode = { labels: observed.labels, activeAt: observed.activeAt, endedAt: observed.endedAt, sighting };
      episodes.push(episode);
      this.#episodes.set(key, episodes);
      const rule = observed.labels.get('alertname') ?? '';
      const ofRule = this.#episodesByRule.get(rule);
      if (ofRule === undefined) this.#episodesByRule.set(rule, new Set([episode]));
      else ofRule.add(episode);
      return;
    }
    episode.endedAt = observed.endedAt;
    this.#moveEnd(episode.sighting, observed.endedAt);
  }

  #moveEnd(sighting: Sighting, endedAt: number | undefined): void {
    const before = sighting.sign.version;
    sighting.sign.moveEnd(sighting, endedAt);
    if (sighting.sign.version !== before) this.version++;
  }

  #endOf(sighting: Sighting, firing: CorrelatedFiring): number | undefined {
    return firing.alert.endsAt ?? sighting.endedAt;
  }

  #episodeOf({ alert }: CorrelatedFiring): Episode | undefined {
    const fits = ({ activeAt, endedAt, sighting }: Episode) =>
      activeAt <= alert.startsAt && (endedAt === undefined || endedAt > alert.startsAt) && sighting.firing === undefined;
    const exact = this.#episodes.get(alert.fingerprint)?.findLast(fits);
    if (exact !== undefined) return exact;
    const ofRule = [...(this.#episodesByRule.get(alert.labels.get('alertname') ?? '') ?? [])];
    const wider = ofRule.filter((each) => fits(each) && isPartOf(alert.labels, each.labels));
    return wider.length === 1 ? wider[0] : undefined;
  }

  #see(subject: Subject, labels: Labels, onset: number, endedAt: number | undefined): Sighting {
    const { entity } = subject;
    const entityKey = entity === undefined ? '' : formatEntity(entity);
    const kind = labels.get('alertname') ?? '';
    const id = entityKey === '' ? `${kind} ${fingerprint(labels)}` : `${kind} ${entityKey}`;
    const signs = this.signs.get(id) ?? [];
    let sign = signs.find((each) => onset >= each.onset - PAUSE_MS && onset <= Math.max(each.lastOnset, each.until) + PAUSE_MS);
    if (sign === undefined) {
      sign = new Sign({ entity, entityKey, kind, isRequest: isAboutRequests(labels) });
      signs.push(sign);
      this.signs.set(id, signs);
    }
    const before = sign.version;
    if (subject.pod !== undefined && subject.node !== undefined) sign.nodes.add(subject.node);
    const sighting = sign.add(undefined, onset, endedAt);
    if (sign.version !== before) this.version++;
    return sighting;
  }
}

interface Episode {
  readonly labels: Labels;
  readonly activeAt: number;
  endedAt: number | undefined;
  readonly sighting: Sighting;
}

function isPartOf(part: Labels, whole: Labels): boolean {
  for (const [name, value] of part) if (whole.get(name) !== value) return false;
  return true;
}
