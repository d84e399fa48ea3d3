import type { Calendar } from '../model/calendar.ts';
import type { Labels } from '../model/labels.ts';

const UNKNOWN = 0;
const CONCERNED = 1;
const UNCONCERNED = 2;

/** Which series the calendars make quiet now. Whether an entry is about a series is found out once. */
export class QuietSlots {
  readonly #calendar: Calendar;
  readonly #labels: (slot: number) => Labels | undefined;
  readonly #capacity: number;
  /** By entry of the calendars, then by slot. */
  #concerned: Uint8Array[] = [];
  #version = 0;

  constructor(calendar: Calendar, capacity: number, labels: (slot: number) => Labels | undefined) {
    this.#calendar = calendar;
    this.#capacity = capacity;
    this.#labels = labels;
  }

  /** The name of what makes a series quiet at a moment; undefined when nothing does. */
  nameOf(slot: number, timestamp: number): string | undefined {
    const quiet = this.#calendar.at(timestamp);
    if (quiet.length === 0) return undefined;
    if (this.#version !== this.#calendar.version) this.#concerned = [];
    this.#version = this.#calendar.version;
    return quiet.find(({ entry }) => this.#isConcerned(entry, slot))?.name;
  }

  /** The slot goes to another series. */
  forget(slot: number): void {
    for (const concerned of this.#concerned) if (concerned !== undefined) concerned[slot] = UNKNOWN;
  }

  #isConcerned(entry: number, slot: number): boolean {
    this.#concerned[entry] ??= new Uint8Array(this.#capacity);
    const concerned = this.#concerned[entry];
    if (concerned[slot] === UNKNOWN) {
      const labels = this.#labels(slot);
      concerned[slot] = labels !== undefined && this.#calendar.matches(entry, labels) ? CONCERNED : UNCONCERNED;
    }
    return concerned[slot] === CONCERNED;
  }
}
