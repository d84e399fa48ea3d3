import type { Resource } from './resource.ts';
import { HISTORY_BYTES } from './resource-history.ts';
import type { Resources } from './resources.ts';

/** So many go into one block: two megabytes, a few milliseconds. */
const BLOCK_RESOURCES = 1024;

/** As `savedOf` gives it, and JSON gives it back. */
type SavedResource = ReturnType<typeof savedOf>;

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
    // JSON has no infinity: a quantile that was one is null.
    resource.waiting = waiting.map((each) => ({ ...each, p90: each.p90 ?? Infinity }));
    if (urgency) resource.urgency = { ...urgency, labels: new Map(urgency.labels) };
  }
  return 0;
}

/** What of a resource is no number of its history. */
function savedOf({ rule: { resource }, key, lastAt, waiting, urgency }: Resource) {
  return { resource, key, lastAt, waiting, urgency: urgency && { ...urgency, labels: [...urgency.labels] } };
}

function writeBlock(resources: readonly Resource[]): Buffer {
  const block: SavedBlock = { historyBytes: HISTORY_BYTES, resources: resources.map(savedOf) };
  const json = Buffer.from(JSON.stringify(block));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, ...resources.map(({ history }) => history.bytes)]);
}
