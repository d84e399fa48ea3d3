import { ANY, type Preset, TARGET, TWO_A_MINUTE } from './preset.ts';

/** danielqsj/kafka_exporter, and brokers by JMX exporter with its example rules. */
export const KAFKA: Preset = {
  name: 'kafka_exporter',
  seenIn:
    'the documentation of kafka_exporter 1.10; metrics of brokers as the example configuration of jmx_exporter names them',
  groupBy: TARGET,
  entries: [
    { series: ['kafka_brokers'], about: 'brokers that are there', isGolden: true, direction: 'down', atLeast: ANY },
    {
      series: ['kafka_consumergroup_lag_sum'],
      about: 'messages that wait, for each group and topic: a gauge, whatever its name',
      kind: 'gauge',
      isGolden: true,
      direction: 'up',
      atLeast: 100,
    },
    { series: ['kafka_consumergroup_lag'], about: 'the same for each partition', direction: 'up', atLeast: 100 },
    { series: ['kafka_consumergroup_members'], about: 'consumers that are there', isGolden: true, direction: 'down' },
    {
      series: [
        'kafka_topic_partition_current_offset',
        'kafka_consumergroup_current_offset',
        'kafka_consumergroup_current_offset_sum',
      ],
      about: 'messages in and out: counters, though they call themselves gauges',
      kind: 'counter',
    },
    {
      series: [
        'kafka_topic_partition_under_replicated_partition',
        'kafka_server_replicamanager_underreplicatedpartitions',
        'kafka_server_replicamanager_underminisrpartitioncount',
        'kafka_server_replicamanager_offlinereplicacount',
        'kafka_controller_kafkacontroller_offlinepartitionscount',
      ],
      about: 'partitions with too few replicas',
      isGolden: true,
      direction: 'up',
      atLeast: ANY,
    },
    {
      series: ['kafka_topic_partition_in_sync_replica', 'kafka_controller_kafkacontroller_activecontrollercount'],
      about: 'replicas that follow, controllers that lead',
      direction: 'down',
      atLeast: ANY,
    },
    {
      series: [
        'kafka_server_brokertopicmetrics_messagesin_total',
        'kafka_server_brokertopicmetrics_bytesin_total',
        'kafka_server_brokertopicmetrics_bytesout_total',
      ],
      about: 'traffic of a broker',
      isGolden: true,
    },
    {
      series: [
        'kafka_server_brokertopicmetrics_failedfetchrequests_total',
        'kafka_server_brokertopicmetrics_failedproducerequests_total',
        'kafka_server_replicamanager_isrshrinks_total',
        'kafka_controller_controllerstats_uncleanleaderelections_total',
      ],
      about: 'requests that failed, replicas that fell behind',
      isGolden: true,
      direction: 'up',
      atLeast: TWO_A_MINUTE,
    },
    {
      series: [
        'kafka_topic_partitions',
        'kafka_topic_partition_replicas',
        'kafka_topic_partition_leader',
        'kafka_topic_partition_leader_is_preferred',
        'kafka_topic_partition_oldest_offset',
        'kafka_server_replicamanager_leadercount',
        'kafka_server_replicamanager_partitioncount',
      ],
      about: 'how topics are laid out',
      kind: 'unscored',
    },
  ],
};
