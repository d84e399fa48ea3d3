import type { Alert } from '../model/alert.ts';
import type { Labels } from '../model/labels.ts';
import type { ObservedOnset } from './correlator.ts';
import type { Sighting } from './sign.ts';

/** One episode of a rule for one label set, as its `ALERTS_FOR_STATE` series shows it. */
interface Episode {
  readonly labels: Labels;
  readonly activeAt: number;
  readonly sighting: Sighting;
}

/** Which alert is the outcome of which pending rule: relabelling may have taken labels from the alert, never added any. */
export class Episodes {
  readonly #byFingerprint = new Map<string, Episode[]>();
  readonly #byRule = new Map<string, Set<Episode>>();

  find({ fingerprint, activeAt }: Pick<ObservedOnset, 'fingerprint' | 'activeAt'>): Episode | undefined {
    return this.#byFingerprint.get(fingerprint)?.find((episode) => episode.activeAt === activeAt);
  }

  add({ labels, fingerprint: key, activeAt }: ObservedOnset, sighting: Sighting): void {
    const episode = { labels, activeAt, sighting };
    const rule = ruleOf(labels);
    this.#byFingerprint.set(key, [...(this.#byFingerprint.get(key) ?? []), episode]);
    const ofRule = this.#byRule.get(rule);
    if (ofRule === undefined) this.#byRule.set(rule, new Set([episode]));
    else ofRule.add(episode);
  }

  /** The episode that fired as this alert: the one with its labels, or the only one that has them among others. */
  match(alert: Alert): Sighting | undefined {
    const fits = ({ activeAt, sighting: { firing, endedAt } }: Episode) =>
      firing === undefined && activeAt <= alert.startsAt && (endedAt === undefined || endedAt > alert.startsAt);
    const exact = this.#byFingerprint.get(alert.fingerprint)?.findLast(fits);
    if (exact !== undefined) return exact.sighting;
    let only: Episode | undefined;
    for (const episode of this.#byRule.get(ruleOf(alert.labels)) ?? []) {
      if (!fits(episode) || !isPartOf(alert.labels, episode.labels)) continue;
      if (only !== undefined) return undefined;
      only = episode;
    }
    return only?.sighting;
  }

  forget(isOver: (sighting: Sighting) => boolean): void {
    for (const [key, episodes] of this.#byFingerprint) {
      const left = episodes.filter(({ sighting }) => !isOver(sighting));
      if (left.length === 0) this.#byFingerprint.delete(key);
      else this.#byFingerprint.set(key, left);
    }
    for (const [rule, episodes] of this.#byRule) {
      for (const episode of episodes) if (isOver(episode.sighting)) episodes.delete(episode);
      if (episodes.size === 0) this.#byRule.delete(rule);
    }
  }
}

function ruleOf(labels: Labels): string {
  return labels.get('alertname') ?? '';
}

function isPartOf(part: Labels, whole: Labels): boolean {
  for (const [name, value] of part) if (whole.get(name) !== value) return false;
  return true;
}
