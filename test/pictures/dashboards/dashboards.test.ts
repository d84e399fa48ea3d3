import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../../grafana/source/dashboards.ts';
import { textOf } from '../../repo/files.ts';
import type { Dashboard } from './model.ts';
import { written } from './units.ts';

describe.each([...DASHBOARDS])('the picture of %s', (file, json) => {
  const { title, panels } = JSON.parse(json) as Dashboard;
  const picture = `pictures/grafana-${basename(file, '.json')}.svg`;

  it('is in the documents, and has the panels that the dashboard has', () => {
    const svg = textOf(`docs/${picture}`);
    expect(svg).toMatch(/^<svg xmlns[\s\S]*prefers-color-scheme:dark[\s\S]*<\/svg>\n$/);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    for (const each of [title, ...panels.map((panel) => panel.title)]) expect(svg).toContain(`>${each}</text>`);
    expect(textOf('docs/dashboards.md')).toContain(`](${picture})`);
  });

  it('has a legend under every graph of more than one line', () => {
    for (const { type, options, targets } of panels) {
      if (type === 'timeseries' && targets.length > 1) expect(options.legend!.showLegend).toBe(true);
    }
  });
});

describe('units', () => {
  it.each([
    [75, 's', '1.25 mins'],
    [0.004, 's', '4 ms'],
    [13_536, 's', '3.76 hours'],
    [201_326_592, 'bytes', '192 MiB'],
    [0.667, 'percentunit', '66.7%'],
    [12_345, 'short', '12.3 K'],
    [0, 'short', '0'],
  ])('%s in %s is %s', (value, unit, text) => {
    expect(written(value, unit)).toBe(text);
  });
});
