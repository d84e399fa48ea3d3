import protobuf from 'protobufjs/minimal.js';
import { createLabels, METRIC_NAME } from '../model/labels.ts';
import { readFrames } from './frames.ts';
import { Unsupported } from './history-client.ts';
import type { HistorySource, TimeRange } from './history-source.ts';
import { SeriesHistory } from './series-history.ts';
import type { Turns } from './turns.ts';
import { readXorChunk } from './xor-chunk.ts';

/** prometheus.ReadRequest.ResponseType */
const STREAMED_XOR_CHUNKS = 1;
/** prometheus.Chunk.Encoding: what holds floats, and what holds native histograms, of which no past is loaded. */
const XOR = 1;
const HISTOGRAMS: ReadonlySet<number> = new Set([2, 3, 5, 6]);

/** Posts a request of remote read. @throws Unsupported where the server has none */
type PostRead = (request: Uint8Array, signal: AbortSignal) => Promise<Response>;

/**
 * History by streamed remote read (https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/): the server
 * hands out its chunks as they lie on the disk, series by series, and neither side has to hold more than one series.
 */
export function createRemoteRead(post: PostRead, turns: Turns): HistorySource {
  return {
    name: 'remote read',
    async *read(metricName, range, signal) {
      const response = await post(encodeReadRequest(metricName, range), signal);
      const type = response.headers.get('content-type') ?? '';
      if (!type.startsWith('application/x-streamed-protobuf') || response.body === null) {
        await response.body?.cancel();
        throw new Unsupported(`the server answers remote read with ${type || 'no content type'}, not with chunks`);
      }
      const history = new SeriesHistory();
      let key = '';
      for await (const frame of readFrames(response.body)) {
        for (const series of readSeries(frame)) {
          if (series.key !== key) {
            if (history.count > 0) yield history;
            history.begin(createLabels(series.labels));
            key = series.key;
          }
          for (const chunk of series.chunks) {
            addChunk(history, chunk, range);
            await turns.share();
          }
        }
      }
      if (history.count > 0) yield history;
    },
  };
}

/** Encodes `prometheus.ReadRequest` (prompb/remote.proto): all series of one metric. */
function encodeReadRequest(metricName: string, { from, to }: TimeRange): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(0x0a).fork().uint32(0x08).int64(from).uint32(0x10).int64(to);
  // A LabelMatcher whose type, EQ, is the default and so not written.
  writer.uint32(0x1a).fork().uint32(0x12).string(METRIC_NAME).uint32(0x1a).string(metricName).ldelim().ldelim();
  writer.uint32(0x10).int32(STREAMED_XOR_CHUNKS);
  return writer.finish();
}

interface Chunk {
  readonly encoding: number;
  readonly bytes: Uint8Array;
}

interface ChunkedSeries {
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Differs between any two series: a series may go on in the next frame. */
  readonly key: string;
  readonly chunks: readonly Chunk[];
}

function addChunk(history: SeriesHistory, { encoding, bytes }: Chunk, { from, to }: TimeRange): void {
  if (HISTOGRAMS.has(encoding)) return;
  if (encoding !== XOR)
    throw new Unsupported(`the server sends chunks of encoding ${encoding}, which is not known here`);
  readXorChunk(bytes, (timestamp, value) => {
    // A chunk is handed out whole, however little of it was asked for.
    if (timestamp >= from && timestamp <= to) history.add(timestamp, value);
  });
}

/** Decodes `prometheus.ChunkedReadResponse`: series in field 1. */
function* readSeries(frame: Uint8Array): Generator<ChunkedSeries> {
  for (const message of fields(frame).get(1) ?? []) {
    const series = fields(message);
    const labels = (series.get(1) ?? []).map((label) => {
      const pair = fields(label);
      return [text(pair.get(1)), text(pair.get(2))] as const;
    });
    const chunks = (series.get(2) ?? []).map(readChunk);
    yield { labels, key: JSON.stringify(labels), chunks };
  }
}

/** `prometheus.Chunk`: 3 encoding, 4 data; the times of its ends are not needed. */
function readChunk(message: Uint8Array): Chunk {
  const reader = protobuf.Reader.create(message);
  let encoding = 0;
  let bytes: Uint8Array = new Uint8Array(0);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x18) encoding = reader.int32();
    else if (tag === 0x22) bytes = reader.bytes();
    else reader.skipType(tag & 7);
  }
  return { encoding, bytes };
}

/** The fields of a message that are messages, bytes or text themselves. */
function fields(message: Uint8Array): Map<number, Uint8Array[]> {
  const found = new Map<number, Uint8Array[]>();
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) !== 2) {
      reader.skipType(tag & 7);
      continue;
    }
    const values = found.get(tag >>> 3);
    if (values === undefined) found.set(tag >>> 3, [reader.bytes()]);
    else values.push(reader.bytes());
  }
  return found;
}

function text(values: readonly Uint8Array[] | undefined): string {
  return values === undefined ? '' : Buffer.from(values[0]!).toString('utf8');
}
