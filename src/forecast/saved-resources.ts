import type { Resource, Urgency } from './resource.ts';
import { HISTORY_BYTES } from './resource-history.ts';
import type { Resources } from './resources.ts';
import type { WaitingForecast } from './waiting-forecasts.ts';

/** So many go into one block: two megabytes, a few milliseconds. */
const BLOCK_RESOURCES = 1024;

/** What of a resource is no number of its history. JSON has no infinity: a quantile that is one is null. */
interface SavedResource {
  readonly resource: string;
  readonly key: string;
  readonly lastAt: number;
  readonly waiting: readonly (Omit<WaitingForecast, 'p90'> & { readonly p90: number | null })[];
  readonly urgency: (Omit<Urgency, 'labels'> & { readonly labels: readonly (readonly [string, string])[] }) | undefined;
}

interface SavedBlock {
  readonly historyBytes: number;
  readonly resources: readonly SavedResource[];
}

/**
 * What was learnt of resources, as blocks of bytes for a snapshot: a u32 (little-endian) with the length of a JSON text
 * (`SavedBlock`), the text, then the histories in its order.
 */
export function* saveResources(resources: Resources): Generator<Buffer> {
  let block: Resource[] = [];
  for (const resource of resources.all()) {
    if (resource.lastAt > 0) block.push(resource);
    if (block.length < BLOCK_RESOURCES) continue;
    yield writeBlock(block);
    block = [];
  }
  if (block.length > 0) yield writeBlock(block);
}

/**
 * Takes a block in, after the series: a resource whose series or rule are gone is passed over.
 * @returns how many are set aside because another version learnt them: they begin anew
 */
export function restoreResources(resources: Resources, block: Buffer): number {
  const jsonEnd = 4 + block.readUInt32LE(0);
  const { historyBytes, resources: list } = JSON.parse(block.toString('utf8', 4, jsonEnd)) as SavedBlock;
  if (historyBytes !== HISTORY_BYTES) return list.length;
  for (const [place, { resource: name, key, lastAt, waiting, urgency }] of list.entries()) {
    const resource = resources.find(name, key);
    if (resource === undefined) continue;
    const start = jsonEnd + place * HISTORY_BYTES;
    resource.resume(block.subarray(start, start + HISTORY_BYTES), lastAt);
    resource.waiting = waiting.map((each) => ({ ...each, p90: each.p90 ?? Infinity }));
    if (urgency) resource.urgency = { ...urgency, labels: new Map(urgency.labels) };
  }
  return 0;
}

function writeBlock(resources: readonly Resource[]): Buffer {
  const list = resources.map(({ rule: { resource }, key, lastAt, waiting, urgency }): SavedResource => {
    return { resource, key, lastAt, waiting, urgency: urgency && { ...urgency, labels: [...urgency.labels] } };
  });
  const json = Buffer.from(JSON.stringify({ historyBytes: HISTORY_BYTES, resources: list } satisfies SavedBlock));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, ...resources.map(({ history }) => history.bytes)]);
}
