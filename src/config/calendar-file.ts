import ICAL from 'ical.js';
import type { Span } from '../model/calendar.ts';
import { isTimeZone, zonedTime } from '../model/zoned-time.ts';

const DAY_MS = 86_400_000;
const MAX_EVENTS = 5000;
/** Occurrences of a file that are looked at, and those that are used: a rule may recur each second for a century. */
const MAX_STEPS = 200_000;
const MAX_SPANS = 10_000;
const MAX_NAME_LENGTH = 200;

/** A file in the form of RFC 5545 that cannot be used; the message says why. */
export class CalendarFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CalendarFileError';
  }
}

/** The events of a calendar file (RFC 5545): all-day ones, those that recur, and single occurrences that were moved. */
export class CalendarFile {
  /** Whether the latest `spans` was cut short, because events recur so often that nobody can have meant it. */
  isTooMuch = false;
  readonly #events: readonly ICAL.Event[];
  readonly #zone: string;

  /**
   * @param zone of events that name none: holidays are days where people live
   * @throws CalendarFileError
   */
  constructor(text: string, zone: string) {
    this.#zone = zone;
    this.#events = readEvents(text);
    if (this.#events.length > MAX_EVENTS) throw new CalendarFileError(`it has more than ${MAX_EVENTS} events`);
    for (const { component } of this.#events) this.#zoneOf(component, 'dtstart');
  }

  /** The spans that touch a stretch of time, both ends in milliseconds since the epoch. */
  spans(from: number, to: number): Span[] {
    const spans: Span[] = [];
    let steps = 0;
    for (const event of this.#events) {
      const occurrences = event.iterator();
      for (let next: ICAL.Time | undefined = occurrences.next(); next; next = occurrences.next()) {
        const span = this.#spanOf(event, next);
        if (span.startsAt >= to) break;
        this.isTooMuch = ++steps > MAX_STEPS || spans.length > MAX_SPANS;
        if (this.isTooMuch) return spans;
        if (span.endsAt > from && span.endsAt > span.startsAt) spans.push(span);
      }
    }
    return spans;
  }

  #spanOf(event: ICAL.Event, occurrence: ICAL.Time): Span {
    const { startDate, endDate, item } = event.getOccurrenceDetails(occurrence);
    const startsAt = this.#timestamp(startDate, item.component, 'dtstart');
    // A day has as many hours as the clock makes it have; anything else lasts as long as it lasts.
    const lasts = asUtc(endDate) - asUtc(startDate);
    const endsAt = startDate.isDate
      ? zonedTime(asUtc(startDate) + Math.max(DAY_MS, lasts), this.#zone)
      : startsAt + lasts;
    return { name: String(item.summary ?? event.summary ?? 'calendar').slice(0, MAX_NAME_LENGTH), startsAt, endsAt };
  }

  #timestamp(time: ICAL.Time, component: ICAL.Component, property: string): number {
    if (time.zone === ICAL.Timezone.utcTimezone) return asUtc(time);
    const zone = this.#zoneOf(component, property);
    return typeof zone === 'string' ? zonedTime(asUtc(time), zone) : asUtc(time) - 1000 * zone.utcOffset(time);
  }

  /** The zone that an event names: of the database, or described in the file itself; else that of the configuration. */
  #zoneOf(component: ICAL.Component, property: string): string | ICAL.Timezone {
    const name = component.getFirstProperty(property)?.getFirstParameter('tzid');
    if (name === undefined) return this.#zone;
    if (isTimeZone(name)) return name;
    const described = component.getTimeZoneByID(name);
    if (described !== null) return described;
    throw new CalendarFileError(`it uses the time zone ${JSON.stringify(name.slice(0, 80))}, which nobody knows`);
  }
}

function readEvents(text: string): ICAL.Event[] {
  if (!/^\s*BEGIN:VCALENDAR/i.test(text)) throw new CalendarFileError('it does not begin with BEGIN:VCALENDAR');
  try {
    const parsed = ICAL.parse(text);
    const calendars: unknown[][] = Array.isArray(parsed[0]) ? parsed : [parsed];
    const components = calendars.flatMap((calendar) => new ICAL.Component(calendar).getAllSubcomponents('vevent'));
    const isMoved = (each: ICAL.Component) => each.hasProperty('recurrence-id');
    const uidOf = (each: ICAL.Component) => each.getFirstPropertyValue('uid');
    const moved = Map.groupBy(components.filter(isMoved), uidOf);
    const kept = components.filter((each) => !isMoved(each) && each.getFirstPropertyValue('status') !== 'CANCELLED');
    return kept.map((component) => {
      const event = new ICAL.Event(component, { exceptions: moved.get(uidOf(component)) ?? [] });
      if (event.startDate === null) throw new CalendarFileError('an event has no start (DTSTART)');
      // Reads the rules, so that a wrong one is found now.
      event.iterator().next();
      return event;
    });
  } catch (error) {
    if (error instanceof CalendarFileError) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0]!.slice(0, 150) : 'it is malformed';
    throw new CalendarFileError(`it is no calendar in the form of RFC 5545 (${reason})`);
  }
}

/** What the clock shows, as if it were UTC, in milliseconds since the epoch. */
function asUtc({ year, month, day, hour, minute, second }: ICAL.Time): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
