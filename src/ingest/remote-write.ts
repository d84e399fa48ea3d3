import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kernel } from '../kernel/kernel.ts';
import type { Clock } from '../model/clock.ts';
import { type ErrorType, RequestError } from '../model/errors.ts';
import type { FamilyType } from '../series/kinds.ts';
import { readLabels } from '../series/label-bytes.ts';
import { readMetadata } from './metadata.ts';
import type { RawBatch } from './raw-batch.ts';
import type { ReplicaElection } from './replica-election.ts';
import { WriteRequestScanner } from './write-request.ts';

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

export interface RemoteWriteOptions {
  /** Takes in a batch, which is valid during the call only. */
  readonly onBatch: (
    batch: RawBatch,
  ) => readonly { readonly reason: string; readonly sentence: string; readonly samples: number }[];
  /** Takes in what a request says of metric families. */
  readonly onMetadata: (types: readonly FamilyType[]) => void;
  /** Made with `RECEIVER_SIZES`; its output holds the label bytes of a batch during the call. */
  readonly kernel: Kernel;
  readonly election: ReplicaElection;
  readonly clock: Clock;
}

/**
 * `POST /api/v1/write`: remote write 1.0. It is called by the server before any framework, reads the body itself, and
 * does all work on it in one go: one buffer for the body, one for what is decoded, both reused for ever.
 *
 * Answers follow the specification, and what senders make of it: 4xx is never sent again, 503 is. A body that is too
 * large gets 400 and not 413, which vmagent would repeat for ever.
 */
export class RemoteWriteReceiver {
  readonly stats: ReceiverStats;
  readonly #options: RemoteWriteOptions;
  readonly #scanner: WriteRequestScanner;
  #pendingBytes = 0;
  /** Bodies that wait for `resume`, in their order; undefined when none has to wait. */
  #held: Buffer[] | undefined;

  constructor(options: RemoteWriteOptions) {
    this.#options = options;
    this.#scanner = new WriteRequestScanner(options.kernel.output);
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
    const body = this.#held?.shift();
    if (body === undefined) {
      this.#held = undefined;
      onDone();
      return;
    }
    this.#pendingBytes -= body.length;
    this.#take(this.#copy(body, 0));
    this.#options.clock.after(0, () => this.resume(onDone));
  }

  /** Answers one request. */
  receive(request: IncomingMessage, response: ServerResponse): void {
    const refusal = checkHeaders(request) ?? this.#checkLoad(request);
    if (refusal !== undefined) {
      // The body of a refused request is not read: the connection ends with the answer.
      response.setHeader('Connection', 'close');
      this.#answer(response, refusal);
      return;
    }
    this.#readBody(request, response);
  }

  #readBody(request: IncomingMessage, response: ServerResponse): void {
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
        this.#answer(response, tooLarge());
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => {
      if (response.writableEnded) return;
      const body =
        chunks.length === 1 ? this.#copy(chunks[0]!, 0) : chunks.reduce((at, chunk) => this.#copy(chunk, at), 0);
      settle();
      this.#answer(response, this.#held === undefined ? this.#take(body) : this.#keep(body, this.#held));
    });
    request.on('close', settle);
    request.on('error', settle);
  }

  #copy(chunk: Buffer, at: number): number {
    this.#options.kernel.input.set(chunk, at);
    return at + chunk.length;
  }

  /** Keeps a body for later, if it is a valid one. @returns what is wrong with it */
  #keep(bodyLength: number, held: Buffer[]): RequestError | undefined {
    const decoded = this.#decode(bodyLength);
    if (decoded instanceof RequestError) return decoded;
    held.push(Buffer.from(this.#options.kernel.input.subarray(0, bodyLength)));
    this.#pendingBytes += bodyLength;
    this.stats.held++;
    return undefined;
  }

  /** Decodes and takes in a body. @returns what is wrong with it, or with part of it */
  #take(bodyLength: number): RequestError | undefined {
    const decoded = this.#decode(bodyLength);
    if (decoded instanceof RequestError) return decoded;
    const batch = this.#scanner.batch;
    this.#countBatch(batch, bodyLength, decoded);
    if (!this.#isFromLeader(batch)) {
      this.stats.replicaSamples += batch.sampleCount + batch.histogramCount;
      return undefined;
    }
    if (batch.metadata.length > 0) this.#options.onMetadata(this.#readMetadata(batch.metadata));
    const refusals = this.#options.onBatch(batch);
    if (refusals.length === 0) return undefined;
    const refused = refusals.reduce((sum, { samples }) => sum + samples, 0);
    const reasons = refusals.map(({ samples, sentence }) => `${samples} because ${sentence}`).join('; ');
    return badRequest(
      `rejected ${refused} of ${batch.sampleCount + batch.histogramCount} samples, the others were taken: ${reasons}`,
    );
  }

  /** Decodes a body into the batch of the scanner. @returns its length decoded, or what is wrong with it */
  #decode(bodyLength: number): number | RequestError {
    const decoded = this.#options.kernel.decode(bodyLength);
    if (decoded === 'too large') return tooLarge();
    if (typeof decoded === 'string') {
      return badRequest(
        `the body is not a valid snappy block (${decoded}); remote write uses the block format, not the framed one`,
      );
    }
    const fault = this.#scanner.scan(decoded);
    return fault === undefined ? decoded : badRequest(`the body is not a valid prometheus.WriteRequest: ${fault}`);
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

/** What the headers alone tell: encoding, method, type, in this order, before any byte of the body is read. */
function checkHeaders(request: IncomingMessage): RequestError | undefined {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== 'snappy') {
    return unsupported(`the content encoding ${JSON.stringify(encoding)} is not supported, send snappy (block format)`);
  }
  if (request.method !== 'POST') return new RequestError(405, 'bad_data', 'remote write wants POST');
  const contentType = request.headers['content-type'];
  if (contentType === undefined) return undefined;
  const [mediaType, ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (mediaType !== 'application/x-protobuf') {
    return unsupported(`the content type ${JSON.stringify(contentType)} is not supported, send application/x-protobuf`);
  }
  const proto = parameters.find((parameter) => parameter.startsWith('proto='))?.slice('proto='.length);
  if (proto === undefined || proto === 'prometheus.writerequest') return undefined;
  return unsupported(
    `the message ${JSON.stringify(proto)} is not supported, send prometheus.WriteRequest (remote write 1.0)`,
  );
}

function badRequest(message: string): RequestError {
  return new RequestError(400, 'bad_data' satisfies ErrorType, message);
}

function unsupported(message: string): RequestError {
  return new RequestError(415, 'unsupported', message);
}

function tooLarge(): RequestError {
  return badRequest(
    `the body is too large: at most ${MAX_DECODED_BYTES / 1024 / 1024} MiB decoded; send fewer samples in a request (max_samples_per_send)`,
  );
}
