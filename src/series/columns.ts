/** The element types that a column may have, by the name under which a snapshot stores them. */
export const COLUMN_ARRAYS = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

type ColumnType = keyof typeof COLUMN_ARRAYS;
export type ColumnArray = InstanceType<(typeof COLUMN_ARRAYS)[ColumnType]>;

/** One field of every series: `values[slot]`, or `width` values from `values[slot * width]` on. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly width: number;
  readonly values: ColumnArray;
}

/**
 * The state of all series as a table: one typed array per field, indexed by slot. Every room adds its fields here once;
 * in return a slot is cleared as a whole when it goes to another series, and a snapshot needs to know nothing about
 * the fields.
 *
 * Each array is made for the largest number of series at the start. That costs address space only: a page of memory
 * becomes resident when the first slot in it is used, and no array is ever copied to grow.
 */
export class Columns {
  readonly capacity: number;
  readonly #columns: Column[] = [];
  readonly #pools: Pool[] = [];

  /** @param capacity largest number of slots */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  u8(name: string, width = 1): Uint8Array {
    return this.#add(name, 'u8', width) as Uint8Array;
  }
  u16(name: string, width = 1): Uint16Array {
    return this.#add(name, 'u16', width) as Uint16Array;
  }
  u32(name: string): Uint32Array {
    return this.#add(name, 'u32', 1) as Uint32Array;
  }
  f32(name: string, width = 1): Float32Array {
    return this.#add(name, 'f32', width) as Float32Array;
  }
  f64(name: string): Float64Array {
    return this.#add(name, 'f64', 1) as Float64Array;
  }

  /** A table of its own for fields that only some series need. @param capacity largest number of rows */
  pool(name: string, capacity: number): Pool {
    const pool = new Pool(name, capacity, new Uint32Array(this.capacity));
    this.#pools.push(pool);
    return pool;
  }

  /** Sets every field of a slot to 0: what the series that had it before knew is forgotten. */
  clear(slot: number): void {
    for (const { values, width } of this.#columns) values.fill(0, slot * width, (slot + 1) * width);
    for (const pool of this.#pools) pool.release(slot);
  }

  all(): readonly Column[] {
    return this.#columns;
  }

  pools(): readonly Pool[] {
    return this.#pools;
  }

  #add(name: string, type: ColumnType, width: number): ColumnArray {
    if (this.#columns.some((column) => column.name === name)) throw new Error(`column ${name} exists already`);
    const values = new COLUMN_ARRAYS[type](this.capacity * width);
    this.#columns.push({ name, type, width, values });
    return values;
  }
}

/** Rows that are lent to slots: a tier of state which most series do not need, or not yet. */
export class Pool {
  readonly name: string;
  readonly columns: Columns;
  /** Row of each slot, 0 for none. */
  readonly rows: Uint32Array;
  /** Rows in use. */
  size = 0;
  #highest = 0;
  readonly #free: number[] = [];

  constructor(name: string, capacity: number, rows: Uint32Array) {
    this.name = name;
    this.columns = new Columns(capacity + 1);
    this.rows = rows;
  }

  /** Lends a row, its fields all 0, to a slot that has none. @returns 0 when all are taken */
  acquire(slot: number): number {
    if (this.#free.length === 0 && this.#highest + 1 >= this.columns.capacity) return 0;
    const row = this.#free.pop() ?? ++this.#highest;
    this.rows[slot] = row;
    this.size++;
    return row;
  }

  /** Gives a slot, in the place of its row, a copy of another slot's, if that has one and there is room. */
  copy(from: number, to: number): void {
    this.release(to);
    const source = this.rows[from]!;
    if (source === 0) return;
    const row = this.acquire(to);
    if (row === 0) return;
    for (const { values, width } of this.columns.all()) {
      values.copyWithin(row * width, source * width, (source + 1) * width);
    }
  }

  /** Takes the row of a slot back, if it has one. */
  release(slot: number): void {
    const row = this.rows[slot]!;
    if (row === 0) return;
    this.columns.clear(row);
    this.rows[slot] = 0;
    this.#free.push(row);
    this.size--;
  }
}
