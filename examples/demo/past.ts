import snappy from 'snappy';
import { encodeLabels, encodeName, encodeWriteRequest, type OutputSample } from '../../src/emit/write-request.ts';
import { createLabels } from '../../src/model/labels.ts';
import { type Shop, type ShopFamily, STEP_SECONDS, shopAt } from './shop.ts';

/** Moments in one request. */
const PER_REQUEST = 60;

/** The metrics of a moment as an exporter shows them. */
export function exposition(families: readonly ShopFamily[]): string {
  return families
    .map(({ name, type, samples }) => {
      const lines = samples.map(({ labels, value }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
        return `${name}{${pairs.join(',')}} ${value}\n`;
      });
      return `# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

/**
 * Writes into a Prometheus what it would have scraped of the shop before it was opened.
 * @param instance the label that the scrape will add
 * @returns how many samples
 */
export async function fillPast(prometheus: string, shop: Shop, instance: string, seconds: number): Promise<number> {
  let count = 0;
  for (let from = shop.openedAt - seconds; from < shop.openedAt; from += PER_REQUEST * STEP_SECONDS) {
    const moments = Array.from({ length: PER_REQUEST }, (_, i) => from + i * STEP_SECONDS);
    const samples = moments.filter((at) => at < shop.openedAt).flatMap((at) => samplesAt(shop, at, instance));
    const headers = { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy' };
    const body = new Uint8Array(snappy.compressSync(encodeWriteRequest(samples)));
    const answer = await fetch(`${prometheus}/api/v1/write`, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`Prometheus does not take the past: ${await answer.text()}`);
    count += samples.length;
  }
  return count;
}

function samplesAt(shop: Shop, at: number, instance: string): OutputSample[] {
  return shopAt(shop, at).flatMap(({ name, samples }) =>
    samples.map(({ labels, value }) => ({
      labels: encodeLabels(createLabels(Object.entries({ instance, ...labels }))),
      name: encodeName(name),
      timestampMs: at * 1000,
      value,
    })),
  );
}
