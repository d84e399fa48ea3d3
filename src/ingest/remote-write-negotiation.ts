import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestError } from '../model/errors.ts';

/** Versions of remote write: `prometheus.WriteRequest` and `io.prometheus.write.v2.Request`. */
export type RemoteWriteVersion = '1.0' | '2.0';

/** What was taken of a request. What is left out on purpose counts: to send it again would change nothing. */
export interface Written {
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
}

export const NOTHING_WRITTEN: Written = { samples: 0, histograms: 0, exemplars: 0 };

const MESSAGES: ReadonlyMap<string | undefined, RemoteWriteVersion> = new Map([
  [undefined, '1.0'],
  ['prometheus.writerequest', '1.0'],
  ['io.prometheus.write.v2.request', '2.0'],
]);

/**
 * What the headers alone tell: encoding, method, type, in this order, before any byte of the body is read. The content
 * type alone decides on the version: either message read as the other is an empty one, without an error.
 */
export function negotiate(request: IncomingMessage): RemoteWriteVersion | RequestError {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== 'snappy') {
    return unsupported(`the content encoding ${JSON.stringify(encoding)} is not supported, send snappy (block format)`);
  }
  if (request.method !== 'POST') return new RequestError(405, 'bad_data', 'remote write wants POST');
  const contentType = request.headers['content-type'];
  if (contentType === undefined) return '1.0';
  const [mediaType, ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (mediaType !== 'application/x-protobuf') {
    return unsupported(`the content type ${JSON.stringify(contentType)} is not supported, send application/x-protobuf`);
  }
  const message = parameters.find((parameter) => parameter.startsWith('proto='))?.slice('proto='.length);
  return (
    MESSAGES.get(message) ??
    unsupported(
      `the message ${JSON.stringify(message)} is not supported, send prometheus.WriteRequest or io.prometheus.write.v2.Request`,
    )
  );
}

/** Tells a sender of 2.0 what was taken. Senders of 1.0 are told nothing: some would take it for a failure. */
export function setWrittenHeaders(response: ServerResponse, { samples, histograms, exemplars }: Written): void {
  response.setHeader('X-Prometheus-Remote-Write-Samples-Written', samples);
  response.setHeader('X-Prometheus-Remote-Write-Histograms-Written', histograms);
  response.setHeader('X-Prometheus-Remote-Write-Exemplars-Written', exemplars);
}

function unsupported(message: string): RequestError {
  return new RequestError(415, 'unsupported', message);
}
