import { describe, expect, it } from 'vitest';
import { formatEntity } from '../../src/model/entity.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { HOUR, Learning, MINUTE, START, workload } from './learning.ts';

const CALL =
  'istio_requests_total{reporter="destination",source_workload="web",source_workload_namespace="shop",destination_workload="cart",destination_workload_namespace="shop"}';
/** Another edge, whose traffic keeps the source alive. */
const OTHER = CALL.replaceAll('cart', 'other');
const pod = (name: string, more = '') =>
  `kube_pod_info{namespace="shop",pod="${name}",uid="${name}${more}",node="n1",pod_ip="10.0.0.5",created_by_kind="StatefulSet",created_by_name="${name.replace(/-\d+$/, '')}"}`;

const edge = (learning: Learning) =>
  learning.topology.needs(workload('shop/web')).find(({ entity }) => entity.name === 'cart');

describe('edges of traffic', () => {
  it('say who needs whom, how sure that is, and how many requests there are', () => {
    const learning = new Learning().see(CALL, 100);
    learning.now += MINUTE;
    learning.see(CALL, 700).settle();
    expect(learning.topology.needs(workload('shop/web'))).toEqual([
      { entity: workload('shop/cart'), kind: 'calls', confidence: 0.95, source: 'istio', rate: 10 },
    ]);
    expect(learning.topology.neededBy(workload('shop/cart')).map(({ entity }) => entity)).toEqual([
      workload('shop/web'),
    ]);
    expect(learning.topology.neededBy(workload('shop/web'))).toEqual([]);
  });

  it('count a reset as a start from 0, and both reporters once', () => {
    const learning = new Learning();
    for (const reporter of ['source', 'destination']) {
      const series = CALL.replace('destination', reporter);
      learning.now = START;
      learning.see(series, 1000);
      learning.now += MINUTE;
      learning.see(series, 300);
    }
    learning.settle();
    expect(edge(learning)).toMatchObject({ rate: 5, confidence: 0.98 });
  });

  it('lose half of their confidence in an hour of silence, and go', () => {
    const learning = new Learning().see([CALL, OTHER]);
    learning.pass(HOUR, OTHER);
    expect(edge(learning)?.confidence).toBeCloseTo(0.475, 2);
    learning.pass(4 * HOUR, OTHER);
    expect(edge(learning)).toBeUndefined();
    expect(learning.topology.claims.size).toBe(1);
  });

  it('stay as they are while their whole source is silent', () => {
    const learning = new Learning().see([CALL, OTHER]).pass(12 * HOUR);
    expect(edge(learning)?.confidence).toBeCloseTo(0.95, 5);
  });

  it('of a nightly batch are still known on the next day', () => {
    const learning = new Learning();
    for (let night = 0; night < 3; night++) {
      learning.pass(MINUTE, CALL, OTHER).pass(24 * HOUR - MINUTE, OTHER);
    }
    expect(edge(learning)?.confidence).toBeCloseTo(0.5, 5);
    learning.pass(15 * 24 * HOUR, OTHER);
    expect(edge(learning)).toBeUndefined();
  }, 30_000);

  it('that several sources see are the surer', () => {
    const learning = new Learning().see([CALL, 'traces_service_graph_request_total{client="web",server="cart"}']);
    learning
      .see([
        'kube_deployment_spec_replicas{namespace="shop",deployment="cart"}',
        'kube_deployment_spec_replicas{namespace="shop",deployment="web"}',
      ])
      .settle();
    expect(edge(learning)).toMatchObject({ source: 'istio, service-graph' });
    expect(edge(learning)?.confidence).toBeCloseTo(1 - 0.05 * 0.05, 6);
  });

  it('count only from the next advance on, with a new version', () => {
    const learning = new Learning().settle();
    const { version } = learning.topology;
    expect(edge(learning)).toBeUndefined();
    learning.see(CALL);
    expect([learning.topology.version, edge(learning)]).toEqual([version, undefined]);
    expect(learning.settle().topology.version).toBeGreaterThan(version);
    expect(edge(learning)).toBeDefined();
  });
});

describe('inventory', () => {
  it('ends with the stale marker of its series while others of its source go on', () => {
    const learning = new Learning().see([pod('a-0'), pod('b-0')]).pass(MINUTE, pod('a-0'), pod('b-0'));
    const endedAt = learning.now;
    learning.end(pod('a-0')).pass(2 * MINUTE, pod('b-0'));
    const at = (time: number) =>
      learning.topology.podsOn({ cluster: '', kind: 'node', namespace: '', name: 'n1' }, time).map((each) => each.pod);
    expect(at(endedAt - 1).sort()).toEqual(['a-0', 'b-0']);
    expect(at(endedAt)).toEqual(['b-0']);
  });

  it('ends after five minutes without samples', () => {
    const learning = new Learning().see([pod('a-0'), pod('b-0')]);
    learning.pass(4 * MINUTE, pod('b-0'));
    expect(learning.topology.podsOf(workload('shop/a'), learning.now)).toEqual([{ pod: 'a-0', node: 'n1' }]);
    learning.pass(3 * MINUTE, pod('b-0'));
    expect(learning.topology.podsOf(workload('shop/a'), learning.now)).toEqual([]);
  });

  it('outlives its exporter, with stale markers or without', () => {
    const series = [pod('a-0'), pod('b-0')];
    const silenced = () => {
      const learning = new Learning().see(series);
      learning.now += 15_000;
      return learning.end(series).pass(HOUR);
    };
    for (const learning of [new Learning().see(series).pass(HOUR), silenced()]) {
      expect(learning.topology.podsOf(workload('shop/a'), learning.now)).toHaveLength(1);
      // Back under another address of its own.
      const moved = series.map((text) => text.replace('{', '{instance="10.1.1.1:8080",'));
      learning.pass(10 * MINUTE, ...moved);
      expect(learning.topology.podsOf(workload('shop/a'), START + HOUR / 2)).toHaveLength(1);
      expect(learning.topology.podsOf(workload('shop/a'), learning.now)).toHaveLength(1);
    }
  });

  it('of one kubelet does not end because another kubelet goes on', () => {
    const onNode = (node: string) =>
      `container_memory_working_set_bytes{instance="${node}:10250",node="${node}",namespace="shop",pod="p-${node}",container=""}`;
    const learning = new Learning().see([onNode('n1'), onNode('n2')]).pass(20 * MINUTE, onNode('n2'));
    const node = { cluster: '', kind: 'node', namespace: '', name: 'n1' } as const;
    expect(learning.topology.podsOn(node, learning.now)).toHaveLength(1);
  });
});

describe('a source that stays silent', () => {
  const cadvisor =
    'container_memory_working_set_bytes{instance="n1:10250",node="n1",namespace="shop",pod="a-0",container=""}';

  it('is given up after a day', () => {
    const learning = new Learning().see([CALL, pod('a-0')]).pass(23 * HOUR);
    expect([learning.edges.length, learning.topology.pods.size]).toEqual([1, 1]);
    learning.pass(2 * HOUR);
    expect([learning.edges.length, learning.topology.pods.size, learning.topology.claims.size]).toEqual([0, 0, 0]);
  });

  it('keeps no pod alive of which another one says that it has ended', () => {
    const learning = new Learning()
      .see([cadvisor, pod('a-0'), pod('b-0')])
      .pass(10 * MINUTE, cadvisor, pod('a-0'), pod('b-0'));
    learning.pass(MINUTE, pod('a-0'), pod('b-0'));
    const diedAt = learning.now;
    learning.end(pod('a-0')).pass(5 * MINUTE, pod('b-0'));
    expect(learning.topology.podsOf(workload('shop/a'), diedAt - 1)).toHaveLength(1);
    expect(learning.topology.podsOf(workload('shop/a'), diedAt)).toEqual([]);
  });
});

describe('a pod of which two sources speak', () => {
  it('lives for as long as one of them goes on to say so', () => {
    const target = 'up{namespace="shop",pod="a-0",instance="10.0.0.5:80"}';
    const learning = new Learning().see([target, pod('a-0'), pod('b-0')]).pass(MINUTE, target, pod('a-0'), pod('b-0'));
    learning.end(pod('a-0')).pass(5 * MINUTE, target, pod('b-0'));
    expect(learning.topology.podsOf(workload('shop/a'), learning.now)).toHaveLength(1);
    learning.end(target).pass(5 * MINUTE, pod('b-0'), target.replaceAll('a-0', 'b-0'));
    expect(learning.topology.podsOf(workload('shop/a'), learning.now)).toEqual([]);
  });
});

describe('an address', () => {
  const owned = (name: string) =>
    `kube_pod_info{namespace="shop",pod="${name}-0",uid="${name}",node="n1",pod_ip="10.0.0.5",created_by_kind="StatefulSet",created_by_name="${name}"}`;
  const about = (learning: Learning, at: number) => learning.subject({ instance: '10.0.0.5:8080' }, at);

  it('is that of the pod that had it at the time', () => {
    const rest = owned('rest').replace('10.0.0.5', '10.0.0.9');
    const learning = new Learning().see([owned('old'), rest]).pass(10 * MINUTE, owned('old'), rest);
    learning.end(owned('old')).pass(10 * MINUTE, rest);
    expect(about(learning, learning.now)).toBe('workload:shop/old');
    learning.see(owned('new')).pass(10 * MINUTE, owned('new'), rest);
    expect(about(learning, learning.now)).toBe('workload:shop/new');
    expect(about(learning, START + 5 * MINUTE)).toBe('workload:shop/old');
  });

  it('lies an hour after its pod has gone', () => {
    const rest = owned('rest').replace('10.0.0.5', '10.0.0.9');
    const learning = new Learning()
      .see([owned('old'), rest])
      .end(owned('old'))
      .pass(90 * MINUTE, rest);
    expect(about(learning, learning.now)).toBe('instance:10.0.0.5:8080');
  });

  it('of a node says nothing about the pods on its network', () => {
    const agent = owned('agent').replace('}', ',host_network="true"}');
    const learning = new Learning().see([agent, 'kube_node_info{node="n1",internal_ip="10.0.0.5"}']);
    expect(about(learning, learning.now)).toBe('node:n1');
  });

  it('moves its edges to its new owner only with new traffic', () => {
    const call =
      'container_net_tcp_successful_connects_total{instance="n1",container_id="/k8s/shop/web-0/web",actual_destination="10.0.0.5:80"}';
    const other = call.replace('10.0.0.5', '10.0.0.9');
    const rest = owned('rest').replace('10.0.0.5', '10.0.0.9');
    const web = owned('web').replace('10.0.0.5', '10.0.0.8');
    const learning = new Learning()
      .see([owned('old'), web, rest])
      .pass(10 * MINUTE, owned('old'), web, rest, call, other);
    learning.end(owned('old')).pass(10 * MINUTE, web, rest, owned('new'), other);
    expect(learning.edges).toContain('workload:shop/web calls workload:shop/old');
    learning.pass(10 * MINUTE, web, rest, owned('new'), call, other);
    expect(learning.edges).toEqual([
      'workload:shop/web calls workload:shop/new',
      'workload:shop/web calls workload:shop/rest',
    ]);
  });
});

describe('names', () => {
  it('of two clusters are two things', () => {
    const inCluster = (cluster: string) =>
      [CALL, pod('a-0')].map((text) => text.replace('{', `{cluster="${cluster}",`));
    const learning = new Learning().see([...inCluster('a'), ...inCluster('b')]).settle();
    expect(learning.edges).toEqual([
      'a/workload:shop/web calls a/workload:shop/cart',
      'b/workload:shop/web calls b/workload:shop/cart',
    ]);
    expect(learning.subject({ cluster: 'b', instance: '10.0.0.5:80' })).toBe('b/workload:shop/a');
    expect(learning.topology.podsOf(workload('shop/a', 'a'), learning.now)).toHaveLength(1);
  });

  it('of a service and a Deployment with the same pods are one thing', () => {
    const target = (name: string, service: string) =>
      `up{namespace="shop",service="${service}",pod="${name}-0",instance="10.0.0.5:80"}`;
    const learning = new Learning().see([pod('cart-0'), target('cart', 'cart'), target('cart', 'cart-http')]).settle();
    expect(learning.subject({ namespace: 'shop', service: 'cart-http' })).toBe('workload:shop/cart');
    expect(learning.subject({ service: 'cart-http' })).toBe('workload:shop/cart');
  });

  it('of a service with several workloads behind it lead to all of them', () => {
    const canary = ['cart-0', 'cart2-0'].flatMap((name) => [
      pod(name),
      `up{namespace="shop",service="cart",pod="${name}",instance="${name}"}`,
    ]);
    const learning = new Learning()
      .see([
        ...canary,
        'traces_service_graph_request_total{client="web",server="cart",server_k8s_namespace_name="shop"}',
      ])
      .settle();
    expect(learning.edges).toEqual([
      'service:shop/cart routes-to workload:shop/cart',
      'service:shop/cart routes-to workload:shop/cart2',
      'service:web calls service:shop/cart',
    ]);
  });

  it('such as __proto__ are names like others', () => {
    const name = '__proto__';
    const learning = new Learning().see([
      `kube_pod_info{namespace="${name}",pod="${name}",__proto__="x",node="${name}",pod_ip="10.0.0.1",created_by_kind="Node",created_by_name="constructor"}`,
      `traces_service_graph_request_total{client="${name}",server="constructor"}`,
    ]);
    expect(learning.settle().edges).toHaveLength(1);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(learning.subject(JSON.parse('{"__proto__":"a","pod":"__proto__","namespace":"__proto__"}'))).toContain(
      '__proto__',
    );
  });
});

describe('what would go on without end', () => {
  it('claims are limited, and refused ones counted', () => {
    const learning = new Learning(10);
    for (let i = 0; i < 100; i++) learning.see(`traces_service_graph_request_total{client="a${i}",server="b"}`);
    learning.pass(10 * MINUTE, 'traces_service_graph_request_total{client="a99",server="b"}');
    expect(learning.topology.claims.size).toBe(10);
    expect(learning.topology.claims.refusedTotal).toBe(90);
    expect(learning.tap.size).toBe(10);
    expect(learning.edges).toHaveLength(10);
  });

  it('aliases in a circle end', () => {
    const topology = new LearntTopology({ clusterLabel: 'cluster' });
    const [a, b] = [workload('shop/a'), workload('shop/b')];
    topology.observe({ kind: 'alias', entity: a, target: b }, START);
    topology.observe({ kind: 'alias', entity: b, target: a }, START);
    expect(formatEntity(topology.lifting.lift(a, START)!.entity)).toMatch(/^workload:shop\/[ab]$/);
  });
});
