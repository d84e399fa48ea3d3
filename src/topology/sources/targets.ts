import type { Entity } from '../../model/entity.ts';
import { parseAddress } from '../address.ts';
import { exporterOf } from '../exporter-target.ts';
import type { Fact } from '../fact.ts';
import { CONFIDENCE, link, type SeriesLabels, type SourceRule } from '../source-rule.ts';

/** What is scraped, and the hosts that it is on. */
export const TARGETS: readonly SourceRule[] = [
  {
    source: 'targets',
    confidence: CONFIDENCE.inventory,
    metrics: ['up'],
    labels: ['namespace', 'pod', 'service', 'instance'],
    makes: 'service is answered by pod, address of pod',
    read: scraped,
  },
  {
    source: 'depends_on',
    confidence: CONFIDENCE.known,
    metrics: ['up'],
    labels: ['depends_on'],
    makes: 'target needs what its label depends_on names, separated by commas',
    read: (series) => {
      const names = (series.get('depends_on') ?? '').split(',').map((name) => name.trim());
      return names.filter((name) => name !== '').flatMap((name) => link('calls', owner(series), named(series, name)));
    },
  },
  {
    source: 'node-exporter',
    confidence: CONFIDENCE.inventory,
    metrics: ['node_uname_info'],
    labels: ['nodename', 'instance'],
    makes: 'node and its address',
    read: (series) => {
      const [name, instance] = [series.get('nodename'), series.get('instance')];
      if (name === undefined || instance === undefined) return [];
      const { host } = parseAddress(instance);
      const isHere = /^(localhost|127\.)/.test(host);
      return [
        { kind: 'entity', entity: series.entity('node', '', name), addresses: isHere ? [instance] : [instance, host] },
      ];
    },
  },
  {
    source: 'node-exporter',
    confidence: CONFIDENCE.address,
    metrics: ['node_mountstats_nfs_total_read_bytes_total'],
    labels: ['mountaddr', 'instance'],
    makes: 'node stores on NFS server',
    read: (series) => {
      const [server, instance] = [series.get('mountaddr'), series.get('instance')];
      if (server === undefined || instance === undefined) return [];
      return link('stores-on', series.address(instance), series.address(server));
    },
  },
];

function scraped(series: SeriesLabels): Fact[] {
  const target = series.target();
  if (target?.kind !== 'pod') return [];
  const { cluster, namespace, name } = target;
  const facts: Fact[] = [{ kind: 'pod', cluster, namespace, pod: name, node: series.get('node') }];
  const [instance, service] = [series.get('instance'), series.get('service')];
  if (instance !== undefined) facts.push({ kind: 'entity', entity: target, addresses: [instance] });
  if (service !== undefined)
    facts.push({ kind: 'serves', service: series.entity('service', namespace, service), by: target });
  return facts;
}

/** Who has the label: its service, where it names one, so that hosts of one service are one. */
function owner(series: SeriesLabels): Entity | undefined {
  const target = series.target();
  if (target?.kind === 'pod' || exporterOf(series.labels) === 'node') return target;
  const service = series.get('service') ?? series.get('job');
  return service === undefined ? target : series.entity('service', series.get('namespace') ?? '', service);
}

/** `name` or `namespace/name`. */
function named(series: SeriesLabels, text: string): Entity {
  const [namespace, name] = text.split('/');
  if (name === undefined) return series.entity('service', '', text);
  return series.entity('service', namespace!, name);
}
