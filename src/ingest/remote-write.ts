import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kernel } from '../kernel/kernel.ts';
import type { Clock } from '../model/clock.ts';
import { type ErrorType, RequestError } from '../model/errors.ts';
import type { FamilyType } from '../series/kinds.ts';
import { readLabels } from '../series/label-bytes.ts';
import { readMetadata } from './metadata.ts';
import type { RawBatch } from './raw-batch.ts';
import {
  NOTHING_WRITTEN,
  negotiate,
  type RemoteWriteVersion,
  setWrittenHeaders,
  type Written,
} from './remote-write-negotiation.ts';
import type { ReplicaElection } from './replica-election.ts';
import { WriteRequestScanner } from './write-request.ts';
import { WriteRequestV2Scanner } from './write-request-v2.ts';

/** Prometheus' own limit for a decoded request. A compressed one can't sensibly be larger. */
const MAX_DECODED_BYTES = 32 * 1024 * 1024;
const MAX_COMPRESSED_BYTES = 32 * 1024 * 1024;
/** What a kernel has to have room for; labels that are gathered need as much behind the message as it is long. */
export const RECEIVER_SIZES = { input: MAX_COMPRESSED_BYTES, output: MAX_DECODED_BYTES, spare: MAX_DECODED_BYTES };
/** Bytes of request bodies that may be on their way at once; beyond that the sender is asked to come later. */
const MAX_PENDING_BYTES = 256 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;

/** What the receiver counts, for metrics. */
export interface ReceiverStats {
  /** Answers by status code. */
  readonly answers: Map<number, number>;
  bodyBytes: number;
  decodedBytes: number;
  exemplars: number;
  histograms: number;
  metadata: number;
  /** Samples of replicas that do not lead. */
  replicaSamples: number;
  replicaFailovers: () => number;
  /** Requests that were taken before anything could be learnt. */
  held: number;
}

/** A valid body that is taken in later. */
interface HeldBody {
  readonly version: RemoteWriteVersion;
  readonly body: Buffer;
}

/** What became of a request. */
interface Outcome {
  /** What is wrong with it, or with part of it. */
  readonly error: RequestError | undefined;
  readonly written: Written;
}

/** Part of a request that was refused, and why. */
interface RefusedPart {
  readonly sentence: string;
  readonly samples: number;
  readonly histograms: number;
}

export interface RemoteWriteOptions {
  /** Takes in a batch, which is valid during the call only. */
  readonly onBatch: (batch: RawBatch) => readonly RefusedPart[];
  /** Takes in what a request says of metric families. */
  readonly onMetadata: (types: readonly FamilyType[]) => void;
  /** Made with `RECEIVER_SIZES`; its output holds the label bytes of a batch during the call. */
  readonly kernel: Kernel;
  readonly election: ReplicaElection;
  readonly clock: Clock;
}

/**
 * `POST /api/v1/write`: remote write 1.0 and 2.0. It is called by the server before any framework, reads the body itself, and
 * does all work on it in one go: one buffer for the body, one for what is decoded, both reused for ever.
 *
 * Answers follow the specification, and what senders make of it: 4xx is never sent again, 503 is. A body that is too
 * large gets 400 and not 413, which vmagent would repeat for ever.
 */
export class RemoteWriteReceiver {
  readonly stats: ReceiverStats;
  readonly #options: RemoteWriteOptions;
  readonly #scanners: Readonly<Record<RemoteWriteVersion, WriteRequestScanner | WriteRequestV2Scanner>>;
  #pendingBytes = 0;
  /** Bodies that wait for `resume`, in their order; undefined when none has to wait. */
  #held: HeldBody[] | undefined;

  constructor(options: RemoteWriteOptions) {
    this.#options = options;
    const { output } = options.kernel;
    this.#scanners = { '1.0': new WriteRequestScanner(output), '2.0': new WriteRequestV2Scanner(output) };
    this.stats = {
      answers: new Map(),
      bodyBytes: 0,
      decodedBytes: 0,
      exemplars: 0,
      histograms: 0,
      metadata: 0,
      replicaSamples: 0,
      held: 0,
      replicaFailovers: () => options.election.failoverTotal,
    };
  }

  /**
   * From now on valid requests are answered and their bodies kept: what was learnt is still being restored. A sender has
   * its answer at once, and samples are learnt in the order in which they came. What they hold is not looked at before,
   * so series or samples that are refused are counted, but the sender is not told.
   */
  hold(): void {
    this.#held ??= [];
  }

  /** Takes in what was kept, one request at a time, and then goes on as ever. */
  resume(onDone: () => void): void {
    const held = this.#held?.shift();
    if (held === undefined) {
      this.#held = undefined;
      onDone();
      return;
    }
    this.#pendingBytes -= held.body.length;
    this.#take(this.#copy(held.body, 0), held.version);
    this.#options.clock.after(0, () => this.resume(onDone));
  }

  /** Answers one request. */
  receive(request: IncomingMessage, response: ServerResponse): void {
    const version = negotiate(request);
    const error = version instanceof RequestError ? version : this.#checkLoad(request);
    if (version instanceof RequestError || error !== undefined) {
      // The body of a refused request is not read: the connection ends with the answer.
      response.setHeader('Connection', 'close');
      if (version === '2.0') setWrittenHeaders(response, NOTHING_WRITTEN);
      this.#answer(response, error);
      return;
    }
    this.#readBody(request, response, version);
  }

  #readBody(request: IncomingMessage, response: ServerResponse, version: RemoteWriteVersion): void {
    const answer = ({ error, written }: Outcome) => {
      if (version === '2.0') setWrittenHeaders(response, written);
      this.#answer(response, error);
    };
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = () => {
      this.#pendingBytes -= length;
      length = 0;
      chunks.length = 0;
    };
    request.on('data', (chunk: Buffer) => {
      if (response.writableEnded) return;
      length += chunk.length;
      this.#pendingBytes += chunk.length;
      if (length > MAX_COMPRESSED_BYTES) {
        settle();
        response.setHeader('Connection', 'close');
        answer({ error: tooLarge(), written: NOTHING_WRITTEN });
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => {
      if (response.writableEnded) return;
      const body =
        chunks.length === 1 ? this.#copy(chunks[0]!, 0) : chunks.reduce((at, chunk) => this.#copy(chunk, at), 0);
      settle();
      answer(this.#held === undefined ? this.#take(body, version) : this.#keep(body, version, this.#held));
    });
    request.on('close', settle);
    request.on('error', settle);
  }

  #copy(chunk: Buffer, at: number): number {
    this.#options.kernel.input.set(chunk, at);
    return at + chunk.length;
  }

  /** Keeps a body for later, if it is a valid one. */
  #keep(bodyLength: number, version: RemoteWriteVersion, held: HeldBody[]): Outcome {
    const decoded = this.#decode(bodyLength, version);
    if (decoded instanceof RequestError) return { error: decoded, written: NOTHING_WRITTEN };
    held.push({ version, body: Buffer.from(this.#options.kernel.input.subarray(0, bodyLength)) });
    this.#pendingBytes += bodyLength;
    this.stats.held++;
    return { error: undefined, written: writtenOf(this.#scanners[version].batch, []) };
  }

  /** Decodes and takes in a body, or as much of it as is right. */
  #take(bodyLength: number, version: RemoteWriteVersion): Outcome {
    const decoded = this.#decode(bodyLength, version);
    if (decoded instanceof RequestError) return { error: decoded, written: NOTHING_WRITTEN };
    const { batch } = this.#scanners[version];
    this.#countBatch(batch, bodyLength, decoded);
    if (!this.#isFromLeader(batch)) {
      this.stats.replicaSamples += batch.sampleCount + batch.histogramCount;
      return { error: undefined, written: writtenOf(batch, []) };
    }
    if (batch.metadata.length > 0) this.#options.onMetadata(this.#readMetadata(batch.metadata));
    const refused = this.#options.onBatch(batch);
    return { error: refusalOf(batch, refused), written: writtenOf(batch, refused) };
  }

  /** Decodes a body into the batch of its version's scanner. @returns its length decoded, or what is wrong with it */
  #decode(bodyLength: number, version: RemoteWriteVersion): number | RequestError {
    const decoded = this.#options.kernel.decode(bodyLength);
    if (decoded === 'too large') return tooLarge();
    if (typeof decoded === 'string') {
      return badRequest(
        `the body is not a valid snappy block (${decoded}); remote write uses the block format, not the framed one`,
      );
    }
    const fault = this.#scanners[version].scan(decoded);
    if (fault === undefined) return decoded;
    const message = version === '1.0' ? 'prometheus.WriteRequest' : 'io.prometheus.write.v2.Request';
    return badRequest(`the body is not a valid ${message}: ${fault}`);
  }

  #countBatch(batch: RawBatch, bodyLength: number, decodedLength: number): void {
    const { stats } = this;
    stats.bodyBytes += bodyLength;
    stats.decodedBytes += decodedLength;
    stats.exemplars += batch.exemplarCount;
    stats.histograms += batch.histogramCount;
    stats.metadata += batch.metadata.length / 2;
  }

  #readMetadata(places: readonly number[]): FamilyType[] {
    const types: FamilyType[] = [];
    for (let i = 0; i < places.length; i += 2) {
      const type = readMetadata(this.#options.kernel.output, places[i]!, places[i + 1]!);
      if (type !== undefined) types.push(type);
    }
    return types;
  }

  /** The first series speaks for all: a request comes from one server. */
  #isFromLeader(batch: RawBatch): boolean {
    if (batch.seriesCount === 0) return true;
    const read = readLabels(this.#options.kernel.output, batch.labelsStart[0]!, batch.labelsEnd[0]!, '');
    return 'reason' in read || this.#options.election.accepts(read.labels, this.#options.clock.now());
  }

  #checkLoad(request: IncomingMessage): RequestError | undefined {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > MAX_COMPRESSED_BYTES) return tooLarge();
    if (this.#pendingBytes + announced <= MAX_PENDING_BYTES) return undefined;
    return new RequestError(503, 'unavailable', 'too many requests at once, try again later');
  }

  #answer(response: ServerResponse, error: RequestError | undefined): void {
    const status = error?.status ?? 204;
    this.stats.answers.set(status, (this.stats.answers.get(status) ?? 0) + 1);
    if (error === undefined) {
      response.writeHead(204).end();
      return;
    }
    if (status === 405) response.setHeader('Allow', 'POST');
    if (status === 503) response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ status: 'error', errorType: error.errorType, error: error.message }));
  }
}

function refusalOf(batch: RawBatch, refused: readonly RefusedPart[]): RequestError | undefined {
  if (refused.length === 0) return undefined;
  const all = refused.reduce((sum, { samples, histograms }) => sum + samples + histograms, 0);
  const reasons = refused.map(({ samples, histograms, sentence }) => `${samples + histograms} because ${sentence}`);
  return badRequest(
    `rejected ${all} of ${batch.sampleCount + batch.histogramCount} samples, the others were taken: ${reasons.join('; ')}`,
  );
}

function writtenOf(batch: RawBatch, refused: readonly RefusedPart[]): Written {
  return {
    samples: batch.sampleCount - refused.reduce((sum, { samples }) => sum + samples, 0),
    histograms: batch.histogramCount - refused.reduce((sum, { histograms }) => sum + histograms, 0),
    exemplars: batch.exemplarCount,
  };
}

function badRequest(message: string): RequestError {
  return new RequestError(400, 'bad_data' satisfies ErrorType, message);
}

function tooLarge(): RequestError {
  return badRequest(
    `the body is too large: at most ${MAX_DECODED_BYTES / 1024 / 1024} MiB decoded; send fewer samples in a request (max_samples_per_send)`,
  );
}
