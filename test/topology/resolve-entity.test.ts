import { describe, expect, it } from 'vitest';
import { formatEntity } from '../../src/model/entity.ts';
import { createLabels } from '../../src/model/labels.ts';
import { identifyingLabels } from '../../src/topology/identifying-labels.ts';
import { LABEL_ALIASES } from '../../src/topology/label-aliases.ts';
import { resolveEntity } from '../../src/topology/resolve-entity.ts';

type LabelObject = Record<string, string>;
const ksm = {
  job: 'kube-state-metrics',
  container: 'kube-rbac-proxy-main',
  pod: 'kube-state-metrics-6d4-x7k2p',
  instance: '10.0.0.9:8443',
};
const nodeExporter = {
  job: 'node-exporter',
  namespace: 'monitoring',
  pod: 'node-exporter-x7k2p',
  container: 'node-exporter',
};

function resolve(labels: LabelObject, clusterLabel = 'cluster'): string | undefined {
  const entity = resolveEntity(createLabels(Object.entries(labels)), { clusterLabel });
  return entity && formatEntity(entity);
}

describe('what an alert is about', () => {
  it.each<[string, LabelObject, string | undefined]>([
    [
      'pod of a Deployment',
      { namespace: 'shop', pod: 'checkout-7d9f8b6c5d-x7k2p', container: 'app' },
      'workload:shop/checkout',
    ],
    ['pod of a StatefulSet', { namespace: 'db', pod: 'mysql-0' }, 'workload:db/mysql'],
    ['pod of a DaemonSet', { namespace: 'net', pod: 'proxy-x7k2p' }, 'workload:net/proxy'],
    ['pod of a CronJob', { namespace: 'ops', pod: 'backup-28392810-x7k2p' }, 'workload:ops/backup'],
    ['pod by itself', { namespace: 'ops', pod: 'toolbox' }, 'pod:ops/toolbox'],
    ['pod whose name ends in a word', { namespace: 'ops', pod: 'shop-admin' }, 'pod:ops/shop-admin'],
    [
      'sidecar container',
      { namespace: 'shop', pod: 'cart-7d9f8b6c5d-x7k2p', container: 'istio-proxy' },
      'workload:shop/cart',
    ],
    ['kube-state-metrics about a Deployment', { ...ksm, namespace: 'shop', deployment: 'cart' }, 'workload:shop/cart'],
    [
      'kube-state-metrics about a pod, labels honoured',
      { job: 'kube-state-metrics', namespace: 'shop', pod: 'cart-7d9f8b6c5d-x7k2p', container: 'cart' },
      'workload:shop/cart',
    ],
    [
      'kube-state-metrics about a pod, labels not honoured',
      { ...ksm, exported_namespace: 'shop', namespace: 'monitoring', exported_pod: 'cart-7d9f8b6c5d-x7k2p' },
      'workload:shop/cart',
    ],
    [
      'kube-state-metrics about a Job of a CronJob',
      { ...ksm, namespace: 'ops', job_name: 'backup-28392810' },
      'workload:ops/backup',
    ],
    ['kube-state-metrics about a quota', { ...ksm, namespace: 'shop', resourcequota: 'q' }, 'namespace:shop'],
    ['kube-state-metrics about a node', { ...ksm, namespace: 'monitoring', node: 'n1', condition: 'Ready' }, 'node:n1'],
    [
      'the same by the metric name alone',
      { __name__: 'kube_node_status_condition', instance: '10.0.0.9:8443', node: 'n1' },
      'node:n1',
    ],
    [
      'kubelet about a volume claim',
      {
        job: 'kubelet',
        service: 'kubelet',
        namespace: 'db',
        persistentvolumeclaim: 'data-0',
        instance: '10.0.0.1:10250',
      },
      'persistentvolumeclaim:db/data-0',
    ],
    ['kubelet about itself', { job: 'kubelet', instance: 'n1:10250' }, 'node:n1'],
    ['node_exporter', { ...nodeExporter, instance: 'n1:9100', device: 'sda' }, 'node:n1'],
    ['node_exporter on a plain host', { job: 'node', instance: 'web-1:9100' }, 'node:web-1'],
    [
      'an application that happens to run in a container called node',
      { container: 'node', instance: 'web-1:3000' },
      'instance:web-1:3000',
    ],
    [
      'database exporter',
      { job: 'mysqld-exporter', namespace: 'db', pod: 'mysqld-exporter-7d9f8b6c5d-x7k2p', instance: '10.0.0.5:9104' },
      'instance:10.0.0.5:9104',
    ],
    [
      'database exporter in the pod of the database',
      { job: 'redis-exporter', namespace: 'db', pod: 'redis-0', instance: '10.0.0.5:9121' },
      'workload:db/redis',
    ],
    [
      'blackbox probe',
      { job: 'blackbox', instance: 'https://shop.example.com/health', namespace: 'monitoring' },
      'instance:shop.example.com',
    ],
    [
      'mesh: the destination',
      {
        source_workload: 'front',
        destination_workload: 'cart',
        destination_workload_namespace: 'shop',
        namespace: 'istio',
      },
      'workload:shop/cart',
    ],
    ['mesh: host name of the destination', { destination_service: 'cart.shop.svc.cluster.local' }, 'service:shop/cart'],
    [
      'mesh: unknown destination',
      { destination_workload: 'unknown', destination_service_name: 'cart', destination_service_namespace: 'shop' },
      'service:shop/cart',
    ],
    ['SLO', { sloth_service: 'checkout', sloth_slo: 'requests' }, 'service:checkout'],
    ['service', { namespace: 'shop', service: 'cart' }, 'service:shop/cart'],
    ['instance before service', { service: 'cart', instance: 'a:80' }, 'instance:a:80'],
    ['namespace', { namespace: 'shop', severity: 'critical' }, 'namespace:shop'],
    [
      'a rule that aggregates everything away',
      { alertname: 'NginxHighHttp5xxErrorRate', severity: 'critical' },
      undefined,
    ],
    ['a job is no name of a thing', { job: 'api' }, undefined],
    ['labels named like properties of objects', JSON.parse('{"__proto__":"a","constructor":"b"}'), undefined],
  ])('%s', (_, labels, expected) => {
    expect(resolve(labels)).toBe(expected);
  });

  it.each(
    (['namespace', 'pod', 'node', 'workload', 'service', 'cluster'] as const).flatMap((canonical) =>
      LABEL_ALIASES[canonical].map((alias) => [alias, canonical] as const),
    ),
  )('%s is read as %s', (alias, canonical) => {
    const text = resolve(canonical === 'cluster' ? { [alias]: 'thing', node: 'x' } : { [alias]: 'thing' });
    expect(text).toContain('thing');
    expect(text).toContain(canonical === 'cluster' ? 'thing/node' : canonical);
  });

  it('namesakes in two clusters are two things', () => {
    expect(resolve({ cluster: 'a', node: 'n1' })).toBe('a/node:n1');
    expect(resolve({ region: 'b', node: 'n1' }, 'region')).toBe('b/node:n1');
  });
});

describe('labels that identify', () => {
  const pairs = (labels: LabelObject) => identifyingLabels(createLabels(Object.entries(labels)));

  it('carry their namespace and leave out what strangers share', () => {
    expect(
      pairs({
        alertname: 'A',
        severity: 'page',
        team: 'x',
        env: 'prod',
        namespace: 'shop',
        service: 'cart',
        job: 'api',
      }),
    ).toEqual(['service=shop/cart', 'job=shop/api']);
  });

  it('do not include those of an exporter', () => {
    expect(pairs({ ...ksm, namespace: 'shop', deployment: 'cart' })).toEqual(['workload=shop/cart']);
    expect(pairs({ ...nodeExporter, instance: 'n1:9100' })).toEqual(['instance=n1:9100']);
  });
});
