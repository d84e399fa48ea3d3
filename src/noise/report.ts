import { ACCOUNTS, type Account, accountsOf } from './accounts.ts';
import type { History, PastFiring } from './history.ts';
import { suggestHold } from './hold-suggestion.ts';
import { suggestInhibition } from './inhibit-suggestion.ts';
import { type PlainGrouping, plainNotifications } from './plain-alertmanager.ts';
import { type ResponseTimes, responseTimes } from './response-times.ts';
import type { Suggestion } from './suggestion.ts';

type Ledger = Readonly<Record<Account, number>>;

/** What one alerting rule has cost. */
interface RuleNoise {
  readonly alertname: string;
  readonly firings: number;
  readonly ledger: Ledger;
  /** Of firings that are over; null without any. */
  readonly medianDurationMs: number | null;
  readonly suggestions: readonly Suggestion[];
}

/** How much was said, and how much of it had to be. */
export interface NoiseReport {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Whether there were more firings than are looked at. */
  readonly isCut: boolean;
  /** All firings, each in one account. */
  readonly firings: number;
  readonly ledger: Ledger;
  readonly incidents: number;
  readonly notifications: {
    /** About incidents: new, back, grown, graver, another cause; sent, or in shadow mode what would have been. */
    readonly incidents: number;
    /** Webhooks of Alertmanager that brought a new alert. */
    readonly received: number;
    /** What a plain Alertmanager would have sent for a new alert with `groupBy`. */
    readonly plain: number;
    readonly groupBy: readonly string[];
    /** 1 - incidents / the smaller of the two others; null when nothing would have been sent. */
    readonly compression: number | null;
  };
  readonly times: ResponseTimes;
  /** The noisiest rules, at most 20. */
  readonly rules: readonly RuleNoise[];
}

const COUNTED_EVENTS = ['new', 'reopened', 'grew', 'severity_changed', 'cause_changed'];
const MAX_RULES = 20;
const MAX_SOURCES = 5;

/** Measures a stretch of history. Pure: the same history gives the same report. */
export function noiseReport(history: History, grouping: PlainGrouping): NoiseReport {
  const { firings, incidents, from, to, isCut, told } = history;
  const accounts = accountsOf(history);
  const ledger = emptyLedger();
  for (const account of accounts.values()) ledger[account]++;
  for (const { account, count } of history.ledger) ledger[account as Account] += count;
  const recent = [...incidents.values()].filter(({ openedAt }) => openedAt >= from);
  const notifications = {
    incidents: COUNTED_EVENTS.reduce((sum, event) => sum + (told[event] ?? 0), 0),
    received: webhooksWithNews(history),
    plain: plainNotifications(firings, grouping),
    groupBy: grouping.groupBy,
  };
  return {
    ...{ from, to, isCut, ledger, incidents: recent.length },
    firings: Object.values(ledger).reduce((sum, count) => sum + count, 0),
    notifications: { ...notifications, compression: compression(notifications) },
    times: responseTimes(recent),
    rules: noisiestRules(history, accounts),
  };
}

/** The smaller figure of the two: what is left out of it cannot flatter us. Without webhooks only the model is there. */
function compression({
  incidents,
  received,
  plain,
}: {
  incidents: number;
  received: number;
  plain: number;
}): number | null {
  const without = received > 0 ? Math.min(received, plain) : plain;
  return without === 0 ? null : 1 - incidents / without;
}

function webhooksWithNews({ firings, webhooksAt }: History): number {
  const newsAt = new Set(firings.map(({ admittedAt }) => admittedAt));
  return webhooksAt.filter((at) => newsAt.has(at)).length;
}

function noisiestRules(history: History, accounts: ReadonlyMap<PastFiring, Account>): RuleNoise[] {
  const { firings, incidents } = history;
  const byRule = Map.groupBy(firings, ({ labels }) => labels.alertname ?? '');
  const byIncident = Map.groupBy(firings, ({ incidentId }) => incidentId);
  const noisiest = [...byRule].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1)).slice(0, MAX_RULES);
  return noisiest.map(([alertname, rule]) => {
    const ledger = emptyLedger();
    for (const firing of rule) ledger[accounts.get(firing)!]++;
    for (const line of history.ledger) if (line.alertname === alertname) ledger[line.account as Account] += line.count;
    const sources = companions(alertname, rule, byIncident).map((name) => [name, byRule.get(name)!] as const);
    const inhibitions = sources.map((source) => suggestInhibition(source, [alertname, rule], byIncident, incidents));
    const suggestions = [suggestHold(alertname, rule, byIncident, incidents), ...inhibitions];
    return {
      ...{ alertname, ledger, firings: rule.length },
      medianDurationMs: medianDuration(rule),
      suggestions: suggestions
        .filter((each) => each !== undefined)
        .sort((a, b) => b.backtest.alertsSaved - a.backtest.alertsSaved),
    };
  });
}

/** The rules that most often share an incident with this one. */
function companions(
  alertname: string,
  rule: readonly PastFiring[],
  byIncident: ReadonlyMap<string, readonly PastFiring[]>,
): string[] {
  const counts = new Map<string, number>();
  for (const id of new Set(rule.map(({ incidentId }) => incidentId))) {
    const names = new Set(byIncident.get(id)!.map(({ labels }) => labels.alertname ?? ''));
    for (const name of names) if (name !== alertname) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const often = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return often.slice(0, MAX_SOURCES).map(([name]) => name);
}

function medianDuration(rule: readonly PastFiring[]): number | null {
  const durations = rule.map(({ startsAt, endsAt }) => endsAt - startsAt).filter(Number.isFinite);
  return durations.sort((a, b) => a - b)[Math.floor(durations.length / 2)] ?? null;
}

function emptyLedger(): Record<Account, number> {
  return Object.fromEntries(ACCOUNTS.map((account) => [account, 0])) as Record<Account, number>;
}
