import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTopologyRoutes } from '../../src/topology/api.ts';
import { TopologyReport } from '../../src/topology/report.ts';
import { serveRoutes } from '../emit/served-routes.ts';
import { Learning } from './learning.ts';

const CALL =
  'istio_requests_total{reporter="destination",source_workload="web",source_workload_namespace="shop",destination_workload="cart",destination_workload_namespace="shop"}';
const learning = new Learning().see([
  CALL,
  'kube_pod_info{namespace="shop",pod="cart-0",uid="c",node="n1",pod_ip="10.0.0.5",created_by_kind="StatefulSet",created_by_name="cart"}',
  'kube_pod_info{namespace="shop",pod="web-0",uid="w",node="n1",pod_ip="10.0.0.6",created_by_kind="StatefulSet",created_by_name="web"}',
  'container_net_tcp_successful_connects_total{instance="n1",container_id="/k8s/shop/web-0/web",destination="10.9.9.9:80"}',
  'traces_service_graph_request_total{client="web"}',
]);
learning.now += 50_000;
learning.see(CALL, 251).settle();
const ALONE = 'kube_deployment_spec_replicas{namespace="shop",deployment="alone"}';
learning.see(ALONE).settle();

let served: Awaited<ReturnType<typeof serveRoutes>>;
beforeAll(async () => {
  const report = new TopologyReport(learning.topology, learning.tap);
  served = await serveRoutes(createTopologyRoutes({ report, now: () => learning.now }));
});
afterAll(() => served.stop());

async function get(path: string) {
  const response = await fetch(`${served.url}/api/v1/topology${path}`);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

describe('the graph', () => {
  it('is shown with provenance, confidence and rate', async () => {
    const { status, body } = await get('?kind=calls');
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'success',
      data: {
        entities: [
          { id: 'workload:shop/web', cluster: '', kind: 'workload', namespace: 'shop', name: 'web' },
          { id: 'workload:shop/cart', cluster: '', kind: 'workload', namespace: 'shop', name: 'cart' },
        ],
        edges: [
          {
            from: 'workload:shop/web',
            to: 'workload:shop/cart',
            kind: 'calls',
            confidence: 0.95,
            rate: 5,
            sources: [
              {
                source: 'istio',
                confidence: 0.95,
                first_seen: '2026-11-22T12:00:00.000Z',
                last_seen: '2026-11-22T12:00:50.000Z',
              },
            ],
          },
        ],
        total_edges: 1,
      },
    });
  });

  it.each([
    ['', 3],
    ['?limit=1', 1],
    ['?source=istio', 1],
    ['?source=kubernetes', 2],
    ['?kind=runs-on', 2],
    ['?entity=cart', 2],
    ['?entity=shop/web', 2],
    ['?entity=node:n1', 2],
    ['?namespace=other', 0],
    ['?cluster=', 3],
  ])('can be filtered: %s', async (query, edges) => {
    expect((await get(query)).body.data.edges).toHaveLength(edges);
  });

  it.each([
    ['?limit=0', 'limit has to be a number from 1 to 10000'],
    ['?limit=x', 'limit has to be a number from 1 to 10000'],
    ['?kind=a&kind=b', 'kind has to be given once'],
  ])('a bad question is refused: %s', async (query, error) => {
    expect(await get(query)).toEqual({ status: 400, body: { status: 'error', errorType: 'bad_data', error } });
  });
});

describe('an explanation', () => {
  it('says which series made the edges, which could not, and which would make more', async () => {
    const { body } = await get('/explain?entity=web');
    const [web] = body.data;
    expect(web).toMatchObject({ entity: 'workload:shop/web', pods: [{ pod: 'web-0', node: 'n1' }], needed_by: [] });
    const call = web.needs.find(({ kind }: { kind: string }) => kind === 'calls');
    expect(call.series).toEqual([expect.stringMatching(/^istio_requests_total\{.*source_workload="web"/)]);
    expect(web.unresolved).toEqual([
      {
        source: 'coroot-node-agent',
        series: expect.stringContaining('destination="10.9.9.9:80"'),
        why: 'nothing is known of the address at its other end',
      },
    ]);
    const more = web.would_make_more.map(({ source }: { source: string }) => source);
    expect(more).toContain('service-graph');
    expect(more).not.toContain('istio');
  });

  it('is given for what has no edges yet', async () => {
    const { body } = await get('/explain?entity=alone');
    expect(body.data).toMatchObject([{ entity: 'workload:shop/alone', needs: [], needed_by: [] }]);
    expect(body.data[0].would_make_more.length).toBeGreaterThan(5);
  });

  it('is not given for what is not known', async () => {
    const { status, body } = await get('/explain?entity=nobody');
    expect(status).toBe(404);
    expect(body).toMatchObject({ status: 'error', errorType: 'not_found' });
    expect(body.error).toContain('/api/v1/topology/coverage');
    expect((await get('/explain')).status).toBe(400);
  });
});

describe('coverage', () => {
  it('says for every source whether it was seen, and what it lacks', async () => {
    const { body } = await get('/coverage');
    const of = (name: string) => body.data.find(({ source }: { source: string }) => source === name);
    expect(of('istio')).toMatchObject({
      seen: true,
      series: 1,
      edges: 1,
      missing_labels: [],
      last_seen: '2026-11-22T12:00:50.000Z',
    });
    expect(of('service-graph')).toMatchObject({
      seen: false,
      series: 0,
      edges: 0,
      missing_labels: [{ label: 'server', series: 1 }],
    });
    expect(of('hubble')).toMatchObject({ seen: false, first_seen: null, last_seen: null });
  });
});
