import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import { createLabels, formatSeries } from '../model/labels.ts';
import type { Progress } from './progress-bar.ts';
import { type RecordedSeries, Recorder } from './recorded-series.ts';

/** Steps asked for at once: Prometheus gives at most 11,000, and other people ask it as well. */
const STEPS_PER_REQUEST = 2000;
/** Where even so few are too much, the query is. */
const LEAST_STEPS = 20;
const TIMEOUT_MS = 150_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_SERIES = 100;
const MAX_SAMPLES = 10_000_000;
const NARROW = 'aggregate (sum by (…)), add matchers, or take a shorter range or a longer step';

export interface HistoryRequest {
  /** Base URL of the server; a user and a password in it become basic authentication. */
  readonly url: string;
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly onProgress: Progress;
}

type Matrix = readonly {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [seconds: number, value: string])[];
}[];

/** One answer: a matrix, or that it was more than the server can give at once. */
type Answer = { readonly matrix: Matrix } | { readonly tooMuch: string };

/**
 * Asks a Prometheus for what a query gave over a range (`/api/v1/query_range`), one piece after the other; pieces that are
 * too much for it are halved.
 * @throws Error that says what to do
 */
export async function queryHistory(request: HistoryRequest, around: Surroundings): Promise<RecordedSeries[]> {
  const { endMs, stepMs } = request;
  // On multiples of the step, as Prometheus' own pages ask: the same range then gives the same samples.
  const startMs = Math.floor(request.startMs / stepMs) * stepMs;
  if (endMs <= startMs) throw new Error('--end is not after --start: there is nothing between them');
  const found = new Map<string, { labels: Record<string, string>; recorder: Recorder }>();
  let samples = 0;
  let stepsAtOnce = STEPS_PER_REQUEST;
  for (let from = startMs; from <= endMs; ) {
    const to = Math.min(endMs, from + (stepsAtOnce - 1) * stepMs);
    const answer = await ask(request, from, to, around);
    if ('tooMuch' in answer) {
      if (stepsAtOnce <= LEAST_STEPS)
        throw new Error(`the query is too much for Prometheus: ${answer.tooMuch}; ${NARROW}`);
      stepsAtOnce = Math.ceil(stepsAtOnce / 4);
      continue;
    }
    for (const { metric, values } of answer.matrix) {
      if (values === undefined) {
        throw new Error('the query gives native histograms: ask for a number, such as histogram_quantile(0.99, …)');
      }
      const key = JSON.stringify(metric);
      const series = found.get(key) ?? { labels: metric, recorder: new Recorder() };
      found.set(key, series);
      for (const [seconds, value] of values) series.recorder.add(Math.round(seconds * 1000), parseSample(value));
      samples += values.length;
    }
    if (found.size > MAX_SERIES) throw new Error(`the query gives more than ${MAX_SERIES} series: ${NARROW}`);
    if (samples > MAX_SAMPLES) throw new Error(`the query gives more than ${MAX_SAMPLES} samples: ${NARROW}`);
    from = to + stepMs;
    around.onProgress(Math.min(endMs, from) - startMs, endMs - startMs);
  }
  if (found.size === 0) {
    throw new Error(
      `the query gives nothing between ${new Date(startMs).toISOString()} and ${new Date(endMs).toISOString()}: try it in Prometheus, and check --start and --end`,
    );
  }
  return [...found.values()].map(({ labels: object, recorder }) => {
    const labels = createLabels(Object.entries(object));
    return { name: formatSeries(labels), labels, ...recorder.samples(), isLabelled: undefined };
  });
}

async function ask(request: HistoryRequest, from: number, to: number, { clock, fetch }: Surroundings): Promise<Answer> {
  const { url, authorization } = withoutCredentials(request.url);
  const timeout = new AbortController();
  const cancel = clock.after(TIMEOUT_MS, () => timeout.abort(new Error('timed out')));
  try {
    const response = await fetch(`${url}/api/v1/query_range`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...authorization },
      body: new URLSearchParams({
        query: request.query,
        start: String(from / 1000),
        end: String(to / 1000),
        step: String(request.stepMs / 1000),
      }).toString(),
      signal: timeout.signal,
    });
    return read(response.status, await textOf(response), url);
  } catch (error) {
    if (error instanceof HistoryError) throw error;
    if (timeout.signal.aborted) return { tooMuch: `no answer within ${TIMEOUT_MS / 1000} s` };
    // fetch says "fetch failed" and hides the reason in the cause.
    throw new HistoryError(`Prometheus cannot be reached at ${url}: ${messageOf((error as Error).cause ?? error)}`);
  } finally {
    cancel();
  }
}

/** What is not made better by asking for less. */
class HistoryError extends Error {}

function read(status: number, text: string, url: string): Answer {
  let answer: { data?: { result: Matrix }; errorType?: string; error?: string } | undefined;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  const said = (answer?.error ?? text).slice(0, 500).trim();
  if (status === 200 && Array.isArray(answer?.data?.result)) return { matrix: answer.data.result };
  if (status === 422 || status === 503 || status === 504) return { tooMuch: said };
  if (status === 401 || status === 403) {
    throw new HistoryError(`${url} wants a user and a password (${status}): --prometheus=http://USER:PASSWORD@HOST`);
  }
  if (answer?.errorType !== undefined) throw new HistoryError(`Prometheus says: ${said}`);
  throw new HistoryError(`${url} does not answer as Prometheus does (status ${status}): check --prometheus`);
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new HistoryError(`the query gives too much: ${NARROW}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** fetch takes no URL with a password, and no error may show it. */
function withoutCredentials(text: string): { url: string; authorization: Record<string, string> } {
  const url = new URL(text);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const plain = url.href.replace(/\/+$/, '');
  if (username === '') return { url: plain, authorization: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: plain, authorization: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

function parseSample(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
