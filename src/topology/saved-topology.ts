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
  let some: SavedClaim[] = [];
  for (const claim of claims.all()) {
    some.push(saved(claim));
    if (some.length < BLOCK_CLAIMS) continue;
    yield block({ claims: some, dormant: [] });
    some = [];
  }
  yield block({ claims: some, dormant: [...dormant.save()] });
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
