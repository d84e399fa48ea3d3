import { describe, expect, it } from 'vitest';
import { formatEntity } from '../../src/model/entity.ts';
import { Learning, MINUTE, START } from './learning.ts';

const OWNER =
  'kube_replicaset_owner{namespace="shop",replicaset="cart-7d9f8b6c5d",owner_kind="Deployment",owner_name="cart"}';
const pod = (suffix: string) =>
  `kube_pod_info{namespace="shop",pod="cart-7d9f8b6c5d-${suffix}",uid="${suffix}",node="n1",created_by_kind="ReplicaSet",created_by_name="cart-7d9f8b6c5d"}`;
const image = (suffix: string, name: string, container = 'cart') =>
  `kube_pod_container_info{namespace="shop",pod="cart-7d9f8b6c5d-${suffix}",container="${container}",image="${name}"}`;

/** A Deployment that has run for ten minutes. */
function running(): Learning {
  const series = [OWNER, pod('aaaaa'), image('aaaaa', 'cart:1'), image('aaaaa', 'proxy:1', 'proxy')];
  return new Learning().see(series).pass(10 * MINUTE, ...series);
}

const changes = (learning: Learning) =>
  learning.topology
    .changesBetween(START, learning.now + 1)
    .map(
      ({ entity, kind, from, to, at }) =>
        `${formatEntity(entity)} ${kind} ${from} -> ${to} at ${(at - START) / MINUTE}`,
    );

describe('changes', () => {
  it('are not what is seen at first, and not a new pod with the same image', () => {
    const learning = running().see([pod('bbbbb'), image('bbbbb', 'cart:1'), image('bbbbb', 'proxy:1', 'proxy')]);
    expect(changes(learning)).toEqual([]);
  });

  it('of an image are those of the workload, container by container', () => {
    const learning = running().see([pod('bbbbb'), image('bbbbb', 'cart:2'), image('bbbbb', 'proxy:1', 'proxy')]);
    expect(changes(learning)).toEqual(['workload:shop/cart image cart:1 -> cart:2 at 10']);
  });

  it('back to an image that is gone are changes too', () => {
    const learning = running().see([pod('bbbbb'), image('bbbbb', 'cart:2')]);
    learning.pass(20 * MINUTE, OWNER, pod('bbbbb'), image('bbbbb', 'cart:2'));
    learning.see([pod('ccccc'), image('ccccc', 'cart:1')]);
    learning.pass(20 * MINUTE, OWNER, pod('ccccc'), image('ccccc', 'cart:1'));
    learning.see([pod('ddddd'), image('ddddd', 'cart:2')]);
    expect(changes(learning)).toEqual([
      'workload:shop/cart image cart:1 -> cart:2 at 10',
      'workload:shop/cart image cart:2 -> cart:1 at 30',
      'workload:shop/cart image cart:1 -> cart:2 at 50',
    ]);
  });

  it('of a version are those of the workload too', () => {
    const build = (suffix: string, version: string) =>
      `cart_build_info{namespace="shop",pod="cart-7d9f8b6c5d-${suffix}",version="${version}"}`;
    const learning = running()
      .see(build('aaaaa', '1.0'))
      .pass(10 * MINUTE, OWNER, pod('aaaaa'), build('aaaaa', '1.0'));
    learning.see([pod('bbbbb'), build('bbbbb', '1.0'), pod('ccccc'), build('ccccc', '1.1')]);
    expect(changes(learning)).toEqual(['workload:shop/cart image 1.0 -> 1.1 at 20']);
  });

  it('are not what an exporter tells anew after an outage', () => {
    const learning = running().pass(60 * MINUTE);
    learning.see(
      [OWNER, pod('aaaaa'), image('aaaaa', 'cart:1'), image('aaaaa', 'proxy:1', 'proxy')].map((text) =>
        text.replace('{', '{instance="new",'),
      ),
    );
    expect(changes(learning)).toEqual([]);
  });

  it.each([
    [
      'rollout',
      OWNER.replace('7d9f8b6c5d', '66bd9c7f55'),
      'workload:shop/cart rollout cart-7d9f8b6c5d -> cart-66bd9c7f55 at 10',
    ],
  ])('%s by a new ReplicaSet', (_, series, expected) => {
    expect(changes(running().see(series))).toEqual([expected]);
  });

  it.each([
    [
      'kube_deployment_spec_replicas{namespace="shop",deployment="cart"}',
      [2, 5],
      'workload:shop/cart scale 2 -> 5 at 11',
    ],
    [
      'kube_daemonset_metadata_generation{namespace="shop",daemonset="agent"}',
      [1, 2],
      'workload:shop/agent rollout 1 -> 2 at 11',
    ],
    [
      'kube_pod_container_status_restarts_total{namespace="shop",pod="cart-7d9f8b6c5d-aaaaa",container="cart"}',
      [0, 1],
      'workload:shop/cart restart 0 -> 1 at 11',
    ],
    [
      'kube_pod_container_status_restarts_total{namespace="shop",pod="cart-7d9f8b6c5d-aaaaa",container="cart"}',
      [1, 0],
      undefined,
    ],
    [
      'process_start_time_seconds{namespace="shop",pod="cart-7d9f8b6c5d-aaaaa"}',
      [1000, 2000],
      'workload:shop/cart restart 1000 -> 2000 at 11',
    ],
    ['kube_node_spec_unschedulable{node="n1"}', [0, 1], 'node:n1 node  -> unschedulable at 11'],
    [
      'mysql_global_variables_read_only{namespace="shop",pod="cart-7d9f8b6c5d-aaaaa"}',
      [1, 0],
      'workload:shop/cart role 1 -> 0 at 11',
    ],
    ['kube_node_status_condition{node="n1",condition="Ready",status="true"}', [1, 0], 'node:n1 node 1 -> 0 at 11'],
    ['kube_node_status_condition{node="n1",condition="Ready",status="unknown"}', [0, 1], undefined],
    [
      'kube_configmap_metadata_resource_version{namespace="shop",configmap="cart-config"}',
      [100, 200],
      'namespace:shop configuration  -> cart-config at 11',
    ],
    ['pg_replication_is_replica{instance="db1:9187"}', [1, 0], 'instance:db1:9187 role 1 -> 0 at 11'],
  ])('by a value: %s', (series, [before, after], expected) => {
    const learning = running().see(series, before);
    learning.now += MINUTE;
    expect(changes(learning.see(series, after))).toEqual(expected === undefined ? [] : [expected]);
  });

  it.each([
    [
      'redis_instance_info{instance="r1:9121",role="slave"}',
      ['slave', 'master'],
      'instance:r1:9121 role slave -> master at 10',
    ],
    [
      'kube_node_info{node="n1",kubelet_version="v1.30.1",kernel_version="6.1"}',
      ['v1.30.1', 'v1.31.0'],
      'node:n1 node v1.30.1 6.1 -> v1.31.0 6.1 at 10',
    ],
    [
      'kube_statefulset_status_update_revision{namespace="shop",statefulset="db",revision="db-1"}',
      ['db-1', 'db-2'],
      'workload:shop/db rollout db-1 -> db-2 at 10',
    ],
  ])('by a label: %s', (series, [before, after], expected) => {
    const learning = running().see(series).see(series.replace(before!, after!));
    expect(changes(learning)).toEqual([expected]);
  });

  it('are found by their time, and forgotten after a day', () => {
    const learning = running().see([pod('bbbbb'), image('bbbbb', 'cart:2')]);
    expect(learning.topology.changesBetween(learning.now + 1, Infinity)).toEqual([]);
    expect(learning.topology.changesBetween(START, learning.now)).toEqual([]);
    learning.pass(25 * 60 * MINUTE);
    expect(changes(learning)).toEqual([]);
  });
});
