import { crc32 } from 'node:zlib';
import type { Anomalies, SavedAnomaly } from '../detect/anomalies.ts';
import type { Forecasts } from '../forecast/forecasts.ts';
import { COLUMN_ARRAYS, type Column, type ColumnArray, type Columns, type Pool } from '../series/columns.ts';
import { IGNORED, type MetricType } from '../series/kinds.ts';
import type { SeriesTable } from '../series/series-table.ts';
import type { LearntTopology } from '../topology/learnt-topology.ts';

/**
 * The snapshot of everything that was learnt of series, as a run of frames. A frame is its length and the CRC-32 of its
 * content (two u32, little-endian), then the content. The first frame is the header (JSON), then come blocks of series,
 * then an empty frame: a file without it is incomplete. Where the header says so, blocks of forecasts and an empty frame
 * follow, and the same of the topology.
 *
 * A block holds up to 256 series: a u32 with the length of its table of contents, that table (JSON), the label bytes of
 * all series, then column after column, then pool after pool, each with the rows of its series, and the pools that belong
 * to it. It is made in one go, so that all fields of a series are of one moment, and it is small, so that no write request
 * waits for more than a few milliseconds. Columns are stored by name: one that is new starts at 0, one that is gone is
 * passed over, and one of another type is converted. A column whose numbers mean something else gets another name.
 */
const MAGIC = 'pronoia snapshot';
const VERSION = 3;
const BLOCK_SERIES = 256;
/** As written by versions of before, which put as many into a block. */
const MOST_BLOCK_SERIES = 2048;
const FRAME_HEADER_BYTES = 8;
/** Larger than any block can be: series with the longest labels, and a thousand columns. */
const MAX_FRAME_BYTES = MOST_BLOCK_SERIES * (2 * 65_536 + 8000);
/** Meaningful only together with the rules and names of the process that wrote them. */
const DERIVED_COLUMNS: ReadonlySet<string> = new Set(['policy']);

export interface SnapshotParts {
  readonly columns: Columns;
  readonly table: SeriesTable;
  readonly anomalies: Anomalies;
  readonly forecasts: Forecasts;
  readonly topology: LearntTopology;
}

interface Header {
  readonly magic: string;
  readonly version: number;
  readonly createdAt: number;
  readonly types: Readonly<Record<string, MetricType>>;
  /** Missing in snapshots from before there were forecasts. */
  readonly hasForecasts?: boolean;
  /** The same, of the topology. */
  readonly hasTopology?: boolean;
}

/** A column as it is stored: `width` values for each series or row. */
type StoredColumn = Pick<Column, 'name' | 'type' | 'width'>;

/** Columns, and those of the pools that belong to them, in the order in which their values follow. */
interface StoredTable {
  readonly columns: readonly StoredColumn[];
  readonly pools: readonly StoredPool[];
}

interface StoredPool extends StoredTable {
  readonly name: string;
  /** Which of the series of the block, or of the rows of the pool that it belongs to, have a row. */
  readonly places: readonly number[];
}

interface Contents extends StoredTable {
  readonly count: number;
  readonly labelLengths: readonly number[];
  /** Open anomalies, each with the place of its series in the block. */
  readonly anomalies: readonly (readonly [place: number, anomaly: SavedAnomaly])[];
}

/** A snapshot that can't be read, and why. */
class SnapshotError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SnapshotError';
  }
}

/**
 * The frames of a snapshot of this moment, each a view that is valid until the next one is asked for. The consumer may pause
 * between two of them. All are made in one buffer: as many of their own would be garbage that takes longer to collect than
 * a request may wait.
 * @param now milliseconds
 */
export function* writeSnapshot(parts: SnapshotParts, now: number): Generator<Uint8Array> {
  const frame = new Frame();
  const header: Header = {
    magic: MAGIC,
    version: VERSION,
    createdAt: now,
    types: Object.fromEntries(parts.table.types()),
    hasForecasts: true,
    hasTopology: true,
  };
  yield frame.of(Buffer.from(JSON.stringify(header)));
  for (let slot = 1; slot <= parts.table.highest; ) {
    const slots: number[] = [];
    for (; slot <= parts.table.highest && slots.length < BLOCK_SERIES; slot++) {
      const kind = parts.table.kinds[slot]!;
      if (kind !== 0 && kind < IGNORED) slots.push(slot);
    }
    if (slots.length > 0) yield writeBlock(parts, slots, frame);
  }
  yield frame.of();
  for (const block of parts.forecasts.save()) yield frame.of(block);
  yield frame.of();
  for (const block of parts.topology.save()) yield frame.of(block);
  yield frame.of();
}

/** Gives the next so many bytes of a file, fewer only at its end. */
type Read = (bytes: number) => Promise<Buffer>;

/** What came of reading a snapshot. */
interface Restored {
  /** When it was made, milliseconds since the epoch. */
  readonly createdAt: number;
  readonly series: number;
  /** Resources that begin anew, because another version learnt them. */
  readonly forgottenForecasts: number;
}

/**
 * Takes in a snapshot, into an empty table, a block at a time: between two of them all else goes on.
 * @throws SnapshotError; what was read before the fault has been restored
 */
export async function readSnapshot(parts: SnapshotParts, read: Read): Promise<Restored> {
  const header = parseHeader(await readFrame(read));
  parts.table.setTypes(Object.entries(header.types).map(([family, type]) => ({ family, type })));
  let restored = 0;
  for (;;) {
    const block = await readFrame(read);
    if (block.length === 0) break;
    restored += readBlock(parts, block);
  }
  let forgottenForecasts = 0;
  while (header.hasForecasts === true) {
    const block = await readFrame(read);
    if (block.length === 0) break;
    forgottenForecasts += parts.forecasts.restore(block);
  }
  while (header.hasTopology === true) {
    const block = await readFrame(read);
    if (block.length === 0) break;
    parts.topology.restore(block);
  }
  return { createdAt: header.createdAt, series: restored, forgottenForecasts };
}

function parseHeader(content: Buffer): Header {
  let header: Partial<Header>;
  try {
    header = JSON.parse(content.toString());
  } catch {
    throw new SnapshotError('it has no valid header');
  }
  if (header.magic !== MAGIC) throw new SnapshotError('it is not a snapshot of Pronoia');
  if (header.version !== VERSION) {
    throw new SnapshotError(`it has version ${header.version}, this program reads version ${VERSION}`);
  }
  return header as Header;
}

async function readFrame(read: Read): Promise<Buffer> {
  const header = await read(FRAME_HEADER_BYTES);
  if (header.length < FRAME_HEADER_BYTES) throw new SnapshotError('it ends too early');
  const length = header.readUInt32LE(0);
  if (length > MAX_FRAME_BYTES) throw new SnapshotError('a block has an impossible length');
  const content = await read(length);
  if (content.length < length) throw new SnapshotError('it ends too early');
  if (crc32(content) !== header.readUInt32LE(4)) throw new SnapshotError('the checksum of a block is wrong');
  return content;
}

function writeBlock({ columns, table, anomalies }: SnapshotParts, slots: readonly number[], frame: Frame): Uint8Array {
  const contents: Contents = {
    count: slots.length,
    labelLengths: slots.map((slot) => table.labelBytes(slot).length),
    ...describeTable(columns, slots),
    anomalies: slots.flatMap((slot, place) => {
      const open = anomalies.save(slot);
      return open === undefined ? [] : [[place, open] as const];
    }),
  };
  frame.begin();
  const json = Buffer.from(JSON.stringify(contents));
  frame.addLength(json.length);
  frame.add(json);
  for (const slot of slots) frame.add(table.labelBytes(slot));
  writeTable(columns, slots, frame);
  return frame.end();
}

function storedColumns(columns: Columns): Column[] {
  return columns.all().filter(({ name }) => !DERIVED_COLUMNS.has(name));
}

/** Which of these slots or rows have a row in a pool, and which. */
function placesIn(pool: Pool, slots: readonly number[]): { places: number[]; rows: number[] } {
  const places = slots.flatMap((slot, place) => (pool.rowOf(slot) === 0 ? [] : [place]));
  return { places, rows: places.map((place) => pool.rowOf(slots[place]!)) };
}

/** What `writeTable` adds. */
function describeTable(columns: Columns, slots: readonly number[]): StoredTable {
  return {
    columns: storedColumns(columns).map(({ name, type, width }) => ({ name, type, width })),
    pools: columns.pools().map((pool) => {
      const { places, rows } = placesIn(pool, slots);
      return { name: pool.name, places, ...describeTable(pool.columns, rows) };
    }),
  };
}

/** Adds the values of these slots or rows, column after column, then pool after pool. */
function writeTable(columns: Columns, slots: readonly number[], into: Frame): void {
  for (const column of storedColumns(columns)) into.addValues(column, slots);
  for (const pool of columns.pools()) writeTable(pool.columns, placesIn(pool, slots).rows, into);
}

/** A frame that is put together anew each time, in a buffer that is kept. */
class Frame {
  #buffer = Buffer.allocUnsafeSlow(1024 * 1024);
  #length = 0;

  /** A frame of this content. */
  of(...parts: readonly Uint8Array[]): Uint8Array {
    this.begin();
    for (const part of parts) this.add(part);
    return this.end();
  }

  begin(): void {
    this.#length = FRAME_HEADER_BYTES;
  }

  /** @returns a view of the whole frame: valid until the next one is begun */
  end(): Uint8Array {
    const content = this.#buffer.subarray(FRAME_HEADER_BYTES, this.#length);
    this.#buffer.writeUInt32LE(content.length, 0);
    this.#buffer.writeUInt32LE(crc32(content), 4);
    return this.#buffer.subarray(0, this.#length);
  }

  add(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Adds a u32. */
  addLength(length: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(length, this.#length);
  }

  /** Adds the values of these slots or rows. */
  addValues({ values, width }: Column, rows: readonly number[]): void {
    const source = new Uint8Array(values.buffer);
    const size = width * values.BYTES_PER_ELEMENT;
    this.#reserve(rows.length * size);
    const buffer = this.#buffer;
    let at = this.#length;
    for (const row of rows) {
      const end = (row + 1) * size;
      for (let from = row * size; from < end; from++) buffer[at++] = source[from]!;
    }
    this.#length = at;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

function readBlock({ columns, table, anomalies }: SnapshotParts, block: Buffer): number {
  const jsonEnd = 4 + block.readUInt32LE(0);
  const contents = JSON.parse(block.toString('utf8', 4, jsonEnd)) as Contents;
  const slots: number[] = [];
  let at = jsonEnd;
  for (const length of contents.labelLengths) {
    slots.push(table.restore(block.subarray(at, at + length)));
    at += length;
  }
  const reader = new ColumnReader(block, at);
  const fields = contents.columns.map((stored) => ({ stored, values: reader.next(stored, contents.count) }));
  const kinds = fields.find(({ stored }) => stored.name === 'kind')?.values;
  // What was learnt of a series as a counter means nothing when the rules make it a gauge now.
  const restored = slots.map((slot, place) => (slot !== 0 && kinds?.[place] === table.kinds[slot] ? slot : 0));
  for (const { stored, values } of fields) scatter(columns, stored, values, restored);
  for (const stored of contents.pools) readPool(columns, stored, restored, reader);
  for (const [place, saved] of contents.anomalies) {
    if (restored[place] !== 0) anomalies.restore(restored[place]!, saved);
  }
  return restored.filter((slot) => slot !== 0).length;
}

/** @param owners slots, or rows of the pool that it belongs to; 0 for those that there are no more */
function readPool(
  columns: Columns | undefined,
  stored: StoredPool,
  owners: readonly number[],
  reader: ColumnReader,
): void {
  const pool = columns?.pools().find(({ name }) => name === stored.name);
  const rows = stored.places.map((place) => (owners[place] === 0 ? 0 : (pool?.acquire(owners[place]!) ?? 0)));
  for (const column of stored.columns) scatter(pool?.columns, column, reader.next(column, rows.length), rows);
  for (const each of stored.pools) readPool(pool?.columns, each, rows, reader);
}

/** Reads the columns of a block one after the other. */
class ColumnReader {
  readonly #block: Buffer;
  #at: number;

  constructor(block: Buffer, start: number) {
    this.#block = block;
    this.#at = start;
  }

  /** Copied, because a column may begin at any byte and an array only at a multiple of its elements' size. */
  next({ type, width }: StoredColumn, count: number): ColumnArray {
    const values = new COLUMN_ARRAYS[type](count * width);
    new Uint8Array(values.buffer).set(this.#block.subarray(this.#at, this.#at + values.byteLength));
    this.#at += values.byteLength;
    return values;
  }
}

/** Puts stored values where they belong now; 0 stands for a series or row that there is no more. */
function scatter(columns: Columns | undefined, stored: StoredColumn, from: ColumnArray, rows: readonly number[]): void {
  const { name, width } = stored;
  const column = columns?.all().find((each) => each.name === name && each.width === width);
  if (column === undefined) return;
  for (let place = 0; place < rows.length; place++) {
    if (rows[place] === 0) continue;
    if (width === 1) column.values[rows[place]!] = from[place]!;
    else column.values.set(from.subarray(place * width, (place + 1) * width), rows[place]! * width);
  }
}
