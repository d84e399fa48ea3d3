import { describe, expect, it } from 'vitest';
import { SOURCE_RULES } from '../../src/topology/sources.ts';
import { Learning } from './learning.ts';

const POD = (name: string, ip: string, owner = 'ReplicaSet') =>
  `kube_pod_info{namespace="shop",pod="${name}",uid="u-${name}",node="n1",pod_ip="${ip}",host_ip="192.168.0.1",created_by_kind="${owner}",created_by_name="${name.replace(/-[^-]+$/, '')}"}`;
const OWNER = (replicaSet: string, deployment: string) =>
  `kube_replicaset_owner{namespace="shop",replicaset="${replicaSet}",owner_kind="Deployment",owner_name="${deployment}"}`;
/** Two Deployments of one pod each, and a StatefulSet. */
const SHOP = [
  POD('cart-7d9f8b6c5d-x7k2p', '10.0.0.5'),
  OWNER('cart-7d9f8b6c5d', 'cart'),
  POD('web-66bd9c7f5-abcde', '10.0.0.6'),
  OWNER('web-66bd9c7f5', 'web'),
  POD('mysql-0', '10.0.0.7', 'StatefulSet'),
];
/** cart is known by its target labels to be what answers for the service. */
const CART_TARGET =
  'up{job="cart",namespace="shop",service="cart-http",pod="cart-7d9f8b6c5d-x7k2p",instance="10.0.0.5:8080",endpoint="http"}';

/** One real label set per source, and the edges that it makes beside those of the shop. */
const GOLDEN: readonly (readonly [name: string, series: readonly string[], edges: readonly string[]])[] = [
  [
    'istio',
    [
      'istio_requests_total{reporter="destination",source_workload="web",source_workload_namespace="shop",source_canonical_service="web",destination_workload="cart",destination_workload_namespace="shop",destination_service="cart.shop.svc.cluster.local",destination_service_name="cart",destination_service_namespace="shop",response_code="200",response_flags="-"}',
    ],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'istio: a call that leaves the mesh, reported by its source',
    [
      'istio_requests_total{reporter="source",source_workload="web",source_workload_namespace="shop",destination_workload="unknown",destination_service="api.bank.example",destination_service_name="api.bank.example",destination_service_namespace="unknown"}',
    ],
    ['workload:shop/web calls service:api.bank.example'],
  ],
  [
    'istio: tcp, into another cluster',
    [
      'istio_tcp_connections_opened_total{reporter="source",source_workload="web",source_workload_namespace="shop",source_cluster="a",destination_cluster="b",destination_workload="db",destination_workload_namespace="data"}',
    ],
    ['workload:shop/web calls b/workload:data/db'],
  ],
  [
    'linkerd',
    [
      'request_total{direction="outbound",namespace="shop",deployment="web",pod="web-66bd9c7f5-abcde",dst_namespace="shop",dst_deployment="cart",dst_service="cart-http",authority="cart-http.shop.svc.cluster.local:8080"}',
    ],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'linkerd: a pod without a workload label, to a service',
    [
      CART_TARGET,
      'outbound_http_route_backend_requests_total{namespace="shop",pod="web-66bd9c7f5-abcde",backend_kind="Service",backend_namespace="shop",backend_name="cart-http"}',
    ],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'hubble, by workload',
    [
      'hubble_flows_processed_total{traffic_direction="egress",source_namespace="shop",source_workload="web",source_workload_kind="Deployment",destination_namespace="shop",destination_workload="cart",verdict="FORWARDED"}',
    ],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'hubble, by pod as context',
    ['hubble_tcp_flags_total{flag="SYN",source="shop/web-66bd9c7f5-abcde",destination="shop/cart-7d9f8b6c5d-x7k2p"}'],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'service graph, by names that are those of known workloads',
    ['traces_service_graph_request_total{client="web",server="cart"}'],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'service graph of a collector that puts its name in front, with a database',
    ['otel_traces_service_graph_request_total{client="cart",server="orders-db",connection_type="database"}'],
    ['workload:shop/cart calls database:orders-db'],
  ],
  [
    'service graph: who consumes needs who produces',
    ['traces_service_graph_request_total{client="web",server="cart",connection_type="messaging_system"}'],
    ['workload:shop/cart consumes workload:shop/web'],
  ],
  [
    'network flows of Beyla',
    [
      'beyla_network_flow_bytes_total{k8s_src_owner_name="web",k8s_src_owner_type="Deployment",k8s_src_namespace="shop",k8s_dst_owner_name="cart",k8s_dst_owner_type="Deployment",k8s_dst_namespace="shop"}',
    ],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'OpenTelemetry client, by DNS name',
    [
      CART_TARGET,
      'http_client_request_duration_seconds_count{service_name="web",k8s_namespace_name="shop",k8s_deployment_name="web",server_address="cart-http.shop.svc.cluster.local",server_port="8080"}',
    ],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'OpenTelemetry client, by address',
    [
      'db_client_operation_duration_seconds_count{k8s_namespace_name="shop",k8s_pod_name="cart-7d9f8b6c5d-x7k2p",db_system_name="mysql",server_address="10.0.0.7",server_port="3306"}',
    ],
    ['workload:shop/cart calls workload:shop/mysql'],
  ],
  [
    'OpenTelemetry client, to somebody outside',
    [
      'http_client_request_duration_seconds_count{k8s_namespace_name="shop",k8s_deployment_name="web",server_address="api.stripe.com"}',
    ],
    ['workload:shop/web calls external:api.stripe.com'],
  ],
  [
    'OpenTelemetry producer',
    [
      'messaging_publish_duration_seconds_count{k8s_namespace_name="shop",k8s_deployment_name="web",messaging_destination_name="orders"}',
    ],
    ['workload:shop/web calls topic:orders'],
  ],
  [
    'dephealth',
    [
      'app_dependency_health{name="web",namespace="shop",pod="web-66bd9c7f5-abcde",dependency="mysql",type="mysql",host="10.0.0.7",port="3306",critical="yes"}',
    ],
    ['workload:shop/web calls workload:shop/mysql'],
  ],
  [
    'coroot-node-agent, after address translation',
    [
      'container_net_tcp_successful_connects_total{instance="n1",container_id="/k8s/shop/web-66bd9c7f5-abcde/web",destination="172.20.0.9:80",actual_destination="10.0.0.5:8080"}',
    ],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'envoy',
    [
      CART_TARGET,
      'envoy_cluster_upstream_rq_total{namespace="shop",pod="web-66bd9c7f5-abcde",envoy_cluster_name="outbound|8080||cart-http.shop.svc.cluster.local"}',
    ],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'envoy of Consul',
    ['envoy_cluster_upstream_cx_total{namespace="shop",pod="web-66bd9c7f5-abcde",consul_destination_service="cart"}'],
    ['workload:shop/web calls workload:shop/cart'],
  ],
  [
    'ingress-nginx, labels not honoured',
    [
      'nginx_ingress_controller_requests{namespace="ingress",exported_namespace="shop",service="ingress-metrics",exported_service="web",ingress="shop",host="shop.example.com",controller_namespace="ingress",controller_pod="ingress-nginx-7d9f8b6c5d-x7k2p"}',
    ],
    ['ingress:shop/shop routes-to workload:shop/web', 'workload:ingress/ingress-nginx routes-to workload:shop/web'],
  ],
  [
    'ingress of kube-state-metrics',
    [
      'kube_ingress_path{namespace="shop",ingress="shop",host="shop.example.com",path="/",service_name="web",service_port="80"}',
    ],
    ['ingress:shop/shop routes-to workload:shop/web'],
  ],
  [
    'volumes',
    [
      'kube_pod_spec_volumes_persistentvolumeclaims_info{namespace="shop",pod="mysql-0",volume="data",persistentvolumeclaim="data-mysql-0"}',
      'kube_persistentvolumeclaim_info{namespace="shop",persistentvolumeclaim="data-mysql-0",storageclass="nfs",volumename="pv1"}',
      'kube_persistentvolume_info{persistentvolume="pv1",nfs_server="nas.lan",nfs_path="/x"}',
    ],
    [
      'workload:shop/mysql stores-on persistentvolumeclaim:shop/data-mysql-0',
      'persistentvolumeclaim:shop/data-mysql-0 stores-on persistentvolume:pv1',
      'persistentvolume:pv1 stores-on external:nas.lan',
    ],
  ],
  [
    'zones',
    ['kube_node_labels{node="n1",label_topology_kubernetes_io_zone="eu-1a"}'],
    ['node:n1 member-of zone:eu-1a'],
  ],
  [
    'mysqld_exporter: the view of the replica',
    [
      'mysql_slave_status_slave_io_running{namespace="shop",pod="cart-7d9f8b6c5d-x7k2p",master_host="10.0.0.7",master_port="3306",channel_name=""}',
    ],
    ['workload:shop/cart replicates-from workload:shop/mysql'],
  ],
  [
    'mysqld_exporter on hosts',
    [
      'node_uname_info{job="node",instance="db1.lan:9100",nodename="db1"}',
      'mysql_up{job="mysql",instance="db1.lan:9104"}',
      'mysql_up{job="mysql",instance="db2.lan:9104"}',
      'mysql_slave_status_slave_io_running{job="mysql",instance="db2.lan:9104",master_host="db1.lan"}',
    ],
    ['database:db1.lan runs-on node:db1', 'database:db2.lan replicates-from database:db1.lan'],
  ],
  [
    'mysqld_exporter: the view of the primary, and its clients',
    [
      'mysql_heartbeat_mysql_slave_hosts_info{namespace="shop",pod="mysql-0",slave_host="10.0.0.5",port="3306",server_id="2"}',
      'mysql_info_schema_processlist_processes_by_host{namespace="shop",pod="mysql-0",client_host="10.0.0.6"}',
    ],
    ['workload:shop/cart replicates-from workload:shop/mysql', 'workload:shop/web calls workload:shop/mysql'],
  ],
  [
    'postgres_exporter',
    [
      'pg_stat_replication_pg_wal_lsn_diff{namespace="shop",pod="mysql-0",application_name="r1",client_addr="10.0.0.5",state="streaming"}',
      'pg_stat_walreceiver_status{namespace="shop",pod="web-66bd9c7f5-abcde",upstream_host="10.0.0.7"}',
      'pg_stat_activity_count{namespace="shop",pod="mysql-0",datname="orders",usename="web",application_name="web",state="active"}',
    ],
    [
      'workload:shop/cart replicates-from workload:shop/mysql',
      'workload:shop/web replicates-from workload:shop/mysql',
      'workload:shop/web calls workload:shop/mysql',
    ],
  ],
  [
    'redis_exporter',
    [
      'redis_slave_info{namespace="shop",pod="cart-7d9f8b6c5d-x7k2p",master_host="10.0.0.7",master_port="6379"}',
      'redis_connected_slave_lag_seconds{namespace="shop",pod="mysql-0",slave_ip="10.0.0.6",slave_port="6379",slave_state="online"}',
    ],
    ['workload:shop/cart replicates-from workload:shop/mysql', 'workload:shop/web replicates-from workload:shop/mysql'],
  ],
  [
    'mongodb_exporter',
    ['mongodb_rs_members_state{rs_nm="rs0",member_idx="10.0.0.7:27017",member_state="PRIMARY"}'],
    ['workload:shop/mysql member-of database:rs0'],
  ],
  [
    'kafka_exporter: the group by the name of a known workload',
    [
      'kafka_consumergroup_lag{consumergroup="cart",topic="orders",partition="0",pod="kafka-exporter-7d9f8b6c5d-x7k2p",namespace="shop"}',
      'kafka_topic_partition_current_offset{topic="orders",partition="0",namespace="shop",pod="mysql-0"}',
    ],
    ['workload:shop/cart consumes topic:orders', 'topic:orders stores-on workload:shop/mysql'],
  ],
  [
    'rabbitmq',
    ['rabbitmq_queue_messages_ready{queue="mail",vhost="/",namespace="shop",pod="mysql-0"}'],
    ['queue:mail stores-on workload:shop/mysql'],
  ],
  [
    'the label depends_on',
    [
      'up{job="report",namespace="shop",pod="web-66bd9c7f5-abcde",instance="10.0.0.6:80",depends_on="cart, shop/mysql"}',
    ],
    ['workload:shop/web calls workload:shop/cart', 'workload:shop/web calls workload:shop/mysql'],
  ],
  [
    'the label depends_on of a host, and of a service on hosts',
    [
      'node_uname_info{job="node",instance="web1:9100",nodename="web1"}',
      'up{job="node",instance="web1:9100",depends_on="nas1"}',
      'up{job="report",instance="web1:8080",depends_on="cart"}',
    ],
    ['node:web1 calls service:nas1', 'service:report calls workload:shop/cart'],
  ],
  [
    'NFS of a host',
    [
      'node_uname_info{instance="web1:9100",nodename="web1"}',
      'node_uname_info{instance="nas1:9100",nodename="nas1"}',
      'node_mountstats_nfs_total_read_bytes_total{instance="web1:9100",export="nas1:/x",mountaddr="nas1"}',
    ],
    ['node:web1 stores-on node:nas1'],
  ],
];

describe('one series of each source', () => {
  it.each(GOLDEN)('%s', (_, series, edges) => {
    const known = [
      'kube_deployment_spec_replicas{namespace="shop",deployment="cart"}',
      'kube_deployment_spec_replicas{namespace="shop",deployment="web"}',
      'kube_statefulset_replicas{namespace="shop",statefulset="mysql"}',
    ];
    const learning = new Learning().see(SHOP).see(known).see(series).settle();
    expect(learning.edges).toEqual([...edges].sort());
  });

  it('there is one for every source that makes edges', () => {
    const names = new Set(GOLDEN.flatMap(([, series]) => series.map((text) => text.split('{')[0]!)));
    const missing = SOURCE_RULES.filter(
      ({ metrics }) => !metrics.some((name) => [...names].some((each) => each.endsWith(name))),
    );
    const inventory = ['kubernetes', 'cadvisor'];
    expect(missing.filter(({ source }) => !inventory.includes(source)).map(({ metrics }) => metrics[0])).toEqual([
      'traces_service_graph_connection_info',
      'container_net_tcp_listen_info',
    ]);
  });
});

describe('series that must make no edge', () => {
  it.each([
    [
      'replies',
      'hubble_flows_processed_total{traffic_direction="ingress",source="shop/web-66bd9c7f5-abcde",destination="shop/cart-7d9f8b6c5d-x7k2p"}',
    ],
    [
      'answers to a SYN',
      'hubble_tcp_flags_total{flag="SYN-ACK",source="shop/cart-7d9f8b6c5d-x7k2p",destination="shop/web-66bd9c7f5-abcde"}',
    ],
    [
      'flows of responses',
      'beyla_network_flow_bytes_total{direction="response",k8s_src_owner_name="cart",k8s_dst_owner_name="web"}',
    ],
    ['inbound requests', 'request_total{direction="inbound",namespace="shop",deployment="cart",client_id="web"}'],
    [
      'an application with a metric of that name',
      'request_total{namespace="shop",pod="web-66bd9c7f5-abcde",code="200"}',
    ],
    [
      'an unknown source',
      'istio_requests_total{source_workload="unknown",destination_workload="cart",destination_workload_namespace="shop"}',
    ],
    ['users', 'traces_service_graph_request_total{client="user",server="web"}'],
    ['itself', 'traces_service_graph_request_total{client="web",server="web"}'],
    [
      'inbound clusters of an envoy',
      'envoy_cluster_upstream_rq_total{namespace="shop",pod="web-66bd9c7f5-abcde",envoy_cluster_name="inbound|8080||"}',
    ],
    [
      'an address that nobody has',
      'container_net_tcp_successful_connects_total{container_id="/k8s/shop/web-66bd9c7f5-abcde/web",destination="10.9.9.9:80"}',
    ],
    [
      'a partner with a host named like ours',
      'http_client_request_duration_seconds_count{k8s_namespace_name="shop",k8s_deployment_name="web",server_address="10.9.9.9"}',
    ],
    [
      'an application name that is nobody here',
      'pg_stat_activity_count{namespace="shop",pod="mysql-0",application_name="PostgreSQL JDBC Driver"}',
    ],
    [
      'an exporter that is not the broker',
      'kafka_topic_partition_current_offset{topic="orders",namespace="shop",pod="kafka-exporter-7d9f8b6c5d-x7k2p"}',
    ],
    [
      'metrics that end alike',
      'my_request_total{direction="outbound",namespace="shop",deployment="web",dst_deployment="cart"}',
    ],
  ])('%s', (_, series) => {
    expect(new Learning().see(SHOP).see(series).settle().edges).toEqual([]);
  });

  it('a counter that does not count', () => {
    const series = 'traces_service_graph_request_total{client="web",server="cart"}';
    const learning = new Learning().see(SHOP).see(series, 0).settle();
    expect(learning.edges).toEqual([]);
    learning.now += 60_000;
    expect(learning.see(series, 3).settle().edges).toHaveLength(1);
  });
});
