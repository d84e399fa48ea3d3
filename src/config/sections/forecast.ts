import {
  choice,
  group,
  list,
  metricOrNumber,
  metricSelector,
  number,
  optional,
  preset,
  required,
  section,
  text,
} from '../schema-types.ts';
import { labelName } from './labels.ts';

/** An entry of `forecast:`. */
export const capacity = section(
  {
    resource: required(
      text('a name such as disk_quota: small letters, digits and _', (name) => /^[a-z][a-z0-9_]*$/.test(name)),
      'Value of the label resource. With the name of a preset this entry takes its place.',
    ),
    used: optional(metricSelector, 'Series that say how much is used.'),
    free: optional(metricSelector, 'Series that say how much is free.'),
    left: optional(
      metricSelector,
      'Series that say how much is left of something without a limit, such as a queue: the forecast is when it is empty.',
    ),
    expires: optional(
      metricSelector,
      'Series that say when something ends, in seconds since 1970; below 1e9 they are seconds that are left.',
    ),
    preset: optional(choice('off'), 'Switches off the preset of this name; nothing else may be given then.'),
    limit: optional(metricOrNumber, 'What counts as full: series, or a number.'),
    size: optional(metricOrNumber, 'The same as limit, for those who call it so.'),
    reserved: optional(
      metricSelector,
      'Series of what is kept back: of the limit; or, without a limit, of what is free, such as what has to stay free.',
    ),
    on: group(
      list(labelName),
      'Labels on which the series of one resource agree; all labels unless given. Several series in one role are combined.',
    ),
    combine: preset(choice('sum', 'max'), 'sum', 'How several series in one role are combined.'),
    full_at: preset(number(0.01, 1), 1, 'Share of the limit that counts as full.'),
    unless: group(list(metricSelector), 'While one of these series is 1 or more nothing is forecast.'),
  },
  {
    exactlyOne: [['used', 'free', 'left', 'expires', 'preset']],
    atMostOne: [['limit', 'size']],
    needs: { used: ['limit', 'size'], free: ['limit', 'size', 'reserved'], reserved: ['used', 'free'] },
  },
);
