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

/** Counts one more of a key, which is now the newest, and forgets the oldest beyond `most`. */
export function countNewest(counts: Map<string, number>, key: string, most: number): void {
  const count = (counts.get(key) ?? 0) + 1;
  counts.delete(key);
  counts.set(key, count);
  trimOldest(counts, most);
}
