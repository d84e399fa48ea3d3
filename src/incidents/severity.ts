/** Words for how grave an alert is, from least to most; teams use different ones. */
const WORDS: readonly (readonly string[])[] = [
  ['none'],
  ['info', 'information', 'informational', 'notice', 'low'],
  ['warning', 'warn', 'minor', 'medium'],
  ['error', 'major', 'high', 'ticket'],
  ['critical', 'page', 'fatal', 'emergency', 'disaster'],
];
const RANKS = new Map(WORDS.flatMap((words, rank) => words.map((word) => [word, rank] as const)));

/** The graver of two values of the label `severity`. */
export function graver(a: string, b: string): string {
  const difference = compareSeverity(a, b);
  if (difference !== 0) return difference > 0 ? a : b;
  return a < b ? a : b;
}

/** Above 0 when `a` is graver. A word that nobody knows is graver than `info`, for it may mean a page. */
export function compareSeverity(a: string, b: string): number {
  return rank(a) - rank(b);
}

function rank(severity: string): number {
  return severity === '' ? -1 : (RANKS.get(severity) ?? RANKS.get(severity.toLowerCase()) ?? 1.5);
}
