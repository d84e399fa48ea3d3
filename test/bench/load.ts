import snappy from 'snappy';
import { writeLabels } from '../../src/series/label-bytes.ts';
import { uniform } from '../uniform.ts';

/** Samples of one request, as Prometheus 3 sends them. */
const SAMPLES_PER_REQUEST = 2000;
/** Series of one scrape target: they come together and share all labels but the name and one more. */
const SERIES_PER_TARGET = 50;
export const SHARDS = 4;

/**
 * A seeded load like that of a Kubernetes cluster: series with 11 labels and about 327 bytes of labels, a third of the
 * values 0, cut into shards by series and kept in scrape order within a shard, as Prometheus' queue does it.
 */
export class Load {
  readonly seriesCount: number;
  readonly #labels: Uint8Array[];
  readonly #values: Float64Array;
  readonly #random: () => number;

  constructor(seriesCount: number, seed = 1) {
    this.seriesCount = seriesCount;
    this.#random = uniform(seed);
    this.#labels = Array.from({ length: seriesCount }, (_, i) => labelBytes(i, 0));
    this.#values = Float64Array.from({ length: seriesCount }, (_, i) => (i % 3 === 0 ? 0 : this.#random() * 1000));
  }

  /** Replaces this share of all targets (pods) by new ones. @returns how many series are new */
  churn(share: number, generation: number): number {
    const targets = Math.ceil(this.seriesCount / SERIES_PER_TARGET);
    const replaced = Math.round(targets * share);
    let count = 0;
    for (let n = 0; n < replaced; n++) {
      const target = Math.floor(this.#random() * targets);
      for (let i = target * SERIES_PER_TARGET; i < Math.min((target + 1) * SERIES_PER_TARGET, this.seriesCount); i++) {
        this.#labels[i] = labelBytes(i, generation);
        count++;
      }
    }
    return count;
  }

  /** The requests of one scrape of everything, each a snappy block with the shard that sends it. */
  *requests(timestampMs: number): Generator<{ readonly shard: number; readonly body: Buffer }> {
    const pending: number[][] = Array.from({ length: SHARDS }, () => []);
    for (let i = 0; i < this.seriesCount; i++) {
      const shard = Math.imul(i, 0x9e3779b1) >>> 30;
      const series = pending[shard]!;
      series.push(i);
      if (series.length === SAMPLES_PER_REQUEST) yield { shard, body: this.#request(series.splice(0), timestampMs) };
    }
    for (const [shard, series] of pending.entries()) {
      if (series.length > 0) yield { shard, body: this.#request(series, timestampMs) };
    }
  }

  #request(series: number[], timestampMs: number): Buffer {
    const timestamp = varint(timestampMs);
    const body = Buffer.allocUnsafe(series.reduce((sum, i) => sum + this.#labels[i]!.length + 32, 0));
    let at = 0;
    for (const i of series) {
      const labels = this.#labels[i]!;
      const value = this.#next(i);
      const sampleLength = (value === 0 ? 0 : 9) + 1 + timestamp.length;
      body[at++] = 0x0a;
      at = writeVarint(body, at, labels.length + 2 + sampleLength);
      body.set(labels, at);
      at += labels.length;
      body[at++] = 0x12;
      body[at++] = sampleLength;
      // Go leaves out a value of 0.
      if (value !== 0) {
        body[at++] = 0x09;
        at = body.writeDoubleLE(value, at);
      }
      body[at++] = 0x10;
      at += timestamp.copy(body, at);
    }
    return snappy.compressSync(body.subarray(0, at));
  }

  /** A third constant zeros, a third gauges that wander, a third counters. */
  #next(i: number): number {
    if (i % 3 === 0) return 0;
    const values = this.#values;
    values[i] = i % 3 === 1 ? values[i]! + this.#random() - 0.5 : values[i]! + Math.floor(this.#random() * 100);
    return values[i]!;
  }
}

const METRICS = [
  'container_network_receive_bytes_total',
  'container_memory_working_set_bytes',
  'container_cpu_cfs_throttled_periods_total',
  'kube_pod_container_resource_requests',
  'http_server_requests_in_flight_seconds_count',
];

function labelBytes(i: number, generation: number): Uint8Array {
  const target = Math.floor(i / SERIES_PER_TARGET);
  const workload = Math.floor(target / 10);
  const hash = (Math.imul(target + generation * 7919, 0x85ebca6b) >>> 0).toString(36).padStart(7, '0');
  const metric = METRICS[(i + Math.floor(i / 3)) % METRICS.length]!;
  return writeLabels(
    new Map([
      ['__name__', metric],
      ['cluster', 'production-eu-west-1'],
      ['container', `service-${workload % 500}`],
      ['endpoint', 'http-metrics'],
      ['id', `pod${hash}/${(i % SERIES_PER_TARGET).toString().padStart(2, '0')}`],
      ['instance', `10.${(target >> 14) & 63}.${(target >> 7) & 127}.${target & 127}:8080`],
      ['job', 'service-endpoints'],
      ['namespace', `team-${workload % 40}`],
      ['node', `ip-10-0-${target % 200}-17.eu1.internal`],
      ['pod', `service-${workload % 500}-${hash}-x${(target % 10).toString()}kq`],
      ['service', `service-${workload % 500}`],
    ]),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = value;
  let next = at;
  for (; rest >= 0x80; rest >>>= 7) buffer[next++] = (rest & 0x7f) | 0x80;
  buffer[next++] = rest;
  return next;
}
