import type { Alert } from '../model/alert.ts';

const MAX_WORDS = 40;
const MIN_WORD_LENGTH = 3;
/** Words that any alert may have. */
const COMMON: ReadonlySet<string> = new Set([
  ...['the', 'and', 'for', 'has', 'have', 'been', 'are', 'was', 'more', 'than', 'from', 'with', 'this', 'that', 'not'],
  ...['high', 'low', 'too', 'many', 'alert', 'error', 'errors', 'warning', 'critical', 'minutes', 'seconds', 'hours'],
  ...['value', 'current', 'currently', 'last', 'over', 'above', 'below', 'while'],
]);

/**
 * The words of an alert's name and summary. What has a digit in it is left out: numbers, addresses and ids differ
 * between alerts that say the same.
 */
export function wordsOf({ labels, annotations }: Pick<Alert, 'labels' | 'annotations'>): Set<string> {
  const name = (labels.get('alertname') ?? '').replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ');
  const text = `${name} ${annotations.get('summary') ?? ''}`.toLowerCase();
  const words = text.split(/[^\p{L}\d]+/u).filter((word) => {
    return word.length >= MIN_WORD_LENGTH && !/\d/.test(word) && !COMMON.has(word);
  });
  return new Set(words.slice(0, MAX_WORDS));
}

/** The share of words that two texts have in common (Jaccard 1901), and these words. */
export function wordsInCommon(a: ReadonlySet<string>, b: ReadonlySet<string>) {
  const words = [...a].filter((word) => b.has(word));
  const all = a.size + b.size - words.length;
  return { share: all === 0 ? 0 : words.length / all, words };
}
