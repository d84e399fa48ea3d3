import { filePath, group, list, optional, section, selector, text } from '../schema-types.ts';

/** A date, or a date and a time with or without offset from UTC; as RFC 3339 has it, seconds may be missing. */
const MOMENT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?$/;

const moment = text(
  'a date or time such as 2026-12-24, 2026-12-24T18:00 or 2026-12-24T18:00:00+01:00',
  (written) => MOMENT.test(written) && !Number.isNaN(Date.parse(written)),
);

/** An entry of `calendars:`. */
export const calendar = section(
  {
    name: optional(
      text('some text', (name) => name !== ''),
      'What the time is called in explanations; events of a file have names of their own.',
    ),
    file: optional(
      filePath,
      'Calendar in the form of RFC 5545 (.ics). Every event in it, all-day or not, recurring or not, is such a time. It is read again with the configuration.',
    ),
    start: optional(moment, 'When a single time begins. Without an offset it is local time of `global.timezone`.'),
    end: optional(moment, 'When it ends.'),
    match: group(
      list(selector),
      'Selectors as in PromQL of the series and alerts that it is about. Without any it is about all series, and no alert.',
    ),
  },
  { exactlyOne: [['file', 'start']], needs: { start: ['end'], end: ['start'] } },
);
