/** What a member of a histogram counts. */
export const ROLE = { bucket: 0, sum: 1, count: 2 } as const;
export type Role = (typeof ROLE)[keyof typeof ROLE];

/**
 * The series of all classic histograms and summaries, their members, as a table: they are many, and an object for each
 * would be larger than all that is known of it. A member has a number > 0.
 */
export class MemberColumns {
  /** Number of the histogram that a member belongs to. */
  histograms = new Uint32Array(1024);
  roles = new Uint8Array(1024);
  /** Upper bound of a bucket. */
  bounds = new Float64Array(1024);
  /** 1 while a member counts: it has samples, and has not ended. */
  isHere = new Uint8Array(1024);
  /** The value from which the increase is measured; NaN where it is not known. */
  bases = new Float64Array(1024);
  /** Values of the two moments that are being gathered, NaN for what has not arrived. */
  readonly moments: [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>] = [
    new Float64Array(1024),
    new Float64Array(1024),
  ];
  #highest = 0;
  readonly #free: number[] = [];

  add(histogram: number, role: Role, bound: number): number {
    const member = this.#free.pop() ?? ++this.#highest;
    if (member === this.bases.length) this.#grow();
    this.histograms[member] = histogram;
    this.roles[member] = role;
    this.bounds[member] = bound;
    this.isHere[member] = 0;
    this.bases[member] = Number.NaN;
    for (const values of this.moments) values[member] = Number.NaN;
    return member;
  }

  release(member: number): void {
    this.histograms[member] = 0;
    this.#free.push(member);
  }

  #grow(): void {
    this.histograms = doubled(this.histograms);
    this.roles = doubled(this.roles);
    this.bounds = doubled(this.bounds);
    this.isHere = doubled(this.isHere);
    this.bases = doubled(this.bases);
    this.moments[0] = doubled(this.moments[0]);
    this.moments[1] = doubled(this.moments[1]);
  }
}

function doubled<Column extends Uint8Array | Uint32Array | Float64Array>(column: Column): Column {
  const larger = new (column.constructor as new (length: number) => Column)(column.length * 2);
  larger.set(column);
  return larger;
}
