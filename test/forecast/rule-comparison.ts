import { forecastOf } from '../../src/forecast/forecaster.ts';
import { ResourceHistory } from '../../src/forecast/resource-history.ts';
import { followTeeth } from '../../src/forecast/teeth.ts';
import { Alarm, ShippedAlarms } from './alarm-judge.ts';
import { type DiskHistory, diskHistory } from './disk-histories.ts';
import { HOUR, sampled, TRACE_START } from './disk-traces.ts';

const STEP = 300;
/** An alarm is justified when the disk is full within twice of what the rule speaks of. */
const HORIZON_HOURS = { page: 24, ticket: 192, nodeCritical: 24, nodeWarning: 48, kubeWarning: 192 };
type Rule = keyof typeof HORIZON_HOURS;

export interface Tally {
  readonly disks: number;
  readonly fills: number;
  /** Alarms that no fill followed in time, by rule. */
  readonly falseAlarms: Record<Rule, number>;
  /** Fills of which the rule did not warn a quarter of an hour before. */
  readonly missed: Record<Rule, number>;
  /** Forecasts during fills (hourly, from a tenth of the way on), and those with the truth between p10 and p90. */
  judged: number;
  covered: number;
  readonly falseByKind: Record<string, Record<string, number>>;
}

/**
 * Lets the shipped rules and the mixins' `predict_linear` rules watch the same disks, every five minutes.
 * @param first number of the first disk: others than those that the model was made with
 */
export function compareRules(disks: number, first = 0): Tally {
  const zero = () => ({ page: 0, ticket: 0, nodeCritical: 0, nodeWarning: 0, kubeWarning: 0 });
  const tally = { disks, fills: 0, falseAlarms: zero(), missed: zero(), judged: 0, covered: 0, falseByKind: {} };
  for (let index = first; index < first + disks; index++) watch(diskHistory(index), index, tally);
  return tally;
}

function watch(disk: DiskHistory, seed: number, tally: Tally & { fills: number }): void {
  const history = new ResourceHistory();
  const shipped = new ShippedAlarms();
  const alarms: Record<Rule, Alarm> = {
    page: shipped.page,
    ticket: shipped.ticket,
    nodeCritical: new Alarm(HOUR),
    nodeWarning: new Alarm(HOUR),
    kubeWarning: new Alarm(HOUR),
  };
  const free: number[] = [];
  const said: (readonly [at: number, p10: number, p90: number])[] = [];
  let lastAt = 0;
  let isFull = false;
  for (const { at, used, limit } of sampled(disk, seed, 120)) {
    history.add(at, used, limit);
    followTeeth(history, at, used, limit);
    lastAt = at;
    isFull = disk.used(at - TRACE_START) >= limit;
    if (at % STEP >= 120) continue;
    const forecast = forecastOf(history, limit);
    shipped.evaluate(at, forecast);
    if (at % HOUR < 120) said.push([at, forecast.p10, forecast.p90]);
    free.push(limit - used);
    if (free.length > 73) free.shift();
    const left = free.at(-1)!;
    const slope = leastSquaresSlope(free);
    const isBelow = (hours: number) => left + slope * ((hours * HOUR) / STEP) < 0;
    alarms.nodeWarning.evaluate(at, left < 40 && isBelow(24));
    alarms.nodeCritical.evaluate(at, left < 20 && isBelow(4));
    alarms.kubeWarning.evaluate(at, left < 15 && isBelow(96));
  }
  if (isFull) tally.fills++;
  for (const rule of Object.keys(alarms) as Rule[]) {
    const justified = (at: number) => isFull && lastAt - at <= HORIZON_HOURS[rule] * HOUR;
    const wrong = alarms[rule].firedAt.filter((at) => !justified(at)).length;
    tally.falseAlarms[rule] += wrong;
    if (wrong > 0) {
      const byKind = tally.falseByKind[disk.kind] ?? {};
      tally.falseByKind[disk.kind] = { ...byKind, [rule]: (byKind[rule] ?? 0) + wrong };
    }
    if (isFull && !alarms[rule].firedAt.some((at) => justified(at) && lastAt - at >= 900)) tally.missed[rule]++;
  }
  if (disk.fillsFrom === undefined || !isFull) return;
  const from = TRACE_START + disk.fillsFrom;
  for (const [at, p10, p90] of said) {
    if (at < from + 0.1 * (lastAt - from) || at >= lastAt) continue;
    tally.judged++;
    if (p10 <= lastAt - at && lastAt - at <= p90) tally.covered++;
  }
}

/** As `predict_linear` has it, per sample. */
function leastSquaresSlope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  let above = 0;
  let below = 0;
  for (let i = 0; i < values.length; i++) {
    above += (i - middle) * values[i]!;
    below += (i - middle) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
