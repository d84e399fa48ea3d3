import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadFiles } from '../../src/config/web-load.ts';
import { factsOfFile } from '../../src/topology/file-facts.ts';
import { Learning, workload } from './learning.ts';

const folder = mkdtempSync(join(tmpdir(), 'topology-'));
afterAll(() => rmSync(folder, { recursive: true }));
const EXAMPLES = join(import.meta.dirname, '../../examples');

function load(text: string) {
  const configFile = join(folder, 'pronoia.yml');
  writeFileSync(configFile, 'topology: { file: topology.yaml }');
  writeFileSync(join(folder, 'topology.yaml'), text);
  return loadFiles({ configFile, webConfigFile: undefined }, 0).topology!;
}

function learn(text: string, learning = new Learning()): Learning {
  learning.topology.useFile(factsOfFile(load(text)), learning.now);
  return learning;
}

describe('the file of known dependencies', () => {
  it('of the examples is read, with its services, hosts and racks', () => {
    const { topology: file } = loadFiles(
      { configFile: join(EXAMPLES, 'pronoia.full.yml'), webConfigFile: undefined },
      0,
    );
    const learning = new Learning();
    learning.topology.useFile(factsOfFile(file!), learning.now);
    expect(learning.edges).toEqual([
      'database:orders-db stores-on node:nas1',
      'node:nas1 member-of zone:r12',
      'node:vm1 member-of zone:r12',
      'node:vm1 member-of zone:site-a',
      'node:vm2 member-of zone:r13',
      'node:vm2 member-of zone:site-a',
      'service:shop/checkout calls database:orders-db',
      'service:shop/checkout calls external:bank-api',
      'service:shop/checkout calls service:shop/payment',
      'service:shop/payment calls database:orders-db',
      'workload:legacy-billing calls database:orders-db',
    ]);
    expect(learning.subject({ job: 'billing', instance: 'vm1:8080' })).toBe('workload:legacy-billing');
    expect(learning.subject({ job: 'mysql', instance: 'db1.example.com:9104' })).toBe('database:orders-db');
    expect(learning.subject({ job: 'node', instance: '10.1.0.11:9100' })).toBe('node:vm1');
    const vm1 = { cluster: '', kind: 'node', namespace: '', name: 'vm1' } as const;
    expect(learning.topology.podsOn(vm1, learning.now).map((each) => each.workload.name)).toEqual(['legacy-billing']);
  });

  it('joins what is learnt: its names are those of workloads that are known, and it is the surer source', () => {
    const learning = new Learning().see([
      'kube_deployment_spec_replicas{namespace="shop",deployment="web"}',
      'kube_deployment_spec_replicas{namespace="shop",deployment="cart"}',
      'traces_service_graph_request_total{client="web",server="cart"}',
    ]);
    learn('services: [{ name: web, needs: [shop/cart] }]', learning);
    expect(learning.topology.needs(workload('shop/web'))).toMatchObject([
      { entity: workload('shop/cart'), confidence: 1, source: 'file, service-graph' },
    ]);
  });

  it('is read anew: what is gone from it is forgotten, what is learnt is not', () => {
    const learning = learn('services: [{ name: a, needs: [b, c] }]').see(
      'traces_service_graph_request_total{client="x",server="y"}',
    );
    learn('services: [{ name: a, needs: [c] }]', learning);
    expect(learning.edges).toEqual(['service:a calls service:c', 'service:x calls service:y']);
    learn('{}', learning);
    expect(learning.edges).toEqual(['service:x calls service:y']);
  });

  it('never ages', () => {
    const learning = learn('services: [{ name: a, needs: [b] }]').pass(24 * 3_600_000);
    expect(learning.edges).toHaveLength(1);
  });

  it('may be of one cluster, with entries of another', () => {
    const learning = learn('cluster: eu\nservices: [{ name: a, needs: [b] }, { name: a, cluster: us, needs: [b] }]');
    expect(learning.edges).toEqual(['eu/service:a calls eu/service:b', 'us/service:a calls us/service:b']);
  });

  it.each([
    ['services: [{ nam: a }]', /topology\.yaml:1:13: .*nam.*unknown|topology\.yaml:1:\d+: .*name/],
    [
      'services:\n  - { name: a, needs: ["b c"] }',
      /topology\.yaml:2:24: services\[0\]\.needs\[0\]: expected a name, or namespace\/name/,
    ],
    ['edges:\n  - { from: a, to: b, kind: hates }', /topology\.yaml:2:29: edges\[0\]\.kind: expected/],
    [
      'services:\n  - name: db\n    kind: database\n    hosts: [vm1]',
      /topology\.yaml:4:12: services\[0\]\.hosts: only a service or a workload has hosts/,
    ],
    ['hosts: 5', /topology\.yaml:1:8: hosts: expected a list/],
  ])('says where it is wrong: %s', (text, message) => {
    expect(() => load(text)).toThrow(message);
  });
});
