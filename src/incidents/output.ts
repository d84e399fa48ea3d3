import type { Clock } from '../model/clock.ts';
import { type Incident, incidentTitle } from '../model/incident.ts';
import { createLabels, type Labels } from '../model/labels.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';
import type { LiveIncidents } from './live-incidents.ts';

const FAMILIES = [
  { name: 'incident_info', help: 'Always 1, for each open incident; the labels say what it is about.' },
  { name: 'incident_alerts', help: 'Alerts that the open incident is made of.' },
  {
    name: 'incident_services_affected',
    help: 'Different things (services, workloads, nodes ...) that these alerts are about.',
  },
  {
    name: 'incident_started_timestamp_seconds',
    help: 'When the earliest alert of the open incident began, in seconds since the epoch.',
  },
];

/** Numbers given to an incident's groups: a new one whenever the labels of `incident_info` change. */
interface Numbered {
  readonly countsId: number;
  infoId: number;
  infoKey: string;
}

/** The series of the open incidents: one group for `incident_info`, whose labels change, and one for the counts. */
export function createIncidentOutput(live: LiveIncidents, clock: Clock): OutputSource {
  const numbers = new Map<string, Numbered>();
  let nextId = 1;

  function numbersOf(incident: Incident): Numbered {
    const infoKey = JSON.stringify([...infoLabels(incident)]);
    let numbered = numbers.get(incident.id);
    if (numbered === undefined) {
      numbered = { countsId: nextId++, infoId: nextId++, infoKey };
      numbers.set(incident.id, numbered);
    } else if (numbered.infoKey !== infoKey) {
      numbered.infoId = nextId++;
      numbered.infoKey = infoKey;
    }
    return numbered;
  }

  function* groups(): Iterable<OutputGroup> {
    for (const id of numbers.keys()) if (!isOpen(live.get(id))) numbers.delete(id);
    const timestampMs = clock.now();
    for (const incident of live.all()) {
      if (!isOpen(incident)) continue;
      const { infoId, countsId } = numbersOf(incident);
      yield { id: infoId, labels: () => infoLabels(incident), timestampMs, values: [['incident_info', 1]] };
      yield {
        id: countsId,
        labels: () => createLabels([['incident', incident.id]]),
        timestampMs,
        values: counts(incident),
      };
    }
  }

  function counts(incident: Incident): OutputGroup['values'] {
    return [
      ['incident_alerts', incident.alerts],
      ['incident_services_affected', live.entityCount(incident.id)],
      ['incident_started_timestamp_seconds', incident.startsAt / 1000],
    ];
  }

  return { families: FAMILIES, groups };
}

function isOpen(incident: Incident | undefined): incident is Incident {
  return incident !== undefined && incident.state !== 'resolved';
}

/** There is no `root_cause` as long as nobody ranks causes: an empty label is an absent one. */
function infoLabels(incident: Incident): Labels {
  const { id, severity, state } = incident;
  return createLabels([
    ['incident', id],
    ['severity', severity],
    ['state', state],
    ['title', incidentTitle(incident)],
  ]);
}
