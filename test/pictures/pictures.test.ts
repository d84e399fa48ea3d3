import { describe, expect, it } from 'vitest';
import { textOf } from '../repo/files.ts';
import { forecastDisk } from './disk-picture.ts';
import { pictures } from './pictures.ts';
import { FAULTS, judgedRequests } from './score-picture.ts';
import { replayedStorm } from './storm-picture.ts';

/**
 * What the README says of its pictures holds for the code of today. The files need not be equal to what would be drawn
 * now: a constant that moves a line by a pixel is no reason to draw them anew.
 */
describe('the pictures of the README', () => {
  it('score: both faults are anomalies, and nothing else is', () => {
    const { anomalies } = judgedRequests();
    expect(anomalies).toHaveLength(FAULTS.length);
    for (const [i, { startsAt, endsAt }] of FAULTS.entries()) {
      expect(anomalies[i]!.startsAt).toBeGreaterThanOrEqual(startsAt);
      expect(anomalies[i]!.startsAt).toBeLessThan(endsAt);
      expect(anomalies[i]!.peakScore).toBeGreaterThan(1);
    }
  });

  it('storm: two failures are two incidents, the larger one titled after the database', () => {
    const { incidents } = replayedStorm();
    const [database, partner, ...rest] = incidents;
    expect(database!.incident.causes[0]!.entity.name).toBe('mysql-orders');
    expect(database!.alerts.length).toBeGreaterThan(50);
    expect(partner!.incident.causes.map(({ entity }) => entity.name)).toContain('bank-api');
    expect(rest.every(({ alerts }) => alerts.length < 10)).toBe(true);
  });

  it('disk: it was full between p10 and p90', () => {
    const { said, past, fullAt } = forecastDisk();
    const fullIn = fullAt - past.at(-1)![0];
    expect(said.p10).toBeLessThan(fullIn);
    expect(said.p90).toBeGreaterThan(fullIn);
  });

  it('are in the repository, well-formed, for light and dark pages', () => {
    for (const [file, svg] of pictures()) {
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      for (const each of [svg, textOf(file)]) {
        expect(each).toMatch(/^<svg xmlns[\s\S]*prefers-color-scheme:dark[\s\S]*<\/svg>\n$/);
      }
      expect(textOf('README.md')).toContain(`](${file})`);
    }
  });
});
