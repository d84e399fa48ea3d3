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

/** One field of every series: `values[slot]`. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
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

  /** @param capacity largest number of slots */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  u8(name: string): Uint8Array {
    return this.#add(name, 'u8') as Uint8Array;
  }
  u16(name: string): Uint16Array {
    return this.#add(name, 'u16') as Uint16Array;
  }
  u32(name: string): Uint32Array {
    return this.#add(name, 'u32') as Uint32Array;
  }
  f32(name: string): Float32Array {
    return this.#add(name, 'f32') as Float32Array;
  }
  f64(name: string): Float64Array {
    return this.#add(name, 'f64') as Float64Array;
  }

  /** Sets every field of a slot to 0: what the series that had it before knew is forgotten. */
  clear(slot: number): void {
    for (const column of this.#columns) column.values[slot] = 0;
  }

  all(): readonly Column[] {
    return this.#columns;
  }

  #add(name: string, type: ColumnType): ColumnArray {
    if (this.#columns.some((column) => column.name === name)) throw new Error(`column ${name} exists already`);
    const values = new COLUMN_ARRAYS[type](this.capacity);
    this.#columns.push({ name, type, values });
    return values;
  }
}
