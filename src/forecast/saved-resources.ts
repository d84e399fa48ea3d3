import type { Forecast } from './forecaster.ts';
import type { Resource, Urgency, WaitingForecast } from './resource.ts';
import { HISTORY_BYTES } from './resource-history.ts';
import type { Resources } from './resources.ts';

/** So many go into one block: two megabytes, a few milliseconds. */
const BLOCK_RESOURCES = 1024;

/** A resource without its history. JSON has no infinity: a quantile that is one is null. */
interface SavedResource {
  readonly resource: string;
  readonly joinKey: string;
  readonly scale: number;
  readonly lastAt: number;
  readonly forecastAt: number;
  readonly expiresAt: number;
  readonly inheritedAt: number;
  readonly urgentCount: number;
  readonly forecast: { readonly [Key in keyof Forecast]: Forecast[Key] | null } | undefined;
  readonly waiting: readonly (Omit<WaitingForecast, 'p90'> & { readonly p90: number | null })[] | undefined;
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

/** Takes a block in, after the series: a resource whose series or rule are gone is passed over. */
export function restoreResources(resources: Resources, block: Buffer): void {
  const jsonEnd = 4 + block.readUInt32LE(0);
  const { historyBytes, resources: list } = JSON.parse(block.toString('utf8', 4, jsonEnd)) as SavedBlock;
  // What another version learnt is of no use to this one: it learns anew.
  if (historyBytes !== HISTORY_BYTES) return;
  for (const [place, saved] of list.entries()) {
    const resource = resources.find(saved.resource, saved.joinKey);
    if (resource === undefined) continue;
    const start = jsonEnd + place * HISTORY_BYTES;
    resource.history.restore(block.subarray(start, start + HISTORY_BYTES));
    const { scale, lastAt, forecastAt, expiresAt, inheritedAt, urgentCount, forecast, waiting, urgency } = saved;
    Object.assign(resource, { scale, lastAt, forecastAt, expiresAt, inheritedAt, urgentCount });
    const { p10, p50, p90, state } = forecast ?? {};
    if (state) resource.forecast = { p10: p10 ?? Infinity, p50: p50 ?? Infinity, p90: p90 ?? Infinity, state };
    resource.waiting = waiting?.map((each) => ({ ...each, p90: each.p90 ?? Infinity }));
    if (urgency) resource.urgency = { ...urgency, labels: new Map(urgency.labels) };
    // Until the next scrape its series count as live, so that what is put out does not end with a restart.
    for (const member of resource.members) member.at = lastAt;
  }
}

function writeBlock(resources: readonly Resource[]): Buffer {
  const list = resources.map((resource): SavedResource => {
    const {
      rule,
      joinKey,
      scale,
      lastAt,
      forecastAt,
      expiresAt,
      inheritedAt,
      urgentCount,
      forecast,
      waiting,
      urgency,
    } = resource;
    const open = urgency && { ...urgency, labels: [...urgency.labels] };
    return {
      resource: rule.resource,
      joinKey,
      scale,
      lastAt,
      forecastAt,
      expiresAt,
      inheritedAt,
      urgentCount,
      forecast,
      waiting,
      urgency: open,
    };
  });
  const json = Buffer.from(JSON.stringify({ historyBytes: HISTORY_BYTES, resources: list } satisfies SavedBlock));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, ...resources.map(({ history }) => history.bytes)]);
}
