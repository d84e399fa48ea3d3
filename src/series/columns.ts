/** The element types that a column may have, by the name under which a snapshot stores them. */
export const COLUMN_ARRAYS = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  f16: Float16Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

type ColumnType = keyof typeof COLUMN_ARRAYS;
export type ColumnArray = InstanceType<(typeof COLUMN_ARRAYS)[ColumnType]>;

/** What does not fit into sixteen bits has to be cut off here, or it is infinite. */
export const LARGEST_F16 = 65_504;

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
  /** Eleven bits, up to 65,504: for what is smoothed or counted in standard deviations. */
  f16(name: string, width = 1): Float16Array {
    return this.#add(name, 'f16', width) as Float16Array;
  }
  f32(name: string, width = 1): Float32Array {
    return this.#add(name, 'f32', width) as Float32Array;
  }
  f64(name: string): Float64Array {
    return this.#add(name, 'f64', 1) as Float64Array;
  }

  /** A table of its own for fields that only some slots need; costs four bytes for each. @param capacity most rows */
  pool(name: string, capacity: number): Pool {
    return this.#addPool(new Pool(name, capacity, new Uint32Array(this.capacity)));
  }

  /** The same for fields that few slots need at a time: these cost some forty bytes more, all others nothing. */
  sparsePool(name: string, capacity: number): Pool {
    return this.#addPool(new Pool(name, capacity, undefined));
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

  #addPool(pool: Pool): Pool {
    this.#pools.push(pool);
    return pool;
  }

  #add(name: string, type: ColumnType, width: number): ColumnArray {
    if (this.#columns.some((column) => column.name === name)) throw new Error(`column ${name} exists already`);
    const values = new COLUMN_ARRAYS[type](this.capacity * width);
    this.#columns.push({ name, type, width, values });
    return values;
  }
}

/**
 * Rows that are lent to slots: a tier of state which most series do not need, or not yet. Its columns may have pools of
 * their own, whose slots are its rows: what a row had goes with it.
 */
export class Pool {
  readonly name: string;
  readonly columns: Columns;
  /** Row of each slot, 0 for none. Of a sparse pool it is empty: ask `rowOf`. */
  readonly rows: Uint32Array;
  readonly #sparse: Map<number, number> | undefined;
  /** Rows in use. */
  size = 0;
  #highest = 0;
  readonly #free: number[] = [];

  constructor(name: string, capacity: number, rows: Uint32Array | undefined) {
    this.name = name;
    this.columns = new Columns(capacity + 1);
    this.rows = rows ?? new Uint32Array(0);
    this.#sparse = rows === undefined ? new Map() : undefined;
  }

  rowOf(slot: number): number {
    return this.#sparse === undefined ? this.rows[slot]! : (this.#sparse.get(slot) ?? 0);
  }

  /** The slots of a sparse pool that have a row, in the order in which they got it. */
  slots(): Iterable<number> {
    return this.#sparse?.keys() ?? [];
  }

  /** Lends a row, its fields all 0, to a slot that has none. @returns 0 when all are taken */
  acquire(slot: number): number {
    if (this.#free.length === 0 && this.#highest + 1 >= this.columns.capacity) return 0;
    const row = this.#free.pop() ?? ++this.#highest;
    if (this.#sparse === undefined) this.rows[slot] = row;
    else this.#sparse.set(slot, row);
    this.size++;
    return row;
  }

  /** Gives a slot, in the place of its row, a copy of another slot's, if that has one and there is room. */
  copy(from: number, to: number): void {
    this.release(to);
    const source = this.rowOf(from);
    if (source === 0) return;
    const row = this.acquire(to);
    if (row === 0) return;
    for (const { values, width } of this.columns.all()) {
      values.copyWithin(row * width, source * width, (source + 1) * width);
    }
    for (const pool of this.columns.pools()) pool.copy(source, row);
  }

  /** Takes the row of a slot back, if it has one. */
  release(slot: number): void {
    const row = this.rowOf(slot);
    if (row === 0) return;
    this.columns.clear(row);
    if (this.#sparse === undefined) this.rows[slot] = 0;
    else this.#sparse.delete(slot);
    this.#free.push(row);
    this.size--;
  }
}
