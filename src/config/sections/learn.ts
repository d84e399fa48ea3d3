import {
  choice,
  group,
  interval,
  list,
  number,
  optional,
  preset,
  required,
  section,
  selector,
  text,
} from '../schema-types.ts';
import { LABEL_NAME } from './labels.ts';

const minDeviation = section({
  absolute: preset(
    number(0),
    0,
    'In the unit in which the series is scored (per second for counters). From so much on the first change of a constant series is news, too.',
  ),
  relative: preset(number(0), 0.05, 'As a share of the expected value: 0.05 is 5 %.'),
});

/** An entry of `learn:`. */
export const learnRule = section({
  match: required(list(selector, 1), 'Selectors as in PromQL. The rule is for a series that any of them selects.'),
  emit: preset(
    choice('all', 'anomalous', 'none', 'ignore'),
    'anomalous',
    'When the scores of a series are put out: all = always, anomalous = while they matter, none = never, though they are learnt and open anomalies, ignore = the series is not even learnt.',
  ),
  kind: preset(
    choice('auto', 'counter', 'gauge', 'unscored'),
    'auto',
    "What the series is. auto goes by metadata and by the metric's name; the others overrule both. unscored = it has no score, and topology and forecasts see it all the same.",
  ),
  sensitivity: preset(number(0.01, 100), 1, '2 is twice as eager, 0.5 half as eager.'),
  direction: preset(choice('both', 'up', 'down'), 'both', 'Which way a series has to leave its band to be an anomaly.'),
  min_deviation: group(
    minDeviation,
    'A smaller distance from the expected value is never an anomaly. The larger of the two counts.',
  ),
  range: optional(interval, 'Values that the series can have at all; the band stays within.'),
  identity_drop: group(
    list(text('a label name such as pod, but not __name__', (name) => LABEL_NAME.test(name) && name !== '__name__')),
    "Labels that tell the replicas of a workload apart, such as pod and instance. A new replica goes on with its workload's baseline, and each is compared with its siblings.",
  ),
});
