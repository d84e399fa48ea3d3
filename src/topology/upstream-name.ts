import type { Entity } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import { serviceOfDnsName } from './address.ts';

/** Whom an Envoy proxy calls, from the name that its control plane gave the upstream; undefined for unknown forms. */
export function parseUpstream(labels: Labels, cluster: string): Entity | undefined {
  const consul = labels.get('consul_destination_service');
  if (consul !== undefined) return { cluster, kind: 'service', namespace: '', name: consul };
  const name = labels.get('envoy_cluster_name') ?? labels.get('cluster_name') ?? '';
  // Istio: direction|port|subset|host
  const [direction, , , host] = name.split('|');
  if (host !== undefined) return direction === 'outbound' ? ofHost(host, cluster) : undefined;
  // Envoy Gateway: httproute/namespace/name/rule/number
  const [route, namespace, routeName, rule] = name.split('/');
  if (rule === 'rule' && /route$/.test(route ?? '')) {
    return { cluster, kind: 'ingress', namespace: namespace ?? '', name: routeName ?? '' };
  }
  return name.includes('.svc') ? ofHost(name, cluster) : undefined;
}

function ofHost(host: string, cluster: string): Entity {
  const service = serviceOfDnsName(host);
  if (service !== undefined) return { cluster, kind: 'service', ...service };
  return { cluster, kind: 'instance', namespace: '', name: host };
}
