import { type ForecastState, STATES } from '../forecast/forecaster.ts';
import type { Forecasts, Outlook } from '../forecast/forecasts.ts';
import type { Resource } from '../forecast/resource.ts';
import type { Clock } from '../model/clock.ts';
import { createLabels, type Labels } from '../model/labels.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';

const QUANTILES = [
  ['0.1', 'p10'],
  ['0.5', 'p50'],
  ['0.9', 'p90'],
] as const;
/** Groups that a resource has at most: quantiles, the ratio, and one for each state. */
const GROUPS = QUANTILES.length + 1 + STATES.length;

/** The `predict_*` series: of every resource, always. */
export class ForecastSeries implements OutputSource {
  readonly families = [
    {
      name: 'predict_full_in_seconds',
      help: 'Time until the resource is full (or empty, or expired), +Inf when it is not filling.',
    },
    { name: 'predict_full_state', help: 'Always 1; the label state says what the resource does.' },
    { name: 'predict_used_ratio', help: 'Share of what counts as full that is used.' },
  ] as const;

  readonly #forecasts: Forecasts;
  readonly #clock: Clock;

  constructor(forecasts: Forecasts, clock: Clock) {
    this.#forecasts = forecasts;
    this.#clock = clock;
  }

  *groups(): Iterable<OutputGroup> {
    const now = this.#clock.now();
    for (const resource of this.#forecasts.resources.all()) {
      const outlook = this.#forecasts.outlook(resource, now);
      if (outlook === undefined) continue;
      // Read when the first of its groups is selected, once for all of them.
      let labels: Labels | undefined;
      yield* groupsOf(resource, outlook, () => {
        labels ??= this.#forecasts.resources.labelsOf(resource);
        return labels;
      });
    }
  }
}

function* groupsOf(resource: Resource, outlook: Outlook, labels: () => Labels): Iterable<OutputGroup> {
  const { usedRatio } = resource;
  const { timestampMs } = outlook;
  const id = resource.outputId * GROUPS;
  for (const [i, [quantile, key]] of QUANTILES.entries()) {
    yield {
      id: id + i,
      labels: () => createLabels([...labels(), ['quantile', quantile]]),
      timestampMs,
      values: [['predict_full_in_seconds', outlook[key]]],
    };
  }
  yield { ...stateGroup(labels, outlook.state, id + QUANTILES.length + 1), timestampMs };
  if (Number.isFinite(usedRatio)) {
    const values = [['predict_used_ratio', usedRatio]] as const;
    yield { id: id + QUANTILES.length, labels, timestampMs, values };
  }
}

function stateGroup(labels: () => Labels, state: ForecastState, firstId: number): Omit<OutputGroup, 'timestampMs'> {
  return {
    id: firstId + STATES.indexOf(state),
    labels: () => createLabels([...labels(), ['state', state]]),
    values: [['predict_full_state', 1]],
  };
}
