import type { IncidentSummary } from './summary.ts';

/** How many names a sentence bears. */
const NAMES_SHOWN = 8;

/** What there is to say about an incident beside its title, one sentence a line. */
export function describeIncident(summary: IncidentSummary): string[] {
  const { alerts, firing, kinds, entities, entityCount, causes, mergedInto } = summary;
  const names = kinds.map(
    ({ alertname, alerts }) => `${alertname || 'without a name'}${alerts > 1 ? ` x${alerts}` : ''}`,
  );
  const lines = causes
    .slice(0, 3)
    .map(({ p, text }, i) => `${i === 0 ? 'Probable cause' : 'Or'}: ${text} (${percent(p)})`);
  lines.push(`${alerts} ${alerts === 1 ? 'alert' : 'alerts'}, ${firing} firing: ${listed(names, names.length)}`);
  if (entityCount > 0) lines.push(`About ${listed(entities, entityCount)}`);
  if (mergedInto !== null) lines.push(`It became part of incident ${mergedInto}`);
  return lines;
}

function listed(names: readonly string[], count: number): string {
  const shown = names.slice(0, NAMES_SHOWN);
  return count > shown.length ? `${shown.join(', ')} and ${count - shown.length} more` : shown.join(', ');
}

function percent(p: number): string {
  return `${Math.round(p * 100)} %`;
}
