import { expect, it } from 'vitest';
import { createIncident } from '../../src/incidents/life-cycle.ts';
import { suggestedActions } from '../../src/incidents/suggested-actions.ts';
import type { Entity } from '../../src/model/entity.ts';
import type { AlertMember, Incident } from '../../src/model/incident.ts';
import { createLabels } from '../../src/model/labels.ts';
import { alertOf, minute } from './alert-builders.ts';

const database: Entity = { cluster: '', kind: 'database', namespace: '', name: 'orders' };
const service: Entity = { cluster: '', kind: 'service', namespace: 'shop', name: 'cart' };

const member = (alertname: string, entity: Entity, from: number, runbook: string): AlertMember => {
  const annotations = createLabels([['runbook_url', runbook]]);
  const alert = { ...alertOf({ alertname }, { from }), annotations };
  const membership = { id: from, incidentId: 'i', entity, admittedAt: minute(from), reasons: [], key: `${from}` };
  const onset = { earliest: alert.startsAt, latest: alert.startsAt };
  const placed = { kind: 'alert', role: 'symptom', weak: false, alternatives: [], pinned: false } as const;
  return { ...membership, ...placed, onset, firing: { alert, replicas: new Map() } };
};

const incident = (p: number): Incident => ({
  ...createIncident('i', '', { alert: alertOf({}, { from: 0 }), entity: undefined, isAgain: false, heldUntil: 0 }, 0),
  causes: [{ entity: database, p, text: '', evidence: [] }],
});

it('are runbooks, those of the cause first, then checks for a cause of this kind', () => {
  const members = [
    member('Slow', service, 0, 'https://runbooks/slow'),
    member('Slow', service, 1, 'https://runbooks/slow'),
    member('Down', database, 2, 'https://runbooks/down'),
    member('Odd', service, 3, 'javascript:alert(1)'),
  ];
  expect(suggestedActions(incident(0.9), members).map(({ text, url }) => url ?? text)).toEqual([
    'https://runbooks/down',
    'https://runbooks/slow',
    'Is the primary up, and did a failover happen?',
    'Are connections, locks or the disk exhausted?',
  ]);
});

it('do not speak of a cause that is improbable', () => {
  expect(suggestedActions(incident(0.2), []).map(({ text }) => text)).toEqual([
    'No cause is probable enough: begin with the earliest alert and what it depends on.',
  ]);
});
