const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** Seconds by which local time is ahead of UTC. @param zone name in the IANA database. @throws RangeError for no such zone */
export function zoneOffsetSeconds(zone: string, timestamp: number): number {
  if (zone === 'UTC') return 0;
  let format = FORMATS.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
    FORMATS.set(zone, format);
  }
  const name = format.formatToParts(timestamp).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes = '0'] = /([+-])(\d+)(?::(\d+))?/.exec(name) ?? [];
  return hours === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60 : 60);
}

export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * The moment at which clocks of a zone show a time. A time that is skipped when clocks go forward is as if they had not;
 * of one that comes twice it is the first.
 * @param asUtc what clocks show, as milliseconds since the epoch as if it were UTC
 * @returns milliseconds since the epoch
 */
export function zonedTime(asUtc: number, zone: string): number {
  const before = asUtc - 1000 * zoneOffsetSeconds(zone, asUtc - 86_400_000);
  const after = asUtc - 1000 * zoneOffsetSeconds(zone, asUtc + 86_400_000);
  const candidates = [Math.min(before, after), Math.max(before, after)];
  return candidates.find((at) => at + 1000 * zoneOffsetSeconds(zone, at) === asUtc) ?? candidates[0]!;
}
