/**
 * Once a map holds more than `max` entries, deletes the oldest twentieth. Not one by one: to find the oldest, a map has to
 * pass all that were deleted before.
 * @returns the keys that are gone
 */
export function trimOldest<K>(map: Map<K, unknown>, max: number): K[] {
  const oldest: K[] = [];
  if (map.size <= max) return oldest;
  for (const key of map.keys()) {
    if (oldest.length >= max / 20) break;
    oldest.push(key);
  }
  for (const key of oldest) map.delete(key);
  return oldest;
}
