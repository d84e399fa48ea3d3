import type { IncidentSummary } from './summary.ts';

/** How many names a sentence bears. */
const NAMES_SHOWN = 8;

/** A cause that is likelier is called probable, others only possible; less likely ones are not worth a line. */
const PROBABLE = 0.7;
const POSSIBLE = 0.3;

/** What there is to say about an incident beside its title, one sentence a line. */
export function describeIncident(summary: IncidentSummary): string[] {
  const { alerts, firing, kinds, entities, entityCount, impacted, causes, mergedInto } = summary;
  const names = kinds.map(
    ({ alertname, alerts }) => `${alertname || 'without a name'}${alerts > 1 ? ` x${alerts}` : ''}`,
  );
  const lines = causes
    .filter(({ p }) => p >= POSSIBLE)
    .map(({ p, text }) => `${p >= PROBABLE ? 'Probable' : 'Possible'} cause: ${text} (${Math.round(p * 100)} %)`);
  if (impacted.length > 0) lines.push(`Affected: ${listed(impacted, impacted.length)}`);
  lines.push(`${alerts} ${alerts === 1 ? 'alert' : 'alerts'}, ${firing} firing: ${listed(names, names.length)}`);
  if (entityCount > 0) lines.push(`About ${listed(entities, entityCount)}`);
  if (mergedInto !== null) lines.push(`It became part of incident ${mergedInto}`);
  return lines;
}

function listed(names: readonly string[], count: number): string {
  const shown = names.slice(0, NAMES_SHOWN);
  return count > shown.length ? `${shown.join(', ')} and ${count - shown.length} more` : shown.join(', ');
}
