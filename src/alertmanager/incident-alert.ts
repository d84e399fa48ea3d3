import type { IncidentSummary } from '../incidents/summary.ts';
import { describeIncident } from '../incidents/summary-text.ts';
import { OWN_ALERT_LABEL } from '../model/alert.ts';
import { createLabels, type Labels } from '../model/labels.ts';

/** The value of the label `alertname` of every incident. */
const ALERTNAME = 'PronoiaIncident';

/** How an incident is named to the outside. */
export interface IncidentAlertOptions {
  readonly externalLabels: Labels;
  readonly clusterLabel: string;
  /** Where people reach Pronoia, empty when nobody said so. */
  readonly externalUrl: string;
}

/** An incident in the form of one alert. */
export interface IncidentAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly generatorUrl: string;
}

/**
 * An incident as one alert, as Alertmanager's routes, silences and templates know it. Only what stays as it is becomes a
 * label, because another label set is another alert; that is why a severity that rises makes a new one.
 * @param namespace empty when there is no single one
 */
export function incidentAlert(
  summary: IncidentSummary,
  namespace: string,
  { externalLabels, clusterLabel, externalUrl }: IncidentAlertOptions,
): IncidentAlert {
  const { id, title, severity, cluster, rootCause } = summary;
  const link = incidentLink(id, externalUrl);
  return {
    labels: createLabels([
      ...externalLabels,
      ['alertname', ALERTNAME],
      [OWN_ALERT_LABEL, id],
      ['severity', severity],
      [clusterLabel, cluster || (externalLabels.get(clusterLabel) ?? '')],
      ['namespace', namespace],
    ]),
    annotations: createLabels([
      ['summary', title],
      ['description', describeIncident(summary).join('\n')],
      ['root_cause', rootCause ?? ''],
      ['incident_url', link],
    ]),
    generatorUrl: link,
  };
}

/** Where people read on about an incident; empty when nobody said where Pronoia is. */
export function incidentLink(id: string, externalUrl: string): string {
  return externalUrl === '' ? '' : `${externalUrl}/incidents/${id}`;
}
