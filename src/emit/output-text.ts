import type { Labels } from '../model/labels.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { type Selector, selects } from '../model/matcher.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';
import { formatFamily, formatLabelPairs, formatSample } from './exposition-text.ts';
import { hasPlainLabelNames, isPlainMetricName } from './output-labels.ts';

/** Counts over the life of the process. */
export interface OutputTextStats {
  /** Series left out because text exposition 0.0.4 can't carry one of their names. */
  invalidNames: number;
}

interface OutputTextOptions {
  /** A series is put out when one of them selects it; none selects all. */
  readonly selectors: readonly Selector[];
  /** Applied after selection, before rendering. */
  readonly relabel: (labels: Labels) => Labels;
  /** The time that goes into the line, or undefined for none; `null` leaves the sample out. */
  readonly timestamp: (group: OutputGroup) => number | undefined | null;
  readonly stats: OutputTextStats;
}

/**
 * Output series as text exposition format, family by family: one walk over the groups for each family that can be
 * selected at all. Every group that is visited gives one text, empty when it has nothing to say, so that whoever cuts
 * this into slices sees the work and not only its yield.
 */
export function* outputText(sources: readonly OutputSource[], options: OutputTextOptions): Generator<string> {
  for (const [name, help] of familiesOf(sources)) {
    const selectors = selectorsForFamily(options.selectors, name);
    if (selectors?.length === 0) continue;
    let header = formatFamily(name, help);
    for (const source of sources) {
      if (!source.families.some((family) => family.name === name)) continue;
      for (const group of source.groups()) {
        const line = sampleLine(group, name, selectors, options);
        yield line === '' ? '' : header + line;
        if (line !== '') header = '';
      }
    }
  }
}

/** Name and help; a family that two sources share is put out once, as the format demands. */
function familiesOf(sources: readonly OutputSource[]): Map<string, string> {
  const families = new Map<string, string>();
  for (const source of sources) for (const { name, help } of source.families) families.set(name, help);
  return families;
}

/** What is left of the selectors once the metric name is known: undefined selects all of the family, [] none. */
function selectorsForFamily(selectors: readonly Selector[], family: string): readonly Selector[] | undefined {
  if (selectors.length === 0) return undefined;
  const possible = selectors
    .filter((selector) => selector.every(({ name, matches }) => name !== METRIC_NAME || matches(family)))
    .map((selector) => selector.filter(({ name }) => name !== METRIC_NAME));
  return possible.some((selector) => selector.length === 0) ? undefined : possible;
}

function sampleLine(
  group: OutputGroup,
  name: string,
  selectors: readonly Selector[] | undefined,
  { relabel, timestamp, stats }: OutputTextOptions,
): string {
  const sample = group.values.find(([each]) => each === name);
  const timestampMs = timestamp(group);
  if (sample === undefined || timestampMs === null) return '';
  const labels = group.labels();
  if (selectors !== undefined && !selectors.some((selector) => selects(selector, labels))) return '';
  if (!isPlainMetricName(name) || !hasPlainLabelNames(labels)) {
    stats.invalidNames++;
    return '';
  }
  return formatSample(name, formatLabelPairs(relabel(labels)), sample[1], timestampMs);
}
