/**
 * A shop that is simulated: its metrics are a function of the time and of when its orders database failed. So it can tell
 * its past as well as its present, and nothing has to be remembered.
 */

/** A metric with its samples at one moment. */
export interface ShopFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const DAY = 86_400;
/** Between two samples of its past, which lie at whole multiples of it. */
export const STEP_SECONDS = 15;
const NAMESPACE = 'shop';
/** Caller, callee, and requests per second at noon. */
const CALLS: readonly (readonly [caller: string, callee: string, perSecond: number])[] = [
  ['ingress', 'web', 60],
  ['web', 'catalog', 90],
  ['web', 'cart', 40],
  ['web', 'checkout', 12],
  ['checkout', 'cart', 12],
  ['checkout', 'payments', 11],
  ['checkout', 'orders', 11],
  ['orders', 'mysql-orders', 45],
  ['catalog', 'mysql-catalog', 120],
];
/** What depends on the orders database, with the share of requests that fail while it is gone, and the seconds until then. */
const VICTIMS: ReadonlyMap<string, readonly [share: number, delay: number]> = new Map([
  ['mysql-orders', [0.95, 0]],
  ['orders', [0.9, 5]],
  ['checkout', [0.7, 15]],
  ['web', [0.12, 25]],
]);
const WORKLOADS = [...new Set(CALLS.flatMap(([caller, callee]) => [callee, caller]))];
/** The volume of the other database is nearly full when the shop is first looked at, and full in three hours. */
const VOLUME_BYTES = 50e9;
const FREE_SHARE = 0.08;
const FULL_AFTER_SECONDS = 3 * 3600;

/** A program that puts a whole statement into a label: 19 kB, more than Pronoia takes in. It refuses such series, and says so. */
const STATEMENT = `INSERT INTO orders (id, item) VALUES ${Array.from({ length: 1200 }, (_, i) => `(${100_000 + i}, ${1000 + i})`).join(', ')}`;

/** Times are seconds since the epoch. */
export interface Shop {
  /** When somebody began to look at it. */
  readonly openedAt: number;
  /** When its orders database failed. */
  failedAt: number | undefined;
}

/** The shop at a moment, past or present. @param at seconds since the epoch */
export function shopAt({ openedAt, failedAt }: Shop, at: number): ShopFamily[] {
  const isFailing = failedAt !== undefined && at >= failedAt;
  const database = { namespace: NAMESPACE, pod: 'mysql-orders-0', instance: 'mysql-orders-0:9104', job: 'mysql' };
  return [
    counter(
      'istio_requests_total',
      CALLS.flatMap((call) => requests(call, at, failedAt)),
    ),
    counter(
      'istio_request_duration_milliseconds_sum',
      CALLS.map((call) => duration(call, at, failedAt)),
    ),
    counter(
      'istio_request_duration_milliseconds_count',
      CALLS.map(([from, to, rate]) => ({ labels: edge(from, to), value: total(rate, at) })),
    ),
    gauge('mysql_up', [{ labels: database, value: isFailing ? 0 : 1 }]),
    gauge('mysql_global_status_threads_connected', [
      { labels: database, value: isFailing ? 0 : Math.round(40 + 15 * wave(at) + 4 * noise('threads', at)) },
    ]),
    gauge('orders_queue_length', [
      {
        labels: { namespace: NAMESPACE, pod: 'orders-5d4f6b7c88-q2x4z', instance: '10.0.3.7:8080', job: 'orders' },
        value: queue(at, failedAt),
      },
    ]),
    gauge(
      'orders_last_failed_statement_info',
      isFailing ? [{ labels: { namespace: NAMESPACE, job: 'orders', statement: STATEMENT }, value: 1 }] : [],
    ),
    gauge('reports_waiting', [
      {
        labels: { namespace: 'office', instance: '10.0.9.2:8080', job: 'reports' },
        value: Math.round(5 + 4 * noise('reports', at)),
      },
    ]),
    gauge(
      'kube_pod_info',
      WORKLOADS.map((name, i) => ({
        labels: {
          namespace: NAMESPACE,
          pod: podOf(name),
          node: `node-${(i % 3) + 1}`,
          created_by_kind: 'ReplicaSet',
          created_by_name: name,
          job: 'kube-state-metrics',
        },
        value: 1,
      })),
    ),
    gauge('kubelet_volume_stats_used_bytes', [{ labels: volume(), value: filled(at, openedAt) }]),
    gauge('kubelet_volume_stats_available_bytes', [{ labels: volume(), value: VOLUME_BYTES - filled(at, openedAt) }]),
    gauge('kubelet_volume_stats_capacity_bytes', [{ labels: volume(), value: VOLUME_BYTES }]),
  ];
}

function counter(name: string, samples: ShopFamily['samples']): ShopFamily {
  return { name, type: 'counter', samples };
}

function gauge(name: string, samples: ShopFamily['samples']): ShopFamily {
  return { name, type: 'gauge', samples };
}

function requests([from, to, rate]: (typeof CALLS)[number], at: number, failedAt: number | undefined) {
  const failed = failedRequests(to, rate, at, failedAt) + 0.001 * total(rate, at);
  const value = total(rate, at) - failed;
  return [
    { labels: { ...edge(from, to), response_code: '200' }, value: Math.round(value) },
    // Not whole: a request in a minute is a rate of zero or, the shorter the time, of very much.
    { labels: { ...edge(from, to), response_code: '503' }, value: Math.round(failed * 1000) / 1000 },
  ];
}

function duration([from, to, rate]: (typeof CALLS)[number], at: number, failedAt: number | undefined) {
  // A request that fails has waited for two seconds before.
  const value = 12 * total(rate, at) + 2000 * failedRequests(to, rate, at, failedAt);
  return { labels: edge(from, to), value: Math.round(value) };
}

function failedRequests(callee: string, rate: number, at: number, failedAt: number | undefined): number {
  const [share, delay] = VICTIMS.get(callee) ?? [0, 0];
  const since = failedAt === undefined ? 0 : Math.max(0, at - failedAt - delay);
  return share * rate * since;
}

function edge(from: string, to: string): Record<string, string> {
  return {
    reporter: 'destination',
    source_workload: from,
    source_workload_namespace: NAMESPACE,
    destination_workload: to,
    destination_workload_namespace: NAMESPACE,
    destination_service_name: to,
    job: 'istio',
  };
}

function podOf(workload: string): string {
  return workload.startsWith('mysql') ? `${workload}-0` : `${workload}-5d4f6b7c88-q2x4z`;
}

function queue(at: number, failedAt: number | undefined): number {
  const waiting = failedAt === undefined ? 0 : Math.max(0, at - failedAt - 5) * 0.8;
  return Math.max(0, Math.round(20 + 8 * wave(at) + 3 * noise('queue', at) + waiting));
}

function volume(): Record<string, string> {
  return { namespace: NAMESPACE, persistentvolumeclaim: 'data-mysql-catalog-0', node: 'node-1', job: 'kubelet' };
}

function filled(at: number, openedAt: number): number {
  const free = FREE_SHARE * (1 - (at - openedAt) / FULL_AFTER_SECONDS);
  return Math.round(VOLUME_BYTES * Math.min(1, 1 - free) + 1e6 * noise('volume', at));
}

/** What a counter with a daily wave has counted: the integral of its rate, and some noise that never lets it fall. */
function total(perSecond: number, at: number): number {
  const integral = at + ((0.4 * DAY) / (2 * Math.PI)) * (1 - Math.cos((2 * Math.PI * at) / DAY));
  return perSecond * (integral - 1.7e9 + 1.5 * drift(String(perSecond), at));
}

function wave(at: number): number {
  return Math.sin((2 * Math.PI * at) / DAY);
}

/** Noise of a counter: straight between moments of its past, so that live scrapes, which come more often, see rates no noisier. */
function drift(name: string, at: number): number {
  const before = Math.floor(at / STEP_SECONDS) * STEP_SECONDS;
  const share = (at - before) / STEP_SECONDS;
  return (1 - share) * noise(name, before) + share * noise(name, before + STEP_SECONDS);
}

/** Between -1 and 1, the same for the same moment. */
function noise(name: string, at: number): number {
  let hash = Math.floor(at);
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x9e3779b1);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 31 - 1;
}
