/** Sample flags. */
export const STALE = 1;

/** The series and samples of one request, as columns. Reused: valid until the next scan. */
export interface RawBatch {
  /** Label bytes of series i are buffer[labelsStart[i], labelsEnd[i]): a run of `0a <length> <Label>` fields. */
  labelsStart: Int32Array;
  labelsEnd: Int32Array;
  /** Samples of series i are those from samplesEnd[i - 1] (0 for the first) up to samplesEnd[i]. */
  samplesEnd: Int32Array;
  seriesCount: number;
  values: Float64Array;
  /** Milliseconds since the epoch. */
  timestamps: Float64Array;
  flags: Uint8Array;
  sampleCount: number;
  /** Where MetricMetadata messages lie: start and end, alternating. */
  metadata: number[];
  exemplarCount: number;
  /** Native histograms: index of the series, start and end of the message in `bytes`, three numbers each. */
  histograms: Int32Array;
  histogramCount: number;
  readonly bytes: Uint8Array;
}

export function createRawBatch(bytes: Uint8Array): RawBatch {
  const capacity = 4096;
  return {
    labelsStart: new Int32Array(capacity),
    labelsEnd: new Int32Array(capacity),
    samplesEnd: new Int32Array(capacity),
    seriesCount: 0,
    values: new Float64Array(capacity),
    timestamps: new Float64Array(capacity),
    flags: new Uint8Array(capacity),
    sampleCount: 0,
    metadata: [],
    exemplarCount: 0,
    histograms: new Int32Array(3 * 64),
    histogramCount: 0,
    bytes,
  };
}
