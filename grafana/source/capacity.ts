import { dashboard, labelVariable, lines, rows, stacked, WIDTH } from './parts.ts';

const CHOSEN = 'resource=~"$resource",namespace=~"$namespace",instance=~"$instance"';
const fullIn = (quantile: string) =>
  `min(predict_full_in_seconds{${CHOSEN},quantile="${quantile}"} < +Inf) or on () vector(NaN)`;

/** What fills up next. */
export const capacity = dashboard(
  'capacity',
  'what fills up',
  'Disks, volumes, memory, descriptors, pools, queues and certificates: when they will be full, empty or expired.',
)
  .time({ from: 'now-7d', to: 'now' })
  .withVariable(labelVariable('resource', 'Resource', 'predict_full_state'))
  .withVariable(labelVariable('namespace', 'Namespace', 'predict_full_state{resource=~"$resource"}'))
  .withVariable(labelVariable('instance', 'Instance', 'predict_full_state{resource=~"$resource"}'))
  .withPanel(
    rows(
      'Full next',
      'Time until full, the median of the forecast.',
      `bottomk(20, predict_full_in_seconds{${CHOSEN},quantile="0.5"} < +Inf)`,
      {
        resource: 'Resource',
        namespace: 'Namespace',
        instance: 'Instance',
        mountpoint: 'Mount point',
        persistentvolumeclaim: 'Volume claim',
      },
      'Full in',
      's',
      'rising',
    ).span(WIDTH.whole),
  )
  .withPanel(
    lines('Used', 'Share of what counts as full.', 'percentunit', [
      {
        expr: `predict_used_ratio{${CHOSEN}}`,
        legend: '{{resource}} {{namespace}} {{instance}} {{mountpoint}}{{persistentvolumeclaim}}',
      },
    ])
      .max(1)
      .span(WIDTH.whole),
  )
  .withPanel(
    lines(
      'Time until full: forecast and band',
      'Of what is full first among those chosen: one chance in ten that it is before the lower edge, one in ten that it is after the upper one.',
      's',
      [
        { expr: fullIn('0.1'), legend: 'earliest' },
        { expr: fullIn('0.5'), legend: 'expected' },
        { expr: fullIn('0.9'), legend: 'latest' },
      ],
    )
      .overrideByName('latest', [
        { id: 'custom.fillBelowTo', value: 'earliest' },
        { id: 'custom.lineWidth', value: 0 },
        { id: 'custom.fillOpacity', value: 20 },
      ])
      .overrideByName('earliest', [{ id: 'custom.lineWidth', value: 0 }])
      .span(WIDTH.half),
  )
  .withPanel(
    stacked('State', 'How many resources fill, are flat, drain …', 'short', [
      { expr: `count by (state) (predict_full_state{${CHOSEN}})`, legend: '{{state}}' },
    ]).span(WIDTH.half),
  )
  .withPanel(
    stacked(
      'Were the forecasts right?',
      'Forecasts of the last seven days about which the truth is known: full before the band (early), within it, not even at its end (late), room was made (averted), or nothing was said (unforeseen).',
      'short',
      [
        {
          expr: 'sum by (outcome) (increase(pronoia_forecasts_matured_total{resource=~"$resource"}[7d]))',
          legend: '{{outcome}}',
        },
      ],
    ).span(WIDTH.half),
  )
  .withPanel(
    lines(
      'Error of the expected time',
      'Middle one of the last 50 forecasts that were followed by a fill, as a share of the time that it took.',
      'percentunit',
      [{ expr: 'pronoia_forecast_error_ratio{resource=~"$resource"}', legend: '{{resource}}' }],
    ).span(WIDTH.half),
  );
