import { Router } from 'express';
import { unknownIncident } from '../incidents/api.ts';
import type { IncidentStore } from '../incidents/store.ts';
import { suggestedActions } from '../incidents/suggested-actions.ts';
import type { Anomaly } from '../model/anomaly.ts';
import { formatDuration } from '../model/duration.ts';
import type { Entity } from '../model/entity.ts';
import {
  type AlertMember,
  type AnomalyMember,
  type Incident,
  type IncidentEvent,
  incidentTitle,
  type Member,
  placeOf,
  stateWord,
} from '../model/incident.ts';
import { formatSeries, type Labels, withoutLabels } from '../model/labels.ts';
import { escapeHtml, link, page, sendPage, table } from './html.ts';

/** More rows than anybody reads; the JSON has the rest. */
const MAX_ROWS = 200;
const MAX_PLACES = 30;
const ROLES: Readonly<Record<Member['role'], string>> = {
  root: 'cause',
  contributing: 'contributes',
  symptom: 'follows',
  impact: 'affected',
  evidence: 'evidence',
};

interface IncidentPageOptions {
  readonly store: Pick<IncidentStore, 'incident' | 'members' | 'timeline'>;
  readonly now: () => number;
  /** Under which people reach this process, without a slash at its end; empty for "as they came". */
  readonly externalUrl: string;
}

/** `GET /incidents/{id}`: one incident for people, where links in messages lead to. */
export function createIncidentPage({ store, now, externalUrl }: IncidentPageOptions): Router {
  const router = Router();
  router.get('/incidents/:id', (request, response) => {
    const { id } = request.params;
    const incident = store.incident(id);
    if (incident === undefined) {
      response.status(404);
      return sendPage(response, page('No such incident', `<p>${escapeHtml(unknownIncident(id).message)}</p>`));
    }
    const title = incidentTitle(incident);
    const body = `<header><h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(headline(incident, now()))}</p></header>
<main>
${incident.mergedInto === undefined ? findings(incident, store.members(id, MAX_ROWS)) : otherOne(incident.mergedInto, externalUrl)}
${timeline(store.timeline(id).slice(-MAX_ROWS))}
</main>
<footer><a href="${escapeHtml(externalUrl)}/">all that is odd now</a> · <a href="${escapeHtml(externalUrl)}/api/v1/incidents/${incident.id}">as JSON</a></footer>`;
    sendPage(response, page(title, body));
  });
  return router;
}

function findings(incident: Incident, members: readonly Member[]): string {
  return `${causes(incident)}
${places('Affected', incident.impacted)}
${places('May be affected', incident.possible)}
${actions(incident, members.filter(isAlert))}
${alerts(incident, members.filter(isAlert))}
${anomalies(members.filter(isAnomaly))}`;
}

/** All that it had is there now. */
function otherOne(id: string, externalUrl: string): string {
  return `<p>It has become part of <a href="${escapeHtml(externalUrl)}/incidents/${id}">another incident</a>.</p>`;
}

/** `critical · open · since 2026-11-25 22:13:31 UTC, for 1h12m · 5 of 6 alerts fire · acknowledged by ann`. */
function headline(incident: Incident, now: number): string {
  const { severity, startsAt, resolvedAt, alerts: count, firing, acknowledgedBy, cluster } = incident;
  const lasted = formatDuration(Math.max(0, Math.round(((resolvedAt ?? now) - startsAt) / 1000) * 1000));
  return [
    severity,
    stateWord(incident).replace('_', ' '),
    `since ${timeOf(startsAt)} UTC, for ${lasted}`,
    `${firing} of ${count} ${count === 1 ? 'alert' : 'alerts'} firing`,
    acknowledgedBy === '' ? '' : `taken on by ${acknowledgedBy}`,
    cluster,
  ]
    .filter((each) => each !== '')
    .join(' · ');
}

function causes({ causes: ranked }: Incident): string {
  const rows = ranked.map(({ p, entity, text, evidence }) => [
    `${Math.round(p * 100)}&nbsp;%`,
    escapeHtml(placeOf(entity)),
    `${escapeHtml(text)}${list(evidence)}`,
  ]);
  return section('Probable causes', table(['', 'Cause', 'Why'], rows, 'None is known yet.'));
}

function places(heading: string, entities: readonly Entity[]): string {
  if (entities.length === 0) return '';
  const shown = entities.slice(0, MAX_PLACES).map((each) => escapeHtml(placeOf(each)));
  const left = entities.length - shown.length;
  return section(heading, `<p>${shown.join(' · ')}${left > 0 ? ` and ${left} more` : ''}</p>`);
}

function actions(incident: Incident, members: readonly AlertMember[]): string {
  const items = suggestedActions(incident, members).map(({ text, url }) => link(url ?? '', text));
  return section('What to look at', `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`);
}

function alerts({ alerts: count }: Incident, members: readonly AlertMember[]): string {
  const rows = members.map(({ firing: { alert }, onset, role, entity, reasons, weak }) => [
    timeOf(onset.earliest),
    alert.endsAt === undefined ? 'fires' : timeOf(alert.endsAt),
    `${link(alert.generatorUrl, alert.labels.get('alertname') ?? 'an alert without a name')}<small>${labelsText(alert.labels)}</small>`,
    entity === undefined ? '–' : escapeHtml(placeOf(entity)),
    ROLES[role],
    escapeHtml(reasons.map(({ text }) => text).join('; ')) +
      (weak ? ' <small>for want of something better</small>' : ''),
  ]);
  const heading = members.length < count ? `Alerts, ${members.length} of ${count}` : 'Alerts';
  return section(heading, table(['Began', 'Ended', 'Alert', 'About', 'Role', 'Here because'], rows, 'None.'));
}

function anomalies(members: readonly AnomalyMember[]): string {
  if (members.length === 0) return '';
  const rows = members.map(({ anomaly }) => [
    timeOf(anomaly.startsAt),
    anomaly.endsAt === undefined ? 'lasts' : timeOf(anomaly.endsAt),
    anomaly.peakScore.toFixed(1),
    `<code>${escapeHtml(formatSeries(anomaly.labels))}</code><small>${escapeHtml(wordsOf(anomaly))}</small>`,
  ]);
  return section('Unusual series', table(['Began', 'Ended', 'Score', 'Series'], rows, ''));
}

/** Why it is one, and why it is no news where that is so. */
function wordsOf({ reason = '', recurring }: Anomaly): string {
  return recurring === undefined ? reason : `recurring, ${recurring}: ${reason}`;
}

function timeline(events: readonly IncidentEvent[]): string {
  const rows = events.map(({ at, kind, count, by, comment }) => [
    timeOf(at),
    escapeHtml(kind.replace('_', ' ')) + (count > 1 ? ` (${count})` : ''),
    escapeHtml([by, comment].filter((each) => each !== '').join(': ')),
  ]);
  return section('What happened', table(['When', 'What', 'Who'], rows, 'Nothing.'));
}

function section(heading: string, content: string): string {
  return `<section>\n<h2>${heading}</h2>\n${content}\n</section>`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
}

function labelsText(labels: Labels): string {
  return escapeHtml(formatSeries(withoutLabels(labels, ['alertname', 'severity'])));
}

/** `2026-11-25 22:13:31`, in UTC. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function isAlert(member: Member): member is AlertMember {
  return member.kind === 'alert';
}

function isAnomaly(member: Member): member is AnomalyMember {
  return member.kind === 'anomaly';
}
