import type { GroupRates } from '../detect/group-rates.ts';
import type { OutputGroup, OutputSource } from '../model/output.ts';

/** `anomaly_rate`: of every group that has live series, always. */
export class GroupSeries implements OutputSource {
  readonly families = [
    { name: 'anomaly_rate', help: "Share of a group's live series that have a score above 1, 0 to 1." },
  ] as const;

  readonly #rates: GroupRates;

  constructor(rates: GroupRates) {
    this.#rates = rates;
  }

  *groups(): Iterable<OutputGroup> {
    for (const { id, labels, live, above, at } of this.#rates.all()) {
      if (live > 0) yield { id, labels: () => labels, timestampMs: at, values: [['anomaly_rate', above / live]] };
    }
  }
}
