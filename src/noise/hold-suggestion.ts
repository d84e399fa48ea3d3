import { compareSeverity } from '../incidents/severity.ts';
import { formatDuration } from '../model/duration.ts';
import type { PastFiring, PastIncident } from './history.ts';
import type { Backtest, Suggestion } from './suggestion.ts';

const MINUTE_MS = 60_000;
const HOLDS_MS = [1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS);
const MIN_FIRINGS = 5;
/** Less than this share of a rule's firings is not worth a later page. */
const MIN_SAVED = 0.3;
/** A shorter hold is taken when it saves nearly as much as the best one. */
const NEARLY = 0.9;

/**
 * Proposes a longer `for:` for a rule, so that what is soon over never fires. Refused is a hold with which an incident would
 * have been lost that was critical or that a person took on.
 * @param rule all its firings
 * @param byIncident all firings of the incidents in which it takes part
 */
export function suggestHold(
  alertname: string,
  rule: readonly PastFiring[],
  byIncident: ReadonlyMap<string, readonly PastFiring[]>,
  incidents: ReadonlyMap<string, PastIncident>,
): Suggestion | undefined {
  if (rule.length < MIN_FIRINGS) return undefined;
  const tried = HOLDS_MS.map((holdMs) => ({ holdMs, backtest: testHold(rule, holdMs, byIncident, incidents) })).filter(
    ({ backtest }) => isWorthwhile(backtest, rule.length),
  );
  const most = Math.max(...tried.map(({ backtest }) => backtest.alertsSaved));
  const found = tried.find(({ backtest }) => backtest.alertsSaved >= NEARLY * most);
  if (found === undefined) return undefined;
  const { holdMs, backtest } = found;
  const nowMs = presentFor(rule);
  const present = nowMs === 0 ? 'on top of what it has now' : `it is ${formatDuration(nowMs)} now`;
  const text = `${backtest.alertsSaved} of ${rule.length} firings were over within ${formatDuration(holdMs)}`;
  return {
    kind: 'for',
    text,
    yaml: `# ${text}.\n- alert: ${JSON.stringify(alertname)}\n  for: ${formatDuration(nowMs + holdMs)} # ${present}\n`,
    backtest,
  };
}

/** What would have been if each firing of the rule had begun so much later, or not at all. */
function testHold(
  rule: readonly PastFiring[],
  holdMs: number,
  byIncident: ReadonlyMap<string, readonly PastFiring[]>,
  incidents: ReadonlyMap<string, PastIncident>,
): Backtest {
  const isSaved = ({ startsAt, endsAt }: PastFiring) => endsAt - startsAt < holdMs;
  const own = new Set(rule);
  let [lost, lostImportant, delayed, longestDelayMs] = [0, 0, 0, 0];
  for (const id of new Set(rule.map(({ incidentId }) => incidentId))) {
    const incident = incidents.get(id);
    if (incident?.promotedAt === undefined) continue;
    const before = byIncident.get(id)!;
    const starts = before.flatMap((firing) => {
      if (!own.has(firing)) return [firing.startsAt];
      return isSaved(firing) ? [] : [firing.startsAt + holdMs];
    });
    if (starts.length === 0) {
      lost++;
      if (isImportant(incident)) lostImportant++;
      continue;
    }
    const delayMs = Math.min(...starts) - Math.min(...before.map(({ startsAt }) => startsAt));
    if (delayMs > 0) delayed++;
    longestDelayMs = Math.max(longestDelayMs, delayMs);
  }
  return {
    alertsSaved: rule.filter(isSaved).length,
    incidentsLost: lost,
    lostImportant,
    incidentsDelayed: delayed,
    longestDelayMs,
  };
}

/** A hold with which a rule that has opened incidents would never have fired is a way to switch it off, and not proposed. */
function isWorthwhile({ alertsSaved, incidentsLost, lostImportant }: Backtest, firings: number): boolean {
  const switchesOff = alertsSaved === firings && incidentsLost > 0;
  return lostImportant === 0 && !switchesOff && alertsSaved >= MIN_SAVED * firings;
}

export function isImportant({ severity, acknowledgedAt }: PastIncident): boolean {
  return acknowledgedAt !== undefined || compareSeverity(severity, 'critical') >= 0;
}

/** The rule's `for` as its onsets show it, to a quarter of a minute; 0 when nobody has told the onsets. */
function presentFor(rule: readonly PastFiring[]): number {
  const holds = rule.map(({ startsAt, onsetAt }) => Math.max(0, startsAt - onsetAt)).sort((a, b) => a - b);
  const medianMs = holds[Math.floor(holds.length / 2)]!;
  return Math.round(medianMs / (MINUTE_MS / 4)) * (MINUTE_MS / 4);
}
