import { createLabels } from '../../src/model/labels.ts';
import type { OutputGroup, OutputSource } from '../../src/model/output.ts';

export const SCORE = 'anomaly_score';
export const EXPECTED = 'anomaly_expected';

/** A source whose groups the test changes as it goes. */
export interface ListSource extends OutputSource {
  list: OutputGroup[];
}

export function createListSource(list: OutputGroup[] = []): ListSource {
  return {
    families: [
      { name: SCORE, help: 'How unusual the last sample was: above 1 is an anomaly.' },
      { name: EXPECTED, help: 'What was expected.' },
    ],
    list,
    groups() {
      return this.list;
    },
  };
}

export function createGroup(
  id: number,
  labels: Record<string, string>,
  timestampMs: number,
  values: OutputGroup['values'] = [[SCORE, 0.5]],
): OutputGroup {
  return { id, labels: () => createLabels(Object.entries(labels)), timestampMs, values };
}
