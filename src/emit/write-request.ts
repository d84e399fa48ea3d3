import protobuf from 'protobufjs/minimal.js';
import { compareBytes, type Labels, METRIC_NAME } from '../model/labels.ts';

/**
 * The labels of a group as the bytes of a TimeSeries message of remote write 1.0, one character a byte: the same string
 * is kept, compared and written. The label `__name__` goes in at `nameAt`, which is where its byte order puts it.
 */
export interface EncodedLabels {
  readonly bytes: string;
  readonly nameAt: number;
}

/** One sample of one output series on its way out. */
export interface OutputSample {
  readonly labels: EncodedLabels;
  /** The label `__name__`, as `encodeName` gives it. */
  readonly name: string;
  /** Milliseconds since the epoch, >= 0. */
  readonly timestampMs: number;
  readonly value: number | 'stale';
}

const TIME_SERIES_TAG = 0x0a;
const LABEL_TAG = 0x0a;
const LABEL_NAME_TAG = 0x0a;
const LABEL_VALUE_TAG = 0x12;
const SAMPLE_TAG = 0x12;
const VALUE_TAG = 0x09;
const TIMESTAMP_TAG = 0x10;

/** Two signalling patterns that no arithmetic may touch, so they are bytes and never numbers (little endian). */
const STALE_MARKER = Uint8Array.of(0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f);
const ORDINARY_NAN = Uint8Array.of(0x01, 0, 0, 0, 0, 0, 0xf8, 0x7f);
const VALUE_BYTES = 8;
/** Tags and lengths of a TimeSeries and its Sample, each at their longest. */
const MAX_FRAME_BYTES = 32;

/** Encodes the labels of a group, which come in byte order and without `__name__`. */
export function encodeLabels(labels: Labels): EncodedLabels {
  let bytes = '';
  let nameAt = 0;
  for (const [name, value] of labels) {
    bytes += encodeLabel(name, value);
    if (compareBytes(name, METRIC_NAME) < 0) nameAt = bytes.length;
  }
  return { bytes, nameAt };
}

/** Encodes the label that holds a metric name. */
export function encodeName(metricName: string): string {
  return encodeLabel(METRIC_NAME, metricName);
}

function encodeLabel(name: string, value: string): string {
  const writer = protobuf.Writer.create().uint32(LABEL_TAG).fork();
  // A lone surrogate would become bytes that are not UTF-8, and the receiver would refuse the whole request.
  writer.uint32(LABEL_NAME_TAG).string(name.toWellFormed()).uint32(LABEL_VALUE_TAG).string(value.toWellFormed());
  return Buffer.from(writer.ldelim().finish()).toString('latin1');
}

/** Encodes `prometheus.WriteRequest`, one sample per TimeSeries, in the given order. */
export function encodeWriteRequest(samples: readonly OutputSample[]): Buffer {
  let capacity = 0;
  for (const { labels, name } of samples) capacity += labels.bytes.length + name.length + MAX_FRAME_BYTES;
  const buffer = Buffer.allocUnsafe(capacity);
  let at = 0;
  for (const sample of samples) at = writeTimeSeries(buffer, at, sample);
  return buffer.subarray(0, at);
}

/** @returns where the next byte goes, as all writers below */
function writeTimeSeries(buffer: Buffer, start: number, { labels, name, timestampMs, value }: OutputSample): number {
  const sampleLength = 1 + VALUE_BYTES + 1 + varintLength(timestampMs);
  let at = writeTag(buffer, start, TIME_SERIES_TAG, labels.bytes.length + name.length + 2 + sampleLength);
  at += buffer.write(labels.bytes.slice(0, labels.nameAt), at, 'latin1');
  at += buffer.write(name, at, 'latin1');
  at += buffer.write(labels.bytes.slice(labels.nameAt), at, 'latin1');
  at = writeTag(buffer, at, SAMPLE_TAG, sampleLength);
  buffer[at++] = VALUE_TAG;
  at = writeValue(buffer, at, value);
  return writeTag(buffer, at, TIMESTAMP_TAG, timestampMs);
}

function writeValue(buffer: Buffer, at: number, value: OutputSample['value']): number {
  if (value === 'stale') buffer.set(STALE_MARKER, at);
  else if (Number.isNaN(value)) buffer.set(ORDINARY_NAN, at);
  else buffer.writeDoubleLE(value, at);
  return at + VALUE_BYTES;
}

/** A tag, and the varint that follows it: a length or a timestamp, which may need more than 32 bits. */
function writeTag(buffer: Buffer, start: number, tag: number, varint: number): number {
  let at = start;
  let rest = varint;
  buffer[at++] = tag;
  while (rest >= 0x80) {
    buffer[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  buffer[at++] = rest;
  return at;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}
