const MAX_SHOWN_LENGTH = 40;

/**
 * The end of a sentence about an unknown name: `, did you mean "x"?` when one of the known ones is close, else the list
 * of all of them.
 */
export function suggest(name: string, known: readonly string[]): string {
  const closest = closestTo(name, known);
  return closest === undefined ? `: expected ${oneOf(known)}` : `, did you mean "${closest}"?`;
}

/** `one of a, b, c`, or just `a`. */
export function oneOf(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `one of ${names.join(', ')}`;
}

/** A name that a stranger wrote, in quotes; empty when it is long or odd, since it may then be anything. */
export function showName(name: string): string {
  return name.length <= MAX_SHOWN_LENGTH && /^[^\s\p{C}]+$/u.test(name) ? `"${name}"` : '';
}

/** The known name that is a slip of the keyboard or two away from `name`, undefined when none is. */
function closestTo(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_SHOWN_LENGTH) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(plain(name), plain(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, plain(candidate).length / 4))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** `joinWindow`, `join-window` and `join_window` are the same slip. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.]/g, '');
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment, Damerau 1964). */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => new Array<number>(b.length + 1).fill(i));
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY;
      rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, replaced, swapped);
    }
  }
  return rows[a.length]![b.length]!;
}
