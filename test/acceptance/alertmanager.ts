import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answering, startChild, temporaryFolder, withFreePort } from './children.ts';
import { commandOf } from './peers.ts';

/** An alert as clients post it to Alertmanager. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt?: string;
}

/** A running Alertmanager whose only receiver is a webhook. */
export class Alertmanager {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
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
}

/** Starts Alertmanager, impatient: a group is sent at once, again every second, and its resolution as well. */
export function startAlertmanager(webhookUrl: string): Promise<Alertmanager> {
  return withFreePort(async (port) => {
    const folder = temporaryFolder();
    const configFile = join(folder, 'alertmanager.yml');
    writeFileSync(
      configFile,
      `route:
  receiver: pronoia
  group_by: [namespace, service]
  group_wait: 200ms
  group_interval: 500ms
  repeat_interval: 1s
receivers:
  - name: pronoia
    webhook_configs:
      - url: ${webhookUrl}
`,
    );
    const child = startChild('Alertmanager', commandOf('alertmanager'), [
      `--config.file=${configFile}`,
      `--storage.path=${folder}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ]);
    const url = `http://127.0.0.1:${port}`;
    await answering(child, `${url}/-/ready`);
    return new Alertmanager(url);
  });
}
