import { createLabels, type Labels, METRIC_NAME } from '../model/labels.ts';

/** Labels that outputs add: those of the input make room for them. */
const OWN_LABELS: ReadonlySet<string> = new Set(['resource', 'quantile', 'state']);

/** Labels of a resource's output: those on which all its series that show the level agree. */
export function outputLabels(resource: string, levels: readonly Labels[]): Labels {
  const [first, ...others] = levels;
  const shared = [...(first ?? [])].filter(
    ([name, value]) => name !== METRIC_NAME && others.every((labels) => labels.get(name) === value),
  );
  const kept = shared.map(([name, value]) => [OWN_LABELS.has(name) ? `exported_${name}` : name, value] as const);
  return createLabels([...kept, ['resource', resource]]);
}
