import { describe, expect, it } from 'vitest';
import { HOUR, Learning, MINUTE } from './learning.ts';

const SERVICES = 500;
const PODS_PER_SERVICE = 1;
/** 10 % of the pods in an hour. */
const STEP_MS = 2 * MINUTE;
const REPLACED_PER_STEP = Math.round(((SERVICES * PODS_PER_SERVICE) / 10) * (STEP_MS / HOUR));

const serviceIp = (service: number) => `172.20.${service % 200}.${Math.floor(service / 200) + 1}`;

/** The series of one pod: inventory, target, and calls to the next two services. */
function seriesOf(service: number, generation: number): string[] {
  const hash = (service * 7919 + generation).toString(36).padStart(5, '0').slice(-5);
  const pod = `s${service}-5d9f8b6c7-${hash}`;
  const ip = `10.${service % 200}.${generation % 250}.${Math.floor(service / 200) + 1}`;
  const call = (to: number) =>
    `container_net_tcp_successful_connects_total{instance="n${service % 20}",container_id="/k8s/shop/${pod}/main",destination="${serviceIp(to)}:80"}`;
  return [
    `kube_pod_info{namespace="shop",pod="${pod}",uid="${pod}",node="n${service % 20}",pod_ip="${ip}",created_by_kind="ReplicaSet",created_by_name="s${service}-5d9f8b6c7"}`,
    `kube_pod_container_info{namespace="shop",pod="${pod}",container="main",image="s${service}:1"}`,
    `up{namespace="shop",pod="${pod}",service="s${service}",instance="${ip}:80"}`,
    call((service + 1) % SERVICES),
    call((service + 2) % SERVICES),
  ];
}

describe('500 services whose pods are replaced, a tenth of them every hour', () => {
  it('take no more memory after twelve hours than after six', () => {
    const learning = new Learning();
    const pods = Array.from({ length: SERVICES * PODS_PER_SERVICE }, (_, index) => ({
      service: index % SERVICES,
      series: seriesOf(index % SERVICES, Math.floor(index / SERVICES)),
    }));
    const services = Array.from({ length: SERVICES }, (_, i) => [
      `kube_replicaset_owner{namespace="shop",replicaset="s${i}-5d9f8b6c7",owner_kind="Deployment",owner_name="s${i}"}`,
      `kube_service_info{namespace="shop",service="s${i}",cluster_ip="${serviceIp(i)}"}`,
    ]).flat();
    let generation = PODS_PER_SERVICE;
    let next = 0;
    const sizes: { claims: number; pods: number; links: number; slots: number }[] = [];
    for (let step = 1; step <= (12 * HOUR) / STEP_MS; step++) {
      learning.now += STEP_MS;
      for (let i = 0; i < REPLACED_PER_STEP; i++) {
        const pod = pods[next % pods.length]!;
        learning.end(pod.series);
        learning.forget(pod.series);
        pod.series = seriesOf(pod.service, ++generation);
        next++;
      }
      learning.see(services);
      for (const { series } of pods) learning.see(series, step);
      learning.settle();
      const { claims, pods: known, links } = learning.topology;
      if (step % (HOUR / STEP_MS) === 0)
        sizes.push({ claims: claims.size, pods: known.size, links: links.size, slots: learning.tap.size });
    }
    const [early, late] = [sizes[5]!, sizes[11]!];
    for (const kind of ['claims', 'pods', 'links', 'slots'] as const)
      expect(late[kind], kind).toBeLessThan(early[kind] * 1.03);
    // What is alive, and two hours of pods that were.
    expect(late.pods).toBeLessThan(1000 + 3 * 120);
    expect(learning.topology.graph.edges.filter(({ edge }) => edge === 'calls').length).toBeGreaterThanOrEqual(
      SERVICES,
    );
  }, 120_000);
});
