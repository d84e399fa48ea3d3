import type { Anomaly } from '../model/anomaly.ts';
import type { Cancel, Clock } from '../model/clock.ts';
import { formatDuration } from '../model/duration.ts';
import type { Labels } from '../model/labels.ts';
import type { CapacityRule } from './capacity-rule.ts';
import { type Forecast, type ForecastState, forecastOf } from './forecaster.ts';
import { NEVER } from './full-in.ts';
import { MaturedForecasts } from './matured-forecasts.ts';
import type { Resource } from './resource.ts';
import { Resources } from './resources.ts';
import { restoreResources, saveResources } from './saved-resources.ts';

/** How often each resource is forecast anew … */
const FORECAST_INTERVAL_MS = 5 * 60_000;
/** … how often it is looked for those whose turn it is … */
const TICK_MS = 15_000;
/** … and how many are forecast, or looked at, in one turn: together a millisecond or two. */
const SLICE = 50;
const LOOKED_AT = 2000;

/** Without a sample for so many intervals, at least two minutes, what was said last is held … */
const STALE_INTERVALS = 3;
const MIN_STALE_MS = 2 * 60_000;
/** … for so long, and then ends. */
const HOLD_MS = 15 * 60_000;

/** A pod that goes on with the history of its workload is watched for so long before anything is said. */
const WARM_UP_SECONDS = 30 * 60;

/** Urgent as the shipped rule for pages has it; over when there is twice as much time as that at least. */
const URGENT_P10 = 4 * 3600;
const URGENT_P50 = 12 * 3600;
const RELIEVED_P50 = 24 * 3600;
/** Three forecasts in a row: ten minutes. */
const URGENT_FORECASTS = 3;
const MAX_SCORE = 100;

const UNKNOWN: Forecast = { ...NEVER, state: 'insufficient' };

/** What is put out of a resource now. */
export interface Outlook extends Forecast {
  readonly timestampMs: number;
}

/** Forecasts of all resources: takes their samples, looks ahead every five minutes, and tells when it becomes urgent. */
export class Forecasts {
  readonly resources: Resources;
  readonly matured = new MaturedForecasts();
  forecastTotal = 0;
  urgentTotal = 0;
  readonly #clock: Clock;
  readonly #labels: (slot: number) => Labels | undefined;
  readonly #onAnomaly: (anomaly: Anomaly) => void;
  readonly #cancel: Cancel;
  #cancelSlice: Cancel = () => {};
  /** Those that are still to be looked at, undefined between two rounds. */
  #round: Iterator<Resource> | undefined;

  /**
   * @param capacity largest number of slots
   * @param labels of the series that has a slot
   * @param onAnomaly told when a forecast becomes urgent, and again when that is over
   */
  constructor(
    capacity: number,
    labels: (slot: number) => Labels | undefined,
    clock: Clock,
    onAnomaly: (anomaly: Anomaly) => void,
  ) {
    this.#labels = labels;
    this.#clock = clock;
    this.#onAnomaly = onAnomaly;
    this.resources = new Resources(capacity, labels, (resource) => this.#relieve(resource, 'ended'));
    this.#cancel = clock.every(TICK_MS, () => this.#tick());
  }

  configure(rules: readonly CapacityRule[], clusterLabel: string): void {
    this.resources.configure(rules, clusterLabel);
  }

  /** Takes a sample of a member series. @param timestamp milliseconds, later than the series' last one */
  take(slot: number, timestamp: number, value: number): void {
    this.resources.take(slot, timestamp, value);
  }

  /** A series has ended, for now. */
  end(slot: number): void {
    this.resources.end(slot);
  }

  /** What is to be said of a resource now, undefined for nothing. @param now clock time, milliseconds */
  outlook(resource: Resource, now: number): Outlook | undefined {
    const { lastAt } = resource;
    if (lastAt === 0 || !resource.isLive) return undefined;
    const interval = resource.history.interval * 1000;
    const silence = now - lastAt;
    const isStale = silence > Math.max(MIN_STALE_MS, STALE_INTERVALS * interval);
    if (isStale && silence > HOLD_MS) return undefined;
    // What is held goes on to be put out: a gap would look as if nothing were filling any more.
    const timestampMs = isStale ? now : lastAt;
    if (resource.expiresAt > 0) {
      const left = Math.max(0, resource.expiresAt - timestampMs / 1000);
      return { p10: left, p50: left, p90: left, state: isStale ? 'stale' : 'deadline', timestampMs };
    }
    const { forecast } = resource;
    if (forecast === undefined) return undefined;
    const { p10, p50, p90, state } = forecast;
    const elapsed = (timestampMs - resource.forecastAt) / 1000;
    const after = (seconds: number) => Math.max(0, seconds - elapsed);
    const shown = isStale ? 'stale' : stateOf(resource, state);
    return { p10: after(p10), p50: after(p50), p90: after(p90), state: shown, timestampMs };
  }

  /** What was learnt, as blocks for a snapshot. */
  save(): Generator<Buffer> {
    return saveResources(this.resources);
  }

  /** Takes a block of a snapshot in. @returns resources that begin anew, because another version learnt them */
  restore(block: Buffer): number {
    return restoreResources(this.resources, block);
  }

  stop(): void {
    this.#cancel();
    this.#cancelSlice();
  }

  #tick(): void {
    // Those of the last tick are not done yet: they go first.
    if (this.#round !== undefined) return;
    this.#round = this.resources.all();
    this.#visitSome(this.#round);
  }

  #visitSome(round: Iterator<Resource>): void {
    for (let looked = 0, visited = 0; looked < LOOKED_AT && visited < SLICE; looked++) {
      const { value, done } = round.next();
      if (done) {
        this.#round = undefined;
        return;
      }
      if (!isDue(value)) continue;
      this.#visit(value);
      visited++;
    }
    this.#cancelSlice = this.#clock.after(1, () => this.#visitSome(round));
  }

  #visit(resource: Resource): void {
    const { history, lastAt } = resource;
    const isSilent = lastAt < this.#clock.now() - HOLD_MS;
    if (isSilent || !resource.isLive) {
      // A backlog is learnt; what it would have said then is of no interest now.
      if (isSilent) this.#relieve(resource, 'ended');
      return;
    }
    if (lastAt - resource.forecastAt < FORECAST_INTERVAL_MS - TICK_MS) return;
    const previous = resource.forecast;
    const forecast = isNewPod(resource) ? UNKNOWN : forecastOf(history, resource.scale);
    resource.announce(forecast);
    this.forecastTotal++;
    if (resource.rule.left !== undefined) return;
    this.matured.see(resource, previous);
    if (!resource.rule.isCalm) this.#judge(resource, forecast);
  }

  #judge(resource: Resource, { p10, p50, state }: Forecast): void {
    const isFilling = state === 'filling' || state === 'sawtooth';
    const isUrgent = isFilling && p10 < URGENT_P10 && p50 < URGENT_P50;
    resource.urgentCount = isUrgent ? resource.urgentCount + 1 : 0;
    const { urgency } = resource;
    if (urgency === undefined) {
      if (resource.urgentCount >= URGENT_FORECASTS) this.#alarm(resource, p10, p50);
    } else if (p50 > RELIEVED_P50) {
      this.#relieve(resource, 'recovered');
    } else {
      urgency.peakScore = Math.max(urgency.peakScore, scoreOf(p10));
    }
  }

  #alarm(resource: Resource, p10: number, p50: number): void {
    const [level] = this.resources.levelSlotsOf(resource);
    resource.urgency = {
      startsAt: resource.forecastAt,
      labels: this.#labels(level!) ?? this.resources.labelsOf(resource),
      reason: `${resource.rule.resource} is full in about ${inWords(p50)}, one chance in ten that in ${inWords(p10)}`,
      value: resource.history.used,
      limit: resource.history.limit,
      peakScore: scoreOf(p10),
    };
    this.urgentTotal++;
    this.#tell(resource.urgency, undefined, undefined);
  }

  #relieve(resource: Resource, endReason: 'recovered' | 'ended'): void {
    if (resource.urgency === undefined) return;
    this.#tell(resource.urgency, Math.max(resource.lastAt, resource.urgency.startsAt), endReason);
    resource.urgency = undefined;
    resource.urgentCount = 0;
  }

  #tell(
    { startsAt, labels, reason, value, limit, peakScore }: NonNullable<Resource['urgency']>,
    endsAt: number | undefined,
    endReason: Anomaly['endReason'],
  ): void {
    const band = { expected: value, lower: 0, upper: limit };
    this.#onAnomaly({ labels, startsAt, endsAt, endReason, peakScore, direction: 1, value, ...band, reason });
  }
}

/** Whether a pod is warming up: how it fills is known from others, but where it stands is not. */
function isNewPod({ history, inheritedAt }: Resource): boolean {
  return inheritedAt > 0 && history.lastAt - inheritedAt < WARM_UP_SECONDS;
}

/** Whether it is time for a forecast, or for a look at whether an urgent one has ended. */
function isDue({ history, lastAt, forecastAt, urgency }: Resource): boolean {
  if (urgency !== undefined) return true;
  return history.lastAt > 0 && lastAt - forecastAt >= FORECAST_INTERVAL_MS - TICK_MS;
}

/** What empties is drained, and what does not is filled: a queue that is worked off must page nobody. */
function stateOf({ rule }: Resource, state: ForecastState): ForecastState {
  if (rule.left === undefined) return state;
  if (state === 'filling') return 'draining';
  return state === 'draining' ? 'filling' : state;
}

/** 1 at the edge of urgent, 4 with half of that time. */
function scoreOf(p10: number): number {
  return Math.max(1.01, Math.min(MAX_SCORE, (URGENT_P10 / p10) ** 2));
}

function inWords(seconds: number): string {
  return formatDuration(Math.round(seconds / 60) * 60_000);
}
