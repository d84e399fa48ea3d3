import type { Clock } from '../model/clock.ts';
import { formatEntity } from '../model/entity.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { type Incident, incidentTitle, isOpen, rootCause, stateWord } from '../model/incident.ts';
import { createLabels, type Labels } from '../model/labels.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';
import type { LiveIncidents } from './live-incidents.ts';

const FAMILIES = [
  { name: 'incident_info', help: 'Always 1, for each open incident; the labels say what it is about.' },
  { name: 'incident_alerts', help: 'Alerts that the open incident is made of.' },
  {
    name: 'incident_services_affected',
    help: 'Services that are affected; as long as no cause is known, different things (services, nodes ...) that its alerts are about.',
  },
  {
    name: 'incident_started_timestamp_seconds',
    help: 'When the earliest alert of the open incident began, in seconds since the epoch.',
  },
];

/** What became of an incident that is forgotten. */
const GONE = { state: 'resolved' } as const;

/** Numbers given to an incident's groups: a new one whenever the labels of `incident_info` change. */
interface Numbered {
  readonly countsId: number;
  infoId: number;
  /** Of the labels of `incident_info`; they themselves would be a quarter of a kilobyte for each incident. */
  infoKey: string;
}

/** The series of the open incidents: one group for `incident_info`, whose labels change, and one for the counts. */
export function createIncidentOutput(live: LiveIncidents, clock: Clock): OutputSource {
  const numbers = new Map<string, Numbered>();
  let nextId = 1;

  function numbersOf(incident: Incident): Numbered {
    const infoKey = fingerprint(infoLabels(incident));
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
    for (const id of numbers.keys()) if (!isOpen(live.get(id) ?? GONE)) numbers.delete(id);
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
      ['incident_services_affected', live.affectedCount(incident.id)],
      ['incident_started_timestamp_seconds', incident.startsAt / 1000],
    ];
  }

  return { families: FAMILIES, groups };
}

/** Without a cause that is probable enough there is no `root_cause`: an empty label is an absent one. */
function infoLabels(incident: Incident): Labels {
  const root = rootCause(incident);
  return createLabels([
    ['incident', incident.id],
    ['severity', incident.severity],
    ['state', stateWord(incident)],
    ['root_cause', root === undefined ? '' : formatEntity(root.entity)],
    ['title', incidentTitle(incident)],
  ]);
}
