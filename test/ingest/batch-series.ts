import { type RawBatch, STALE } from '../../src/ingest/raw-batch.ts';
import type { ScannedSeries } from './reference-reader.ts';

/** The series of a batch, in a form that outlives it. */
export function seriesOf(batch: RawBatch): ScannedSeries[] {
  return Array.from({ length: batch.seriesCount }, (_, i) => {
    const samples = [];
    for (let s = i === 0 ? 0 : batch.samplesEnd[i - 1]!; s < batch.samplesEnd[i]!; s++) {
      samples.push({ timestamp: batch.timestamps[s]!, value: batch.values[s]!, isStale: batch.flags[s] === STALE });
    }
    const labelBytes = Buffer.from(batch.bytes.subarray(batch.labelsStart[i]!, batch.labelsEnd[i]!)).toString('hex');
    return { labelBytes, samples };
  });
}
