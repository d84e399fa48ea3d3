import { describe, expect, it } from 'vitest';
import { KIND, kindOf, type MetricType } from '../../src/series/kinds.ts';

describe('the kind of a metric', () => {
  it.each<[string, MetricType | undefined, keyof typeof KIND]>([
    ['node_load1', undefined, 'gauge'],
    ['node_load1', 'gauge', 'gauge'],
    ['http_requests_total', undefined, 'counter'],
    ['http_requests', 'counter', 'counter'],
    ['jobs_total', 'gauge', 'gauge'],
    ['up', undefined, 'gauge'],
    ['feature_flags', 'stateset', 'gauge'],
    ['rpc_seconds_bucket', undefined, 'bucket'],
    ['rpc_seconds_bucket', 'histogram', 'bucket'],
    ['rpc_seconds_sum', 'histogram', 'counter'],
    ['rpc_seconds_count', undefined, 'counter'],
    ['queue_age_bucket', 'gaugehistogram', 'ignoredBucket'],
    ['queue_age_gsum', 'gaugehistogram', 'gauge'],
    ['rpc_seconds', 'summary', 'gauge'],
    ['rpc_seconds_sum', 'summary', 'counter'],
    ['kube_pod_info', undefined, 'info'],
    ['go_build_info', 'gauge', 'info'],
    ['target', 'info', 'info'],
    ['process_start_time_seconds', 'gauge', 'timestamp'],
    ['http_requests_created', 'counter', 'timestamp'],
    ['kube_cronjob_next_schedule_time', undefined, 'timestamp'],
    ['prometheus_config_last_reload_success_timestamp_seconds', 'gauge', 'timestamp'],
    ['certmanager_certificate_expiration_timestamp_seconds', 'gauge', 'timestamp'],
    ['go_gc_pause_time_seconds', undefined, 'gauge'],
    ['job_run_time_seconds', undefined, 'gauge'],
    ['anomaly_score', 'gauge', 'ignoredOwn'],
    ['ALERTS_FOR_STATE', undefined, 'ignoredAlerts'],
  ])('%s of type %s is %s', (name, type, kind) => {
    expect(kindOf(name, type)).toBe(KIND[kind]);
  });
});
