import { Writer } from 'protobufjs/minimal.js';
import snappy from 'snappy';
import type { TestSeries } from './write-request-builder.ts';
import { STALE_MARKER } from './write-request-builder.ts';

/** A series of remote write 2.0 as a test writes it. */
export interface TestSeriesV2 extends Partial<TestSeries> {
  /** References as they are written; those of `labels` when left out. */
  readonly references?: readonly number[];
  /** Number of the metric type. */
  readonly type?: number;
  readonly exemplars?: number;
  /** Encoded Histogram messages, the same in both versions. */
  readonly histograms?: readonly Uint8Array[];
  /** The field of early release candidates, or that of later ones in each sample. */
  readonly startedAt?: { readonly series?: number; readonly sample?: number };
}

/** How the same content is written: protobuf leaves the order of fields free. */
export interface Layout {
  readonly symbolsLast?: boolean;
  readonly unpacked?: boolean;
  readonly samplesFirst?: boolean;
}

const STALE_WORDS = [0x00000002, 0x7ff00000] as const;

/** A decoded `io.prometheus.write.v2.Request`, written by protobufjs and so independently of what is tested. */
export function encodeRequestV2(series: readonly TestSeriesV2[], layout: Layout = {}): Buffer {
  const symbols = new Map([['', 0]]);
  const reference = (text: string) => {
    if (!symbols.has(text)) symbols.set(text, symbols.size);
    return symbols.get(text)!;
  };
  const body = Writer.create();
  for (const each of series) writeSeries(body, each, reference, layout);
  const table = Writer.create();
  for (const symbol of symbols.keys()) table.uint32(0x22).string(symbol);
  const parts = [table.finish(), body.finish()];
  return Buffer.concat(layout.symbolsLast === true ? parts.reverse() : parts);
}

/** The same, as it travels. */
export function encodeBodyV2(series: readonly TestSeriesV2[], layout?: Layout): Buffer {
  return snappy.compressSync(encodeRequestV2(series, layout));
}

function writeSeries(
  writer: Writer,
  { labels = [], samples = [], references, type, exemplars = 0, histograms = [], startedAt = {} }: TestSeriesV2,
  reference: (text: string) => number,
  { unpacked = false, samplesFirst = false }: Layout,
): void {
  writer.uint32(0x2a).fork();
  const pairs = Array.isArray(labels) ? labels : Object.entries(labels);
  const refs = references ?? pairs.flatMap((pair: readonly string[]) => pair.map(reference));
  const writeRefs = () => {
    if (unpacked) for (const ref of refs) writer.uint32(0x08).uint32(ref);
    else {
      writer.uint32(0x0a).fork();
      for (const ref of refs) writer.uint32(ref);
      writer.ldelim();
    }
  };
  if (!samplesFirst) writeRefs();
  for (const [timestamp, value] of samples) {
    writer.uint32(0x12).fork();
    if (value === STALE_MARKER) writer.uint32(0x09).fixed32(STALE_WORDS[0]).fixed32(STALE_WORDS[1]);
    else if (value !== 0 || Object.is(value, -0)) writer.uint32(0x09).double(value);
    writer.uint32(0x10).int64(timestamp);
    if (startedAt.sample !== undefined) writer.uint32(0x18).int64(startedAt.sample);
    writer.ldelim();
  }
  for (const histogram of histograms) writer.uint32(0x1a).bytes(histogram);
  for (let i = 0; i < exemplars; i++) writer.uint32(0x22).fork().uint32(0x11).double(i).ldelim();
  if (samplesFirst) writeRefs();
  if (type !== undefined) {
    writer.uint32(0x2a).fork().uint32(0x08).int32(type).uint32(0x18).uint32(reference('Help.')).ldelim();
  }
  if (startedAt.series !== undefined) writer.uint32(0x30).int64(startedAt.series);
  writer.ldelim();
}
