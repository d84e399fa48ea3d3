import { AHEAD_MS, type QuietTimes, type Span } from '../model/calendar.ts';
import { zonedTime } from '../model/zoned-time.ts';
import { CalendarFile, CalendarFileError } from './calendar-file.ts';
import { type Locate, loadConfig, readTextFile } from './load.ts';
import type { Config } from './schema.ts';
import type { Finding } from './yaml-tree.ts';

type CalendarEntry = Config['calendars'][number];

const MAX_ENTRIES = 100;
const HAS_OFFSET = /(?:Z|[+-]\d\d:\d\d)$/;

/** The main configuration with what its calendars hold. */
export interface LoadedConfig {
  readonly config: Config;
  readonly quietTimes: readonly QuietTimes[];
}

/**
 * Reads and checks the main configuration file, and the calendar files that it names.
 * @param path undefined when there is no file, which gives the defaults
 * @param now milliseconds since the epoch: what recurs is tried from here on
 * @throws ConfigError with all problems
 */
export function loadConfigWithCalendars(path: string | undefined, now: number): LoadedConfig {
  let quietTimes: readonly QuietTimes[] = [];
  const config = loadConfig(path, ({ global, calendars = [] }, locate) => {
    const read = readCalendars(calendars, global?.timezone ?? 'UTC', now, locate);
    quietTimes = read.quietTimes;
    return read.findings;
  });
  return { config, quietTimes };
}

function readCalendars(entries: readonly (CalendarEntry | undefined)[], zone: string, now: number, locate: Locate) {
  const quietTimes: QuietTimes[] = [];
  const findings: Finding[] = [];
  if (entries.length > MAX_ENTRIES) {
    findings.push({ ...locate('calendars')!, message: `calendars: at most ${MAX_ENTRIES} entries are taken` });
    return { quietTimes, findings };
  }
  for (const [index, entry] of entries.entries()) {
    try {
      if (entry !== undefined) quietTimes.push({ match: entry.match, spans: spansOf(entry, zone, now) });
    } catch (error) {
      if (!(error instanceof CalendarFileError)) throw error;
      const at = locate('calendars', String(index), 'file') ?? locate('calendars', String(index), 'start');
      const key = entry?.file === undefined ? 'end' : 'file';
      findings.push({ ...at!, message: `calendars[${index}].${key}: ${error.message}` });
    }
  }
  return { quietTimes, findings };
}

function spansOf({ file, name, start, end }: CalendarEntry, zone: string, now: number): QuietTimes['spans'] {
  if (file !== undefined) {
    const calendar = new CalendarFile(
      readTextFile(file, (message) => new CalendarFileError(`the calendar ${message}`)),
      zone,
    );
    calendar.spans(now, now + AHEAD_MS);
    if (calendar.isTooMuch) throw new CalendarFileError('its events recur too often: check the rules (RRULE)');
    return (from, to) => calendar.spans(from, to);
  }
  const span: Span = { name: name ?? 'calendar', startsAt: momentOf(start, zone), endsAt: momentOf(end, zone) };
  if (span.endsAt <= span.startsAt) throw new CalendarFileError('it has to be later than start');
  return (from, to) => (span.startsAt < to && span.endsAt > from ? [span] : []);
}

/** A time as the schema lets it pass. Without an offset it is what clocks of the zone show. */
function momentOf(written: string | undefined, zone: string): number {
  if (written === undefined) return Number.NaN;
  if (HAS_OFFSET.test(written)) return Date.parse(written);
  return zonedTime(Date.parse(`${written.length === 10 ? `${written}T00:00` : written}Z`), zone);
}
