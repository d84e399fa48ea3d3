import { Router } from 'express';
import { formatDuration } from '../model/duration.ts';
import { type Incident, incidentTitle, placeOf, servicesAffected, stateWord } from '../model/incident.ts';
import { formatSeries, METRIC_NAME } from '../model/labels.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';
import { escapeHtml, page, sendPage, table } from './html.ts';

/** More rows than anybody reads. */
const MAX_ROWS = 50;
/** What was unusual a while ago is still put out, and is no news for people. */
const LEAST_SCORE = 0.5;
/** A page must not block the writers: of more groups than this the rest is not looked at. */
const MAX_GROUPS = 20_000;

export interface HomePageOptions {
  readonly version: string;
  readonly seriesCount: () => number;
  readonly anomalyOutput: OutputSource;
  readonly forecastOutput: OutputSource;
  readonly openIncidents: () => Iterable<Incident>;
  readonly now: () => number;
  /** Under which people reach this process, without a slash at its end; empty for "as they came". */
  readonly externalUrl: string;
}

/** `GET /`: what is unusual now and which incidents are open, for people; without scripts, fresh every 15 seconds. */
export function createHomePage(options: HomePageOptions): Router {
  const router = Router();
  router.get('/', (_request, response) => {
    sendPage(response, renderPage(options));
  });
  return router;
}

function renderPage(options: HomePageOptions): string {
  const { version, seriesCount, anomalyOutput, forecastOutput, openIncidents, now, externalUrl } = options;
  const incidents = [...openIncidents()].sort((a, b) => b.openedAt - a.openedAt);
  const anomalies = firstGroups(anomalyOutput)
    .map((group) => ({ group, values: new Map(group.values) }))
    .filter(({ values }) => (values.get('anomaly_score') ?? 0) >= LEAST_SCORE)
    .sort((a, b) => byNews(a.values, b.values));
  const unusual = anomalies.filter(({ values }) => values.get('anomaly_score')! > 1).length;
  const body = `<header><h1>Pronoia</h1><p>${count(seriesCount(), 'series')} known · ${count(unusual, 'series')} unusual now ·
${count(incidents.length, 'open incident', 'open incidents')}</p></header>
<main>
<section>
<h2>Open incidents</h2>
${table(
  ['Incident', 'Severity', 'State', 'Probable causes', 'Services', 'Alerts', 'Since'],
  incidents.slice(0, MAX_ROWS).map((incident) => incidentRow(incident, externalUrl, now())),
  'No incident is open.',
)}
</section>
<section>
<h2>Unusual now</h2>
${table(
  ['Score', 'Series', 'Expected', 'Normal from', 'to'],
  anomalies.slice(0, MAX_ROWS).map(({ group, values }) => anomalyRow(group, values)),
  'Nothing is unusual. A series is judged after its first hour.',
)}
</section>
<section>
<h2>Full next</h2>
${table(
  ['In about', 'At the earliest', 'Resource', 'Where'],
  nextToFill(forecastOutput).slice(0, MAX_ROWS).map(forecastRow),
  'Nothing is about to fill.',
)}
</section>
</main>
<footer>Pronoia ${escapeHtml(version)} · <a href="${escapeHtml(externalUrl)}/api/v1/incidents">incidents as JSON</a> ·
<a href="${escapeHtml(externalUrl)}/federate">scores as series</a> · <a href="${escapeHtml(externalUrl)}/metrics">own metrics</a></footer>`;
  const title = `${incidents.length > 0 ? `(${incidents.length}) ` : ''}Pronoia`;
  return page(title, body, '<meta http-equiv="refresh" content="15">\n');
}

function firstGroups(source: OutputSource): OutputGroup[] {
  const groups: OutputGroup[] = [];
  for (const group of source.groups()) if (groups.push(group) === MAX_GROUPS) break;
  return groups;
}

interface Filling {
  readonly labels: ReadonlyMap<string, string>;
  /** Seconds until full: an even chance, and one chance in ten. */
  readonly median: number;
  readonly early: number;
}

/** What will be full at all, the most urgent first. */
function nextToFill(source: OutputSource): Filling[] {
  const found = new Map<string, { labels: Map<string, string>; seconds: Map<string, number> }>();
  for (const group of firstGroups(source)) {
    const seconds = new Map(group.values).get('predict_full_in_seconds');
    if (seconds === undefined) continue;
    const labels = new Map(group.labels());
    const quantile = labels.get('quantile') ?? '';
    labels.delete('quantile');
    const key = formatSeries(labels);
    const entry = found.get(key) ?? { labels, seconds: new Map<string, number>() };
    found.set(key, entry);
    entry.seconds.set(quantile, seconds);
  }
  return [...found.values()]
    .map(({ labels, seconds }) => ({
      labels,
      median: seconds.get('0.5') ?? Number.POSITIVE_INFINITY,
      early: seconds.get('0.1') ?? Number.POSITIVE_INFINITY,
    }))
    .filter(({ median }) => Number.isFinite(median))
    .sort((a, b) => a.median - b.median);
}

function forecastRow({ labels, median, early }: Filling): string[] {
  const where = new Map(labels);
  where.delete('resource');
  return [
    roughly(median),
    roughly(early),
    escapeHtml(labels.get('resource') ?? ''),
    `<code>${escapeHtml(formatSeries(where))}</code>`,
  ];
}

/** The largest unit of a duration with what follows it: nobody plans by the second. */
function roughly(seconds: number): string {
  const unit = seconds >= 86_400 ? 3_600_000 : 60_000;
  return Number.isFinite(seconds) ? formatDuration(Math.round((seconds * 1000) / unit) * unit) : '–';
}

function incidentRow(incident: Incident, externalUrl: string, now: number): string[] {
  const since = formatDuration(Math.max(0, Math.floor((now - incident.startsAt) / 60_000) * 60_000));
  return [
    `<a href="${escapeHtml(externalUrl)}/incidents/${incident.id}">${escapeHtml(incidentTitle(incident))}</a>`,
    escapeHtml(incident.severity),
    stateWord(incident).replace('_', ' '),
    escapeHtml(causesText(incident)),
    `${servicesAffected(incident) || '–'}`,
    `${incident.alerts}`,
    `${since === '0s' ? 'now' : since}`,
  ];
}

/** `database orders (83 %), node n3 (9 %)`; a dash as long as nobody knows. */
function causesText({ causes }: Incident): string {
  const texts = causes.slice(0, 3).map(({ entity, p }) => `${placeOf(entity)} (${Math.round(p * 100)} %)`);
  return texts.length === 0 ? '–' : texts.join(', ');
}

/** What is news first, and of that the highest scores. */
function byNews(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const isNoNews = (values: ReadonlyMap<string, number>) => Number(values.has('anomaly_recurring'));
  return isNoNews(a) - isNoNews(b) || b.get('anomaly_score')! - a.get('anomaly_score')!;
}

function anomalyRow(group: OutputGroup, values: ReadonlyMap<string, number>): string[] {
  const labels = new Map(group.labels());
  const metric = labels.get('metric') ?? '';
  labels.delete('metric');
  const score = values.get('anomaly_score')!;
  const arrow = { [-1]: '↓', 0: '', 1: '↑' }[values.get('anomaly_direction') ?? 0] ?? '';
  return [
    `<b class="${score > 2 ? 'far' : score > 1 ? 'out' : 'near'}">${score.toFixed(1)} ${arrow}</b>`,
    `<code>${escapeHtml(formatSeries(new Map([[METRIC_NAME, metric], ...labels])))}</code>${values.has('anomaly_recurring') ? '<small>recurring</small>' : ''}`,
    ...['anomaly_expected', 'anomaly_lower', 'anomaly_upper'].map((name) => shortNumber(values.get(name))),
  ];
}

function count(value: number, one: string, many = one): string {
  return `<b>${value.toLocaleString('en')}</b> ${value === 1 ? one : many}`;
}

function shortNumber(value: number | undefined): string {
  return value === undefined ? '–' : Number(value.toPrecision(4)).toLocaleString('en', { maximumSignificantDigits: 4 });
}
