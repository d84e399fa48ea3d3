import { createHttpClient, type HttpClientOptions, type Outcome } from './http-client.ts';
import type { RemoteWriteTarget } from './remote-write-target.ts';

export type { Outcome };

interface RemoteWriteClientOptions extends Omit<HttpClientOptions, 'target' | 'timeoutMs'> {
  readonly target: RemoteWriteTarget;
}

/** Sends one body of remote write 1.0. Never rejects: everything that can go wrong is an outcome. */
export type RemoteWriteClient = (body: Uint8Array<ArrayBuffer>, stopped: AbortSignal) => Promise<Outcome>;

const HEADERS = {
  'Content-Encoding': 'snappy',
  'Content-Type': 'application/x-protobuf',
  'X-Prometheus-Remote-Write-Version': '0.1.0',
};

/** Makes the client of one target (remote write 1.0, https://prometheus.io/docs/specs/prw/remote_write_spec/). */
export function createRemoteWriteClient(options: RemoteWriteClientOptions): RemoteWriteClient {
  const { url, remoteTimeoutMs } = options.target;
  const client = createHttpClient({ ...options, timeoutMs: remoteTimeoutMs });
  return (body, stopped) => client({ url, method: 'POST', headers: HEADERS, body }, stopped);
}
