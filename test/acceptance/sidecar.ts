import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeBody, type TestSeries } from '../ingest/write-request-builder.ts';
import { answering, type Child, NODE, outputOf, startChild } from './children.ts';

export interface SidecarOptions {
  /** Holds the storage and the configuration file; a sidecar that is started on it again continues. */
  readonly folder: string;
  /** The configuration file; without it the sidecar gets none. */
  readonly config?: string;
  readonly flags?: readonly string[];
  /** 0 for any free one. */
  readonly port?: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly text: string;
  /** `data` of a success; undefined for everything else. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read the API as strangers do.
  readonly data: any;
}

/** The sidecar as users run it, and what tests ask it. */
export class Sidecar {
  readonly child: Child;
  readonly port: number;
  readonly url: string;

  constructor(child: Child, port: number) {
    this.child = child;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  async get(path: string): Promise<JsonAnswer> {
    return read(await fetch(this.url + path));
  }

  async post(path: string, body: string | Uint8Array = '', headers: Record<string, string> = {}): Promise<JsonAnswer> {
    const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } };
    return read(await fetch(this.url + path, init as RequestInit));
  }

  /** Sends series as a sender of remote write 1.0 does. @throws Error unless all of it was taken */
  async write(...series: TestSeries[]): Promise<void> {
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
    const { status, text } = await this.post('/api/v1/write', encodeBody(series), headers);
    if (status !== 204) throw new Error(`remote write was answered ${status}: ${text}`);
  }

  /** Value of a series of its own metrics as it stands there, `name{label="value"}`; undefined when it is not there. */
  async metric(series: string): Promise<number | undefined> {
    return seriesValue((await this.get('/metrics')).text, series);
  }

  /** Latest `anomaly_score` of the only series of a metric that is put out. */
  async score(metric: string): Promise<number | undefined> {
    const text = (await this.get(`/federate?match[]=${encodeURIComponent(`anomaly_score{metric="${metric}"}`)}`)).text;
    const value = /^anomaly_score\{.*\} (\S+)/m.exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  }

  /** Incidents of any state, newest first, as the API shows them. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read the API as strangers do.
  async incidents(): Promise<any[]> {
    return (await this.get('/api/v1/incidents?state=all')).data.incidents;
  }

  /** An incident with its members and timeline. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read the API as strangers do.
  async incident(id: string): Promise<any> {
    return (await this.get(`/api/v1/incidents/${id}`)).data;
  }
}

/** Starts `node src/main.ts` and waits until it says that it is ready. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const child = startChild('sidecar', NODE, ['src/main.ts', ...sidecarFlags(options)]);
  const sidecar = new Sidecar(child, await readyPort(child));
  await answering(child, `${sidecar.url}/-/ready`);
  return sidecar;
}

export function sidecarFlags({ folder, config, flags = [], port = 0 }: SidecarOptions): string[] {
  if (config !== undefined) writeFileSync(configPath(folder), config);
  return [
    `--storage.path=${join(folder, 'storage')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...(config === undefined ? [] : [`--config.file=${configPath(folder)}`]),
    ...flags,
  ];
}

export async function readyPort(child: Child): Promise<number> {
  const [, port] = await outputOf(child, /msg=ready .*port=(\d+)/);
  return Number(port);
}

export function configPath(folder: string): string {
  return join(folder, 'pronoia.yml');
}

/** Value of a series in exposition text. */
export function seriesValue(exposition: string, series: string): number | undefined {
  const line = exposition.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1).split(' ')[0]);
}

async function read(response: Response): Promise<JsonAnswer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return { status: response.status, text, data: isJson ? JSON.parse(text)?.data : undefined };
}
