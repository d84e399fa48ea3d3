import type { Claim, Claims, SavedClaim } from './claims.ts';
import type { Dormant, SavedPast } from './dormant.ts';

/** So many go into one block: half a megabyte, a few milliseconds. */
const BLOCK_CLAIMS = 1024;

/** A block: JSON, each whole by itself. */
interface Block {
  readonly claims: readonly SavedClaim[];
  readonly dormant: readonly SavedPast[];
}

/** What was learnt, as blocks of bytes for a snapshot. Rates are not kept: the next two samples tell them again. */
export function* saveTopology(claims: Claims, dormant: Dormant): Generator<Buffer> {
  for (const some of inBlocks(claims.all())) yield block({ claims: some.map(saved), dormant: [] });
  for (const some of inBlocks(dormant.save())) yield block({ claims: [], dormant: some });
}

function* inBlocks<Item>(items: Iterable<Item>): Generator<Item[]> {
  let some: Item[] = [];
  for (const item of items) {
    some.push(item);
    if (some.length < BLOCK_CLAIMS) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/** Takes a block in. */
export function restoreTopology(claims: Claims, dormant: Dormant, bytes: Buffer): void {
  const saved = JSON.parse(bytes.toString()) as Block;
  for (const claim of saved.claims) claims.restore(claim);
  for (const past of saved.dormant) dormant.remember({ ...past, source: claims.restoreSource(past.source) });
}

function block(content: Block): Buffer {
  return Buffer.from(JSON.stringify(content));
}

function saved(claim: Claim): SavedClaim {
  const { fact, source, confidence, isTraffic, series, firstAt, lastAt, endedAt, days } = claim;
  return { fact, source, confidence, isTraffic, series, firstAt, lastAt, endedAt, days };
}
