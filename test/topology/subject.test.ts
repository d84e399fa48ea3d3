import { describe, expect, it } from 'vitest';
import { formatEntity } from '../../src/model/entity.ts';
import { createLabels } from '../../src/model/labels.ts';
import { identifyingLabels } from '../../src/topology/identifying-labels.ts';
import { LABEL_ALIASES } from '../../src/topology/label-aliases.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { Learning, START } from './learning.ts';

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
  const { entity } = new LearntTopology({ clusterLabel }).subjectOf(createLabels(Object.entries(labels)), 0);
  return entity && formatEntity(entity);
}

describe('what an alert is about, when only its labels are known', () => {
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
      'host:shop.example.com',
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
    ['service before an address that nobody is known to have', { service: 'cart', instance: 'a:80' }, 'service:cart'],
    ['address of something unknown', { instance: 'a:80' }, 'instance:a:80'],
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

/** A small shop: ingress, web, cart (also as a service), mysql with an exporter in its pod, a batch job, kafka, two nodes. */
const SHOP = [
  ...[
    ['web-66bd9c7f5-abcde', 'web-66bd9c7f5', 'ReplicaSet', '10.0.0.6', 'n1'],
    ['cart-7d9f8b6c5d-x7k2p', 'cart-7d9f8b6c5d', 'ReplicaSet', '10.0.0.5', 'n2'],
    ['mysql-0', 'mysql', 'StatefulSet', '10.0.0.7', 'n2'],
    ['backup-28392810-x7k2p', 'backup-28392810', 'Job', '10.0.0.8', 'n1'],
    ['kafka-0', 'kafka', 'StatefulSet', '10.0.0.9', 'n1'],
    ['node-exporter-x7k2p', 'node-exporter', 'DaemonSet', '192.168.0.1', 'n1'],
  ].map(
    ([pod, owner, kind, ip, node]) =>
      `kube_pod_info{namespace="shop",pod="${pod}",uid="${pod}",pod_ip="${ip}",node="${node}",created_by_kind="${kind}",created_by_name="${owner}",host_network="${kind === 'DaemonSet'}"}`,
  ),
  'kube_replicaset_owner{namespace="shop",replicaset="web-66bd9c7f5",owner_kind="Deployment",owner_name="web"}',
  'kube_replicaset_owner{namespace="shop",replicaset="cart-7d9f8b6c5d",owner_kind="Deployment",owner_name="cart"}',
  'kube_job_owner{namespace="shop",job_name="backup-28392810",owner_kind="CronJob",owner_name="backup"}',
  'kube_deployment_spec_replicas{namespace="shop",deployment="web"}',
  'kube_deployment_spec_replicas{namespace="shop",deployment="cart"}',
  'kube_horizontalpodautoscaler_info{namespace="shop",horizontalpodautoscaler="cart-scaler",scaletargetref_kind="Deployment",scaletargetref_name="cart"}',
  'kube_pod_spec_volumes_persistentvolumeclaims_info{namespace="shop",pod="mysql-0",persistentvolumeclaim="data-mysql-0"}',
  'kube_ingress_path{namespace="shop",ingress="front",host="shop.example.com",path="/",service_name="web-http"}',
  'up{namespace="shop",pod="web-66bd9c7f5-abcde",service="web-http",instance="10.0.0.6:8080"}',
  'kube_node_info{node="n1",internal_ip="192.168.0.1"}',
  'kube_node_info{node="n2",internal_ip="192.168.0.2"}',
  'node_uname_info{instance="192.168.0.1:9100",nodename="n1"}',
];
const SHOP_KSM = { ...ksm, namespace: 'shop' };

describe('the shapes of alerts that people have', () => {
  const learning = new Learning().see(SHOP).settle();

  it.each<[string, LabelObject, string | undefined]>([
    [
      'KubePodCrashLooping',
      { ...SHOP_KSM, pod: 'cart-7d9f8b6c5d-x7k2p', container: 'cart', uid: 'u', reason: 'CrashLoopBackOff' },
      'workload:shop/cart',
    ],
    [
      'CPUThrottlingHigh of a sidecar',
      { namespace: 'shop', pod: 'cart-7d9f8b6c5d-x7k2p', container: 'istio-proxy' },
      'workload:shop/cart',
    ],
    [
      'KubeContainerWaiting',
      { ...SHOP_KSM, pod: 'mysql-0', container: 'mysql', reason: 'ImagePullBackOff' },
      'workload:shop/mysql',
    ],
    ['KubeDeploymentReplicasMismatch', { ...SHOP_KSM, deployment: 'cart' }, 'workload:shop/cart'],
    ['KubeStatefulSetReplicasMismatch', { ...SHOP_KSM, statefulset: 'mysql' }, 'workload:shop/mysql'],
    ['KubeDaemonSetRolloutStuck', { ...SHOP_KSM, daemonset: 'node-exporter' }, 'workload:shop/node-exporter'],
    ['KubeJobFailed', { ...SHOP_KSM, job_name: 'backup-28392810' }, 'workload:shop/backup'],
    ['KubeHpaMaxedOut', { ...SHOP_KSM, horizontalpodautoscaler: 'cart-scaler' }, 'workload:shop/cart'],
    [
      'KubePersistentVolumeFillingUp',
      {
        job: 'kubelet',
        service: 'kubelet',
        namespace: 'shop',
        node: 'n2',
        persistentvolumeclaim: 'data-mysql-0',
        instance: '192.168.0.2:10250',
      },
      'workload:shop/mysql',
    ],
    ['KubeQuotaAlmostFull', { ...SHOP_KSM, resourcequota: 'q', resource: 'cpu' }, 'namespace:shop'],
    [
      'KubeNodeNotReady',
      { ...ksm, namespace: 'monitoring', node: 'n1', condition: 'Ready', status: 'true' },
      'node:n1',
    ],
    [
      'KubeNodeUnreachable',
      { ...ksm, node: 'n1', key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
      'node:n1',
    ],
    ['KubeletTooManyPods', { job: 'kubelet', node: 'n2', instance: '192.168.0.2:10250' }, 'node:n2'],
    [
      'KubeletPodStartUpLatencyHigh',
      { job: 'kubelet', instance: '192.168.0.2:10250', service: 'kubelet', namespace: 'kube-system' },
      'node:n2',
    ],
    ['KubeletDown', { alertname: 'KubeletDown' }, 'cluster:cluster'],
    ['KubeAPIErrorBudgetBurn', { alertname: 'KubeAPIErrorBudgetBurn', long: '1h', short: '5m' }, 'cluster:cluster'],
    ['KubeAPIDown of a named cluster', { alertname: 'KubeAPIDown', cluster: 'eu' }, 'eu/cluster:eu'],
    [
      'NodeFilesystemSpaceFillingUp',
      { ...nodeExporter, instance: '192.168.0.1:9100', device: 'sda', mountpoint: '/' },
      'node:n1',
    ],
    [
      'NodeClockSkewDetected, by another address of the node',
      { ...nodeExporter, instance: '192.168.0.2:9100' },
      'node:n2',
    ],
    [
      'TargetDown',
      { alertname: 'TargetDown', job: 'web', namespace: 'shop', service: 'web-http' },
      'workload:shop/web',
    ],
    [
      'TargetDown of an exporter',
      { alertname: 'TargetDown', job: 'kube-state-metrics', namespace: 'monitoring', service: 'kube-state-metrics' },
      'service:monitoring/kube-state-metrics',
    ],
    ['PrometheusTargetMissing', { job: 'cart', instance: '10.0.0.5:8080' }, 'workload:shop/cart'],
    [
      'MySQLDown, by pod',
      {
        job: 'mysqld-exporter',
        service: 'mysqld-exporter',
        namespace: 'shop',
        pod: 'mysql-0',
        instance: '10.0.0.7:9104',
      },
      'workload:shop/mysql',
    ],
    ['MysqlDown, by address', { job: 'mysqld-exporter', instance: '10.0.0.7:9104' }, 'workload:shop/mysql'],
    ['RedisDown on a host', { job: 'redis', instance: 'cache1.lan:9121' }, 'instance:cache1.lan:9121'],
    [
      'BlackboxProbeFailed',
      { job: 'blackbox', namespace: 'monitoring', instance: 'https://shop.example.com/health' },
      'workload:shop/web',
    ],
    [
      'BlackboxProbeFailed of a service',
      { job: 'blackbox', instance: 'http://cart.shop.svc.cluster.local:8080/' },
      'workload:shop/cart',
    ],
    [
      'BlackboxProbeFailed of a stranger',
      { job: 'blackbox', instance: 'https://status.example.org' },
      'host:status.example.org',
    ],
    [
      'IstioHigh5xxErrorRate',
      {
        reporter: 'destination',
        source_workload: 'web',
        destination_workload: 'cart',
        destination_workload_namespace: 'shop',
      },
      'workload:shop/cart',
    ],
    [
      'IstioHighRequestLatency',
      { source_canonical_service: 'web', destination_canonical_service: 'cart', destination_service_namespace: 'shop' },
      'workload:shop/cart',
    ],
    [
      'SLO burn of sloth',
      {
        sloth_service: 'cart',
        sloth_slo: 'requests',
        sloth_id: 'cart-requests',
        sloth_severity: 'page',
        severity: 'critical',
        namespace: 'monitoring',
      },
      'workload:shop/cart',
    ],
    [
      'KafkaConsumerLag',
      {
        job: 'kafka-exporter',
        namespace: 'shop',
        instance: '10.0.0.9:9308',
        pod: 'kafka-0',
        consumergroup: 'cart',
        topic: 'orders',
      },
      'workload:shop/cart',
    ],
    [
      'KafkaConsumerLag of a group that is nobody here',
      { job: 'kafka-exporter', instance: '10.0.0.9:9308', consumergroup: 'audit', topic: 'orders' },
      'consumergroup:audit',
    ],
    [
      'KafkaTopicsReplicas',
      { job: 'kafka-exporter', instance: '10.0.0.9:9308', topic: 'orders', partition: '3' },
      'topic:orders',
    ],
    [
      'PrometheusRuleFailures',
      { namespace: 'monitoring', pod: 'prometheus-k8s-0', rule_group: 'x' },
      'workload:monitoring/prometheus-k8s',
    ],
    [
      'IngressHighErrorRate',
      {
        ingress: 'front',
        exported_namespace: 'shop',
        namespace: 'ingress',
        exported_service: 'web-http',
        service: 'metrics',
      },
      'workload:shop/web',
    ],
    ['RDS', { job: 'cloudwatch', instance: '10.0.0.99:9106', dbinstance_identifier: 'orders' }, 'database:orders'],
    ['a label set that lost its pod', { namespace: 'shop', container: 'cart' }, 'workload:shop/cart'],
    ['a pod whose namespace was lost', { pod: 'mysql-0' }, 'workload:shop/mysql'],
    [
      'NginxHighHttp5xxErrorRate',
      { alertname: 'NginxHighHttp5xxErrorRate', severity: 'critical', cluster: 'eu' },
      undefined,
    ],
    ['Watchdog', { alertname: 'Watchdog', severity: 'none' }, undefined],
    ['HostHighCpu of the exporter pod', { ...nodeExporter, instance: 'n1' }, 'node:n1'],
  ])('%s', (_, labels, expected) => {
    expect(learning.subject(labels)).toBe(expected);
  });

  it('say where the subject runs, who calls and who is called', () => {
    const about = (labels: LabelObject) => learning.topology.subjectOf(createLabels(Object.entries(labels)), START);
    expect(about({ namespace: 'shop', pod: 'mysql-0' })).toMatchObject({ pod: 'mysql-0', node: 'n2' });
    expect(about({ instance: '10.0.0.6:8080' })).toMatchObject({ pod: 'web-66bd9c7f5-abcde', node: 'n1' });
    const istio = {
      source_workload: 'web',
      source_workload_namespace: 'shop',
      destination_workload: 'cart',
      destination_workload_namespace: 'shop',
    };
    expect(about(istio).caller).toEqual({ cluster: '', kind: 'workload', namespace: 'shop', name: 'web' });
    const envoy = {
      namespace: 'shop',
      pod: 'web-66bd9c7f5-abcde',
      envoy_cluster_name: 'outbound|80||cart.shop.svc.cluster.local',
    };
    expect(about(envoy)).toMatchObject({ entity: { name: 'web' }, callee: { kind: 'workload', name: 'cart' } });
  });

  it('are less sure where several things fit, or none is known', () => {
    const twice = new Learning().see([
      ...SHOP,
      'kube_pod_info{namespace="other",pod="mysql-0",uid="o",created_by_kind="StatefulSet",created_by_name="mysql"}',
    ]);
    const sure = (labels: LabelObject) =>
      twice.topology.subjectOf(createLabels(Object.entries(labels)), START).confidence;
    expect(sure({ pod: 'mysql-0', namespace: 'shop' })).toBeGreaterThan(0.9);
    expect(sure({ pod: 'mysql-0' })).toBeLessThan(0.5);
    expect(sure({ namespace: 'shop', service: 'nobody' })).toBe(0.5);
    expect(sure({ namespace: 'shop', resourcequota: 'q' })).toBeLessThan(0.5);
    expect(sure({ instance: 'https://cart.example.net/' })).toBeLessThan(0.35);
  });
});
