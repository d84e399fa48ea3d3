import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answering, type Child, startChild, temporaryFolder, withFreePort } from './children.ts';
import { commandOf } from './peers.ts';

/** An alert as clients post it to Alertmanager. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt?: string;
  readonly generatorURL?: string;
}

/** A running Alertmanager. */
export class Alertmanager {
  readonly url: string;
  readonly child: Child;

  constructor(url: string, child: Child) {
    this.url = url;
    this.child = child;
  }

  async post(alerts: readonly PostedAlert[]): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.url}/api/v2/alerts`, {
      method: 'POST',
      headers,
      body: JSON.stringify(alerts),
    });
    if (!response.ok) throw new Error(`Alertmanager answers ${response.status}: ${await response.text()}`);
  }

  /** What it holds to be firing, by its API. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read the API as strangers do.
  async alerts(): Promise<any[]> {
    return (await (await fetch(`${this.url}/api/v2/alerts`)).json()) as unknown[];
  }

  /** Ends it, as a person would. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.child.exited;
  }
}

/** A configuration whose only receiver is a webhook: a group is sent at once, again every second, and its resolution as well. */
function impatient(webhookUrl: string): string {
  return `route:
  receiver: pronoia
  group_by: [namespace, service]
  group_wait: 200ms
  group_interval: 500ms
  repeat_interval: 1s
receivers:
  - name: pronoia
    webhook_configs:
      - url: ${webhookUrl}
`;
}

/** Starts Alertmanager with a webhook as its only receiver. */
export function startAlertmanager(webhookUrl: string): Promise<Alertmanager> {
  return withFreePort((port) => startAlertmanagerAt(port, temporaryFolder(), impatient(webhookUrl)));
}

/** Starts Alertmanager with a configuration; one that is started again on the folder and port of another goes on there. */
export async function startAlertmanagerAt(port: number, folder: string, config: string): Promise<Alertmanager> {
  const configFile = join(folder, 'alertmanager.yml');
  writeFileSync(configFile, config);
  const child = startChild('Alertmanager', commandOf('alertmanager'), [
    `--config.file=${configFile}`,
    `--storage.path=${folder}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]);
  const url = `http://127.0.0.1:${port}`;
  await answering(child, `${url}/-/ready`);
  return new Alertmanager(url, child);
}
