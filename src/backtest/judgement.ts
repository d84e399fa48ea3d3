import type { RecordedSeries } from './recorded-series.ts';
import type { Replayed } from './replay.ts';

const DAY_MS = 86_400_000;
/** An alarm that comes so long after the last labelled sample, or three samples, still belongs to the event. */
const LEAST_SLACK_MS = 600_000;
const SLACK_SAMPLES = 3;

/** How well anomalies and labels agree. Figures of several series can be added. */
export interface Judgement {
  readonly days: number;
  readonly anomalies: number;
  /** Undefined where no series has labels. */
  readonly labelled:
    | {
        /** Anomalies of series with labels, and those of them that meet a labelled event. */
        readonly anomalies: number;
        readonly trueAnomalies: number;
        readonly events: number;
        readonly foundEvents: number;
      }
    | undefined;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Counts the alarms of a series and, where it has labels, which of them meet a labelled event. */
export function judge({ series, anomalies }: Replayed): Judgement {
  const days = durationMs(series) / DAY_MS;
  if (series.isLabelled === undefined) return { days, anomalies: anomalies.length, labelled: undefined };
  const events = eventsOf(series);
  const slackMs = Math.max(
    LEAST_SLACK_MS,
    SLACK_SAMPLES * (durationMs(series) / Math.max(1, series.values.length - 1)),
  );
  const spans = anomalies.map(({ startsAt, endsAt }): Span => ({ from: startsAt, to: endsAt ?? startsAt }));
  const meets = (span: Span, event: Span) => span.from <= event.to + slackMs && span.to >= event.from;
  const labelled = {
    anomalies: spans.length,
    trueAnomalies: spans.filter((span) => events.some((event) => meets(span, event))).length,
    events: events.length,
    foundEvents: events.filter((event) => spans.some((span) => meets(span, event))).length,
  };
  return { days, anomalies: anomalies.length, labelled };
}

export function sum(judgements: readonly Judgement[]): Judgement {
  const withLabels = judgements.flatMap(({ labelled }) => labelled ?? []);
  const total = (of: (each: NonNullable<Judgement['labelled']>) => number) =>
    withLabels.reduce((all, each) => all + of(each), 0);
  return {
    days: judgements.reduce((all, { days }) => all + days, 0),
    anomalies: judgements.reduce((all, { anomalies }) => all + anomalies, 0),
    labelled:
      withLabels.length === 0
        ? undefined
        : {
            anomalies: total((each) => each.anomalies),
            trueAnomalies: total((each) => each.trueAnomalies),
            events: total((each) => each.events),
            foundEvents: total((each) => each.foundEvents),
          },
  };
}

function durationMs({ timestamps }: RecordedSeries): number {
  return timestamps.reduce((latest, at) => Math.max(latest, at), timestamps[0]!) - timestamps[0]!;
}

/** Runs of labelled samples. */
function eventsOf({ timestamps, isLabelled }: RecordedSeries): Span[] {
  const events: { from: number; to: number }[] = [];
  for (let i = 0; i < timestamps.length; i++) {
    if (isLabelled![i] === 0) continue;
    if (i > 0 && isLabelled![i - 1] === 1) events.at(-1)!.to = timestamps[i]!;
    else events.push({ from: timestamps[i]!, to: timestamps[i]! });
  }
  return events;
}
