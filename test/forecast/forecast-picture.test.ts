import { expect, it } from 'vitest';
import { DAY, HOUR, sawtooth } from './disk-traces.ts';
import { forecastPicture } from './forecast-picture.ts';

const weekday = (s: number) => 5 * Math.floor(s / DAY / 7) + Math.min((s / DAY) % 7, 5);

it('docs/forecasting.svg shows what the forecasts of today say', async () => {
  const picture = forecastPicture([
    {
      title: 'A leak, on the third day of five',
      trace: { days: 8, used: (s) => 45 + (55 * Math.max(0, s - DAY)) / DAY / 5 },
      day: 3,
    },
    {
      title: '2 % a day on weekdays, seen on a Sunday',
      trace: { days: 40, used: (s) => 50 + 2 * weekday(s) },
      day: 20.5,
    },
    {
      title: 'Cleaned up every eight hours, 1 % more a day',
      trace: { days: 20, used: (s) => sawtooth(s, 70, 85, 8 * HOUR) + s / DAY },
      day: 8.2,
    },
  ]);
  expect(picture).not.toMatch(/NaN|Infinity|undefined/);
  await expect(picture).toMatchFileSnapshot('../../docs/forecasting.svg');
});
