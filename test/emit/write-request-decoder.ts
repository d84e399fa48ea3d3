import protobuf from 'protobufjs';
import { uncompressSync } from 'snappy';

// Values are read as their 64 bits, so that the two kinds of NaN stay apart.
const SCHEMA = `syntax = "proto3";
message WriteRequest { repeated TimeSeries timeseries = 1; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
message Label { string name = 1; string value = 2; }
message Sample { fixed64 value = 1; int64 timestamp = 2; }`;

const WriteRequest = protobuf.parse(SCHEMA).root.lookupType('WriteRequest');

export interface ReceivedSample {
  readonly labels: [name: string, value: string][];
  readonly value: number;
  /** 16 hexadecimal digits. */
  readonly bits: string;
  readonly timestampMs: number;
}

export const STALE_BITS = '7ff0000000000002';

interface Decoded {
  timeseries: {
    labels?: { name?: string; value?: string }[];
    samples: { value?: string; timestamp?: string }[];
  }[];
}

/** Decodes a body of remote write 1.0 with the public schema and the strict native snappy. */
export function decodeCompressed(body: Uint8Array): ReceivedSample[] {
  return decodeWriteRequest(uncompressSync(Buffer.from(body)) as Buffer);
}

export function decodeWriteRequest(bytes: Uint8Array): ReceivedSample[] {
  const { timeseries = [] } = WriteRequest.toObject(WriteRequest.decode(bytes), { longs: String }) as Decoded;
  return timeseries.map(({ labels = [], samples }) => {
    const [sample] = samples;
    const bits = BigInt(sample?.value ?? 0);
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, bits);
    return {
      labels: labels.map(({ name = '', value = '' }) => [name, value]),
      value: view.getFloat64(0),
      bits: bits.toString(16).padStart(16, '0'),
      timestampMs: Number(sample?.timestamp ?? 0),
    };
  });
}
