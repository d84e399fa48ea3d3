import type { FurtherChecks } from './load.ts';
import { choice, group, list, optional, preset, required, section, text, type ValueOf } from './schema-types.ts';

const name = text('a name without "/" and blanks', (value) => /^[^\s/]+$/.test(value));
const reference = text('a name, or namespace/name', (value) => /^[^\s/]+(\/[^\s/]+)?$/.test(value));
const address = text('an address such as 10.0.0.5, 10.0.0.5:3306 or db.example.com', (value) =>
  /^[^\s/]+$/.test(value),
);
const cluster = optional(name, 'Its cluster, where it is another than that of the file.');

const service = section({
  name: required(name, 'Its name.'),
  namespace: optional(name, 'Its namespace, if it has one.'),
  cluster,
  kind: preset(
    choice('service', 'workload', 'database', 'external', 'ingress'),
    'service',
    'What it is. workload: what runs pods, by the name of its Deployment. external: what somebody else runs.',
  ),
  needs: group(list(reference), 'What it depends on, by name. These may be in this file or learnt.'),
  hosts: group(list(name), 'Hosts that it runs on; for kinds service and workload.'),
  addresses: group(list(address), 'Where it is reached or scraped: alerts with such an instance are about it.'),
});

const edge = section({
  from: required(reference, 'Who needs …'),
  to: required(reference, '… whom: failure travels from here to there.'),
  kind: preset(
    choice('calls', 'routes-to', 'stores-on', 'replicates-from', 'consumes', 'runs-on', 'member-of'),
    'calls',
    'How. Failure does not travel along runs-on and member-of: they say where a thing is.',
  ),
  cluster,
});

const host = section({
  name: required(name, 'Its name, as alerts have it.'),
  cluster,
  addresses: group(list(address), 'Its addresses, without ports.'),
  rack: optional(name, 'The rack that it is in.'),
  zone: optional(name, 'The zone or site that it is in.'),
});

/** The file of `topology.file`: what people know of how things depend on each other. */
export const topologySchema = section({
  cluster: optional(
    name,
    'Cluster of everything here, as the cluster label has it. Without it: the cluster that has no name.',
  ),
  services: group(list(service), 'Services, and what they need.'),
  edges: group(list(edge), 'More dependencies, one each.'),
  hosts: group(list(host), 'Hosts, and where they are.'),
});

export type TopologyFile = ValueOf<typeof topologySchema>;

/** What the schema cannot say. */
export const checkTopology: FurtherChecks<typeof topologySchema> = ({ services = [] }, locate) =>
  services.flatMap((each, index) => {
    if (each === undefined || each.hosts === undefined || each.hosts.length === 0) return [];
    if (each.kind === 'service' || each.kind === 'workload') return [];
    const at = locate('services', String(index), 'hosts') ?? { line: 1, column: 1 };
    return [{ ...at, message: `services[${index}].hosts: only a service or a workload has hosts: leave kind out` }];
  });
