const DAY_MS = 86_400_000;
/** How far back days are remembered. */
const DAYS = 14;

/**
 * Days (of UTC) on which something was seen, as bits: that of the time `from` in bit 0. @returns the same with the day of
 * `to` in bit 0; days that lie two weeks back are forgotten
 */
export function laterDays(days: number, from: number, to: number): number {
  const passed = Math.floor(to / DAY_MS) - Math.floor(from / DAY_MS);
  if (passed <= 0) return days;
  return passed > DAYS ? 0 : (days << passed) & (2 ** DAYS - 1);
}

export function countDays(days: number): number {
  let count = 0;
  for (let left = days; left !== 0; left &= left - 1) count++;
  return count;
}
