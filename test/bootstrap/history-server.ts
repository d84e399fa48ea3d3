import snappy from 'snappy';
import { encodeReadResponse, metricOfReadRequest, type StoredSeries } from './read-response.ts';

/** A Prometheus that is asked for history; what it has and how it fails can be changed at any time. */
export class HistoryServer {
  series: readonly StoredSeries[];
  /** Whether there is remote read, or 404. */
  hasRemoteRead = true;
  /** Encoding of its chunks. */
  encoding = 1;
  /** Answers to the next requests instead of the right ones; an error is a connection that fails. */
  readonly failures: (Response | Error)[] = [];
  /** A remote read of this many frames breaks off, once. */
  breaksAfter: number | undefined;
  types: Readonly<Record<string, string>> = {};
  readonly requests: { readonly path: string; readonly headers: Headers }[] = [];

  constructor(series: readonly StoredSeries[]) {
    this.series = series;
  }

  /** Paths that were asked for. */
  paths(): string[] {
    return this.requests.map(({ path }) => path);
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    this.requests.push({ path: url.pathname, headers: new Headers(init?.headers) });
    const failure = this.failures.shift();
    if (failure instanceof Error) throw failure;
    return failure ?? this.#answer(url, init?.body);
  };

  #answer(url: URL, body: unknown): Response {
    switch (url.pathname) {
      case '/api/v1/metadata':
        return json(Object.fromEntries(Object.entries(this.types).map(([name, type]) => [name, [{ type }]])));
      case '/api/v1/label/__name__/values':
        return json([...new Set(this.series.map(({ labels }) => labels.__name__))]);
      case '/api/v1/series':
        return json(this.#selected((body as URLSearchParams).get('match[]')!).map(({ labels }) => labels));
      case '/api/v1/query':
        return json({ result: this.#matrix(body as URLSearchParams) });
      case '/api/v1/read':
        return this.hasRemoteRead
          ? this.#read(body as Uint8Array)
          : new Response('404 page not found', { status: 404 });
      default:
        return new Response('not found', { status: 404 });
    }
  }

  #read(body: Uint8Array): Response {
    const metric = metricOfReadRequest(snappy.uncompressSync(Buffer.from(body)) as Buffer);
    const frames = encodeReadResponse(
      this.series.filter(({ labels }) => labels.__name__ === metric),
      this.encoding,
    );
    const breaksAfter = this.breaksAfter;
    this.breaksAfter = undefined;
    const stream = new ReadableStream({
      start(controller) {
        for (const frame of frames.slice(0, breaksAfter)) controller.enqueue(frame);
        if (breaksAfter === undefined) controller.close();
        else controller.error(new TypeError('terminated'));
      },
    });
    const type = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';
    return new Response(stream, { headers: { 'content-type': type } });
  }

  /** Of a range selector: both ends belong to it, as in Prometheus before 3.0. */
  #matrix(query: URLSearchParams) {
    const [, selector, range] = /^(.*)\[(\d+)ms\]$/.exec(query.get('query')!)!;
    const end = Number(query.get('time')) * 1000;
    const isInside = ([time]: readonly [number, number]) => time <= end && time >= end - Number(range);
    return this.#selected(selector!).map(({ labels, samples }) => ({
      metric: labels,
      values: samples.filter(isInside).map(([time, value]) => [time / 1000, String(value)]),
    }));
  }

  #selected(selector: string): StoredSeries[] {
    const wanted = [...selector.matchAll(/(\w+)="([^"]*)"/g)];
    return this.series.filter(({ labels }) => wanted.every(([, name, value]) => labels[name!] === value));
  }
}

function json(data: unknown): Response {
  return new Response(JSON.stringify({ status: 'success', data }), { headers: { 'content-type': 'application/json' } });
}
