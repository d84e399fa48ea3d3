/** Longer texts are mostly about one alert alone. */
const MAX_LENGTH = 2000;
/** UTF-16 units of all texts together: some megabytes. */
const MAX_TOTAL_LENGTH = 4_000_000;

const known = new Map<string, string>();
let totalLength = 0;

/**
 * The same text, as one string in memory however often it is received: alerts of one rule have most of theirs in common,
 * and a parser makes a new string for each. What is shared is forgotten all at once when it becomes too much.
 */
export function shareText(text: string): string {
  if (text.length > MAX_LENGTH) return text;
  const shared = known.get(text);
  if (shared !== undefined) return shared;
  if (totalLength > MAX_TOTAL_LENGTH) {
    known.clear();
    totalLength = 0;
  }
  known.set(text, text);
  totalLength += text.length;
  return text;
}
