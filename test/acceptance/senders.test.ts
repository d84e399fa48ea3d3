import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT, startChild, temporaryFolder, withFreePort } from './children.ts';
import { commandOf, describeWith } from './peers.ts';
import { until } from './polling.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';
import { startTestExporter } from './test-exporter.ts';

const folder = temporaryFolder();
let sidecar: Sidecar;

beforeAll(async () => {
  sidecar = await startSidecar({ folder });
});

const example = (name: string) => readFileSync(join(ROOT, 'examples/senders', name), 'utf8');

/** Writes an example with other addresses. @returns its path */
function written(name: string, replacements: Record<string, string>): string {
  const path = join(folder, name);
  let text = example(name);
  for (const [from, to] of Object.entries(replacements)) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  writeFileSync(path, text);
  return path;
}

/** Labels of the only series with this name that has arrived. */
async function arrived(metric: string): Promise<Record<string, string>> {
  let labels: Record<string, string> | undefined;
  await until(`${metric} from the sender`, async () => {
    const { data } = await sidecar.get(`/api/v1/series/explain?match[]=${metric}`);
    labels = data[0]?.labels;
    return labels !== undefined;
  });
  return labels!;
}

describeWith(['vmagent'], 'vmagent, as in the example', () => {
  it('sends what it scrapes', async () => {
    const exporter = await startTestExporter([{ name: 'from_vmagent', type: 'gauge', read: () => 1 }]);
    const scrape = written('vmagent-scrape.yml', { 'localhost:9100': exporter, '15s': '1s' });
    const flags = [...example('vmagent.sh').matchAll(/^ {2}(-\S+)/gm)].map(([, flag]) => flag!);
    const own = flags.filter((flag) => !flag.includes('victoria-metrics'));
    expect(own).toHaveLength(2);
    startChild('vmagent', commandOf('vmagent'), [
      ...own.map((flag) => flag.replace('vmagent-scrape.yml', scrape).replace('http://localhost:9797', sidecar.url)),
      `-remoteWrite.tmpDataPath=${join(folder, 'vmagent')}`,
      '-httpListenAddr=',
    ]);
    expect(await arrived('from_vmagent')).toMatchObject({ cluster: 'demo', job: 'node', instance: exporter });
  });
});

describeWith(['otelcol'], 'the OpenTelemetry collector, as in the example', () => {
  it('sends what it gets by OTLP', async () => {
    const point = { asDouble: 5, timeUnixNano: `${Date.now()}000000` };
    const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] };
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] };
    const metrics = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name: 'orders', sum }] }] }] };
    await withFreePort(async (port) => {
      const config = written('otel-collector.yaml', {
        'http://localhost:9797': sidecar.url,
        'localhost:4317': '127.0.0.1:0',
        'localhost:4318': `127.0.0.1:${port}`,
      });
      const collector = startChild('otelcol', commandOf('otelcol'), [`--config=${config}`]);
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(metrics) };
      await until('the collector', async () => {
        if (collector.hasExited()) throw new Error(collector.output());
        return (await fetch(`http://127.0.0.1:${port}/v1/metrics`, init).catch(() => undefined))?.ok === true;
      });
    });
    expect(await arrived('orders_total')).toMatchObject({ cluster: 'demo', job: 'cart', service_name: 'cart' });
  });
});
