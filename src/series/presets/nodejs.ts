import { type Preset, TARGET } from './preset.ts';

/** siimon/prom-client's default metrics. */
export const NODEJS: Preset = {
  name: 'Node.js',
  seenIn: 'prom-client 15.1, run',
  groupBy: TARGET,
  entries: [
    {
      series: ['nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_lag_mean_seconds'],
      about: 'delay of the event loop',
      isGolden: true,
      direction: 'up',
      atLeast: 0.01,
    },
    {
      series: ['nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes'],
      about: 'memory',
      isGolden: true,
      direction: 'up',
    },
    {
      series: ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'],
      about: 'what is open: gauges, whatever their names',
      isGolden: true,
      kind: 'gauge',
      direction: 'up',
      atLeast: 10,
    },
    {
      series: ['nodejs_gc_duration_seconds_sum'],
      about: 'time that goes to the collection of garbage: seconds a second',
      direction: 'up',
      atLeast: 0.02,
    },
    {
      series: [
        'nodejs_eventloop_lag_seconds',
        'nodejs_eventloop_lag_min_seconds',
        'nodejs_eventloop_lag_max_seconds',
        'nodejs_eventloop_lag_stddev_seconds',
        'nodejs_eventloop_lag_p50_seconds',
        'nodejs_eventloop_lag_p90_seconds',
        'nodejs_active_handles',
        'nodejs_active_requests',
        'nodejs_active_resources',
        'nodejs_heap_size_total_bytes',
        'nodejs_heap_space_size_total_bytes',
        'nodejs_heap_space_size_available_bytes',
        'nodejs_heap_space_size_used_bytes',
        'process_heap_bytes',
      ],
      about: 'other forms of the same, and the lag at the moment of the scrape',
      kind: 'unscored',
    },
  ],
};
