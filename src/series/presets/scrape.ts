import { type Preset, STATE } from './preset.ts';

/** What Prometheus itself says of every target. */
export const SCRAPE: Preset = {
  name: 'scrape',
  seenIn: 'Prometheus 2.42 adds them; the last two with `--enable-feature=extra-scrape-metrics`',
  groupBy: ['cluster', 'namespace', 'job'],
  entries: [
    { series: ['up'], about: 'whether the target answers', isGolden: true, direction: 'down', range: STATE },
    {
      series: ['scrape_duration_seconds'],
      about: 'time to answer a scrape',
      direction: 'up',
      atLeast: 0.1,
    },
    {
      series: [
        'scrape_samples_post_metric_relabeling',
        'scrape_series_added',
        'scrape_timeout_seconds',
        'scrape_sample_limit',
      ],
      about: 'settings, and what scrape_samples_scraped says as well',
      kind: 'unscored',
    },
  ],
};
