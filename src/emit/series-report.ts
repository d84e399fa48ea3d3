import { type Explanation, explain } from '../detect/explanation.ts';
import type { QuietSlots } from '../detect/quiet-slots.ts';
import type { Scorer } from '../detect/scorer.ts';
import type { Feedback } from '../model/feedback.ts';
import { labelsToObject } from '../model/labels.ts';
import { KIND } from '../series/kinds.ts';
import type { Policies } from '../series/policies.ts';
import type { SeriesTable } from '../series/series-table.ts';
import type { AnomalySeries } from './anomaly-series.ts';

/** A series without samples for so long has ended, as in Prometheus. */
const STALE_MS = 5 * 60_000;

export interface ReportParts {
  readonly table: SeriesTable;
  readonly policies: Policies;
  readonly scorer: Scorer;
  readonly outputs: AnomalySeries;
  readonly quietSlots: QuietSlots;
}

/**
 * What is known of one series, as JSON for people: what it is, how it is judged now and why, and how much was learnt.
 * Times are RFC 3339, values in the unit of scoring (per second for counters); what is unknown or infinite is null.
 * @param now clock time, milliseconds
 */
export function reportSeries(parts: ReportParts, slot: number, now: number) {
  const { table, policies, scorer } = parts;
  const policyNumber = table.policyNumbers[slot]!;
  const lastAt = scorer.sampleClock.lastAt(slot);
  const quiet = parts.quietSlots.nameOf(slot, lastAt);
  const hasVerdict = quiet === undefined && scorer.inspect(slot, policyNumber);
  const { steps, constant, season, ...experience } = scorer.engine.experience(slot, table.kinds[slot] === KIND.counter);
  const anomaly = scorer.anomalies.current(slot);
  const explanation = hasVerdict ? explain(scorer.engine.judgement, scorer.verdict) : undefined;
  const judgement = judge(parts, slot, hasVerdict);
  const isLive = lastAt > 0 && now - lastAt <= STALE_MS;
  const isAnomalous = anomaly !== undefined && (judgement.score ?? 0) > 1;
  return {
    labels: labelsToObject(table.labels(slot)!),
    kind: table.kinds[slot] === KIND.counter ? 'counter' : 'gauge',
    state: isLive ? stateOf(quiet, constant, hasVerdict, isAnomalous) : 'ended',
    calendar: quiet ?? null,
    lastSampleAt: time(lastAt),
    value: hasVerdict ? scorer.engine.judgement.value : (constant ?? null),
    ...judgement,
    reason: explanation?.sentence ?? reasonWithout(quiet, constant, steps, lastAt),
    spokesman: explanation?.spokesman ?? null,
    gate: explanation?.gate ?? null,
    rarity: explanation?.rarity ?? null,
    channels: explanation === undefined ? [] : channelsOf(explanation),
    anomaly: anomaly === undefined ? null : { ...anomaly, startsAt: time(anomaly.startsAt), endsAt: null },
    feedback: scorer.feedbacks.about(slot).map(feedbackToJson),
    learnt: {
      steps,
      stepSeconds: round(scorer.sampleClock.stepSeconds(slot)),
      intervalSeconds: round(scorer.sampleClock.interval(slot)),
      since: time(table.createdAt[slot]! * 1000),
      season,
      ...experience,
    },
    rule: ruleOf(policies, policyNumber),
  };
}

/** Something that was said about anomalies. */
export function feedbackToJson({ at, ...rest }: Feedback) {
  return { ...rest, at: time(at) };
}

/** What is put out, where the series is put out; else what would be. */
function judge({ outputs, scorer: { verdict } }: ReportParts, slot: number, hasVerdict: boolean) {
  const published = outputs.published(slot);
  const said = published?.hasBand ? published : hasVerdict ? verdict : undefined;
  if (said === undefined) return { score: 0, direction: 0, baseline: null };
  const { score, direction, expected, lower, upper } = said;
  return { score, direction, baseline: { expected, lower: finite(lower), upper: finite(upper) } };
}

function stateOf(quiet: string | undefined, constant: number | undefined, hasVerdict: boolean, isAnomalous: boolean) {
  if (quiet !== undefined) return 'quiet';
  if (constant !== undefined) return 'constant';
  if (!hasVerdict) return 'warming';
  return isAnomalous ? 'anomalous' : 'normal';
}

function reasonWithout(quiet: string | undefined, constant: number | undefined, steps: number, lastAt: number): string {
  if (quiet !== undefined) return `neither judged nor learnt because of ${quiet}`;
  if (lastAt === 0) return 'no sample was taken in yet';
  if (constant !== undefined) return `it was never anything but ${constant}`;
  return `too little is known for a verdict: ${steps} steps were learnt`;
}

function channelsOf({ opinions }: Explanation) {
  return opinions.map(({ channel, z, rarity }) => ({ channel, sigmas: z, rarity }));
}

function ruleOf(policies: Policies, policyNumber: number) {
  const { emit, kind, sensitivity, direction, minDeviation, range, identityDrop } = policies.get(policyNumber);
  return { emit, kind, sensitivity, direction, minDeviation, range: range ?? null, identityDrop };
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);
const round = (seconds: number) => Math.round(seconds * 1000) / 1000;
const time = (ms: number) => (ms === 0 ? null : new Date(ms).toISOString());
