import { type Labels, quote } from '../model/labels.ts';

/** A value as the text exposition format 0.0.4 spells it. */
function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** The inside of the braces, `a="1",b="2"`: made once for all series of a group. Labels keep their order (by bytes). */
export function formatLabelPairs(labels: Labels): string {
  let text = '';
  for (const [name, value] of labels) text += `${text === '' ? '' : ','}${name}=${quote(value)}`;
  return text;
}

/**
 * One line of text exposition format 0.0.4, line feed included.
 * @param labelPairs as `formatLabelPairs` writes them, without `__name__`
 * @param timestampMs milliseconds since the epoch; undefined leaves the time to the one who scrapes
 */
export function formatSample(name: string, labelPairs: string, value: number, timestampMs: number | undefined): string {
  const series = labelPairs === '' ? name : `${name}{${labelPairs}}`;
  return `${series} ${formatValue(value)}${timestampMs === undefined ? '' : ` ${timestampMs}`}\n`;
}

/** The two comment lines that open a family of gauges. */
export function formatFamily(name: string, help: string): string {
  const escaped = help.replace(/[\\\n]/g, (char) => (char === '\n' ? '\\n' : '\\\\'));
  return `# HELP ${name} ${escaped}\n# TYPE ${name} gauge\n`;
}
