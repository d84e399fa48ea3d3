import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PastFiring, PastIncident } from '../../src/noise/history.ts';
import { suggestHold } from '../../src/noise/hold-suggestion.ts';
import { suggestInhibition } from '../../src/noise/inhibit-suggestion.ts';
import { MINUTE, minute } from '../incidents/alert-builders.ts';
import { itWith, run } from '../repo/tools.ts';
import { pastFiring, pastIncident } from './past-firings.ts';

const byIncident = (firings: readonly PastFiring[]) => Map.groupBy(firings, ({ incidentId }) => incidentId);
const incidentsOf = (firings: readonly PastFiring[], more: Partial<PastIncident> = {}) =>
  new Map(firings.map(({ incidentId: id }) => [id, pastIncident({ id, ...more })]));

describe('a longer for:', () => {
  /** Ten firings of a minute and a half and three of an hour, each an incident of its own. */
  const rule = Array.from({ length: 13 }, (_, i) =>
    pastFiring({ alertname: 'Jumpy' }, { from: 100 * i, to: 100 * i + (i < 10 ? 1.5 : 60), incident: `i${i}` }),
  );

  it('is proposed as short as it may be, with what it would have saved, lost and delayed', () => {
    const suggestion = suggestHold('Jumpy', rule, byIncident(rule), incidentsOf(rule))!;
    expect(suggestion.backtest).toEqual({
      alertsSaved: 10,
      incidentsLost: 10,
      lostImportant: 0,
      incidentsDelayed: 3,
      longestDelayMs: 2 * MINUTE,
    });
    expect(suggestion.yaml).toBe(`# 10 of 13 firings were over within 2m.
- alert: "Jumpy"
  for: 2m # on top of what it has now
`);
  });

  it('goes on from the one that there is, where onsets show it', () => {
    const late = rule.map((firing) => ({ ...firing, onsetAt: firing.startsAt - 5 * MINUTE }));
    expect(suggestHold('Jumpy', late, byIncident(late), incidentsOf(late))!.yaml).toContain('for: 7m # it is 5m now');
  });

  it('is not proposed when it would have cost an incident that mattered', () => {
    expect(suggestHold('Jumpy', rule, byIncident(rule), incidentsOf(rule, { severity: 'critical' }))).toBeUndefined();
    const taken = incidentsOf(rule, { acknowledgedAt: minute(3) });
    expect(suggestHold('Jumpy', rule, byIncident(rule), taken)).toBeUndefined();
  });

  it('loses and delays nothing where others say the same at once', () => {
    const others = rule.map(({ incidentId }, i) =>
      pastFiring({ alertname: 'Calm' }, { from: 100 * i, incident: incidentId }),
    );
    const all = byIncident([...rule, ...others]);
    expect(suggestHold('Jumpy', rule, all, incidentsOf(rule, { severity: 'critical' }))!.backtest).toMatchObject({
      incidentsLost: 0,
      incidentsDelayed: 0,
    });
  });

  it('is not proposed for a rule that lasts, that it would switch off, or that hardly ever fires', () => {
    const lasting = rule.slice(10);
    expect(suggestHold('Jumpy', lasting, byIncident(lasting), incidentsOf(lasting))).toBeUndefined();
    const fleeting = rule.slice(0, 10);
    expect(suggestHold('Jumpy', fleeting, byIncident(fleeting), incidentsOf(fleeting))).toBeUndefined();
    const rare = rule.slice(0, 4);
    expect(suggestHold('Jumpy', rare, byIncident(rare), incidentsOf(rare))).toBeUndefined();
  });
});

describe('an inhibition', () => {
  const place = (i: number) => ({ namespace: 'shop', service: `s${i % 3}`, severity: 'warning', job: 'x' });
  const down = Array.from({ length: 8 }, (_, i) =>
    pastFiring({ alertname: 'Down', ...place(i) }, { from: 100 * i, to: 100 * i + 50, incident: `i${i}` }),
  );
  const slow = down.map((_, i) =>
    pastFiring({ alertname: 'Slow', ...place(i) }, { from: 100 * i + 1, to: 100 * i + 40, incident: `i${i}` }),
  );
  const all = [...down, ...slow];
  const suggest = (targets = slow, incidents = incidentsOf(all)) =>
    suggestInhibition(['Down', down], ['Slow', targets], byIncident([...down, ...targets]), incidents);

  it('is proposed for what begins while another alert fires for the same thing', () => {
    const suggestion = suggest()!;
    expect(suggestion.backtest).toMatchObject({ alertsSaved: 8, incidentsLost: 0 });
    expect(suggestion.yaml).toContain('equal: [namespace, service]');
  });

  it('is not proposed the other way round: the effect comes later', () => {
    expect(suggestInhibition(['Slow', slow], ['Down', down], byIncident(all), incidentsOf(all))).toBeUndefined();
  });

  it('is not proposed when they have nothing in common, or meet by chance', () => {
    expect(suggest(slow.map((firing) => ({ ...firing, labels: { alertname: 'Slow', rack: 'r1' } })))).toBeUndefined();
    const elsewhere = Array.from({ length: 4 }, (_, i) =>
      pastFiring({ alertname: 'Slow', ...place(i) }, { from: 100 * i + 70, to: 100 * i + 80, incident: `j${i}` }),
    );
    expect(suggest([...slow, ...elsewhere], incidentsOf([...all, ...elsewhere]))).toBeUndefined();
  });

  it('is not proposed when it would have cost an incident that mattered', () => {
    const alone = slow.map((firing, i) => ({ ...firing, incidentId: `k${i}` }));
    expect(suggest(alone, incidentsOf([...down, ...alone], { severity: 'critical' }))).toBeUndefined();
    expect(suggest(alone, incidentsOf([...down, ...alone]))!.backtest.incidentsLost).toBe(8);
  });

  itWith('amtool', 'can be copied into the configuration of Alertmanager', () => {
    const odd = down.map((firing) => ({ ...firing, labels: { ...firing.labels, alertname: `It's "down"` } }));
    const { yaml } = suggestInhibition(
      [`It's "down"`, odd],
      ['Slow', slow],
      byIncident([...odd, ...slow]),
      incidentsOf(all),
    )!;
    const folder = mkdtempSync(join(tmpdir(), 'inhibition-'));
    const file = join(folder, 'alertmanager.yml');
    writeFileSync(file, `route: { receiver: people }\nreceivers: [{ name: people }]\n${yaml}`);
    expect(run('amtool', 'check-config', file)).toContain('1 inhibit rules');
    rmSync(folder, { recursive: true });
  });
});
