/** Counts by reason, as readings of a metric with one label. */
export function* byKey<Key extends string | number>(counts: Iterable<readonly [Key, number]>) {
  for (const [key, value] of counts) yield [[String(key)], value] as const;
}

/** The reading of a metric without labels. */
export const one = (value: number) => [[[], value] as const];
