import type { PastFiring, PastIncident } from './history.ts';
import { isImportant } from './hold-suggestion.ts';
import type { Suggestion } from './suggestion.ts';

const MIN_COVERED = 5;
/** Less than this share of a rule's firings would make an inhibition a matter of luck. */
const MIN_COVERAGE = 0.8;
/** So often two alerts that fire together have to agree on a label for it to join them. */
const MIN_AGREEMENT = 0.9;
/** The newest firings of a rule are enough to judge by, and each is compared with each of the other rule. */
const MAX_COMPARED = 500;
/** Of what fires at the same time, these many are enough to find the one that is about the same thing. */
const MAX_COMPANIONS = 20;
/** Labels that two alerts share without being about the same thing. */
const EXCLUDED = new Set(['alertname', 'severity', 'prometheus', 'monitor', 'team', 'receiver', 'job', 'endpoint']);

/**
 * Proposes an inhibit rule: while the alert `source` fires, `target` says nothing new about the same thing.
 * @param byIncident all firings of the incidents in which the target takes part
 */
export function suggestInhibition(
  source: readonly [alertname: string, firings: readonly PastFiring[]],
  target: readonly [alertname: string, firings: readonly PastFiring[]],
  byIncident: ReadonlyMap<string, readonly PastFiring[]>,
  incidents: ReadonlyMap<string, PastIncident>,
): Suggestion | undefined {
  const [sources, targets] = [source[1].slice(-MAX_COMPARED), target[1].slice(-MAX_COMPARED)];
  const equal = commonLabels(sources, targets);
  if (equal.length === 0) return undefined;
  const covered = new Set(targets.filter((firing) => sources.some((other) => isInhibitedBy(firing, other, equal))));
  if (covered.size < MIN_COVERED || covered.size < MIN_COVERAGE * targets.length) return undefined;
  const lost = [...new Set([...covered].map(({ incidentId }) => incidentId))]
    .filter((id) => byIncident.get(id)!.every((firing) => covered.has(firing)))
    .map((id) => incidents.get(id))
    .filter((incident) => incident?.promotedAt !== undefined);
  const lostImportant = lost.filter((incident) => isImportant(incident!)).length;
  if (lostImportant > 0) return undefined;
  const text = `${covered.size} of ${targets.length} firings began while ${source[0]} fired for the same ${equal.join(', ')}`;
  return {
    kind: 'inhibit',
    text,
    yaml: inhibitRule(source[0], target[0], equal, text),
    backtest: {
      alertsSaved: covered.size,
      incidentsLost: lost.length,
      lostImportant,
      incidentsDelayed: 0,
      longestDelayMs: 0,
    },
  };
}

/** The labels on which alerts that fire together agree: those that name the thing. */
function commonLabels(sources: readonly PastFiring[], targets: readonly PastFiring[]): string[] {
  const agreeing = new Map<string, number>();
  let together = 0;
  for (const target of targets) {
    const companions = sources.filter((source) => overlaps(target, source)).slice(-MAX_COMPANIONS);
    const shared = companions.map((source) => sharedLabels(target, source));
    const best = shared.reduce<string[] | undefined>(
      (a, b) => (a === undefined || b.length > a.length ? b : a),
      undefined,
    );
    if (best === undefined) continue;
    together++;
    for (const name of best) agreeing.set(name, (agreeing.get(name) ?? 0) + 1);
  }
  return [...agreeing]
    .filter(([, count]) => count >= MIN_AGREEMENT * together)
    .map(([name]) => name)
    .sort();
}

function sharedLabels(a: PastFiring, b: PastFiring): string[] {
  return Object.keys(a.labels).filter((name) => !EXCLUDED.has(name) && a.labels[name] === b.labels[name]);
}

function isInhibitedBy(target: PastFiring, source: PastFiring, equal: readonly string[]): boolean {
  return overlaps(target, source) && equal.every((name) => target.labels[name] === source.labels[name]);
}

/** The source fires when the target begins: then Alertmanager would have said nothing. */
function overlaps(target: PastFiring, source: PastFiring): boolean {
  return source.startsAt <= target.startsAt && source.endsAt > target.startsAt;
}

function inhibitRule(source: string, target: string, equal: readonly string[], text: string): string {
  const matcher = (alertname: string) => `['alertname=${JSON.stringify(alertname).replaceAll("'", "''")}']`;
  return (
    `# ${text}.\ninhibit_rules:\n  - source_matchers: ${matcher(source)}\n` +
    `    target_matchers: ${matcher(target)}\n    equal: [${equal.join(', ')}]\n`
  );
}
