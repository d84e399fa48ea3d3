import type { RankedCause } from '../model/incident.ts';
import type { Claim } from './claim.ts';
import { nameOf } from './explanation.ts';
import type { Group } from './group.ts';

const MAX_CAUSES = 5;
/** A theory that is worth so much less is e times less probable: worths are sums of guesses, not likelihoods. */
const TEMPERATURE = 4;
/** Something that is not in the graph may always be the cause. */
const MAX_P = 0.95;
/** Less than that is no help. */
const MIN_P = 0.005;
/** A thing with trouble and nothing around it: it starts there, and perhaps it is caused there. */
const P_ALONE = 0.5;
const P_ALONE_SYMPTOM = 0.3;

/** Probable causes of a group, best first: the theory that was believed, then its rivals for the same signs. */
export function rankCauses({ claim, members, rivals }: Group): RankedCause[] {
  if (claim === undefined) return causeAlone(members);
  const signs = new Set(members.map(({ sign }) => sign));
  const competing = rivals.filter(({ theory }) =>
    theory.cone.explained.some((same) => same.some(({ sign }) => signs.has(sign))),
  );
  const claims = uniqueRoots([claim, ...competing]).slice(0, MAX_CAUSES);
  const weights = claims.map(({ worth }) => Math.exp(Math.min(0, worth - claim.worth) / TEMPERATURE));
  const certainty = MAX_P * (1 - Math.exp(-(claim.worth + 1) / TEMPERATURE));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const causes = claims.map((each, i) => ({ ...describe(each), p: round((certainty * weights[i]!) / total) }));
  return causes.filter(({ p }, i) => i === 0 || p >= MIN_P);
}

function causeAlone(members: Group['members']): RankedCause[] {
  const { entity } = members[0]!.sign;
  if (entity === undefined) return [];
  const isSymptom = members.every(({ sign }) => sign.isRequest);
  const kinds = [...new Set(members.map(({ sign }) => sign.kind))];
  const text = `starts at ${nameOf(entity)}; nothing that it needs shows trouble`;
  return [{ entity, p: isSymptom ? P_ALONE_SYMPTOM : P_ALONE, text, evidence: kinds }];
}

function describe({ theory: { hypothesis, missing, cone }, explained }: Claim): Omit<RankedCause, 'p'> {
  const { root, kind, own, from, links, change } = hypothesis;
  const name = nameOf(root);
  const things = new Set(cone.reached.keys()).size - 1;
  const text = {
    affected: `${name}: nothing that it needs was in trouble before it, ${things} that depend on it are`,
    silent: `${name}: it shows nothing itself, but ${links.length - missing} of its ${links.length} callers began to suffer together`,
    late: `${name}: its callers began to suffer together, then it showed trouble itself`,
    host: `${name}: ${links.length - missing} of the ${links.length} workloads on it are in trouble`,
    infrastructure: `${name}: ${things} things that nothing else connects fail together, and it shows trouble`,
  }[kind];
  const changed =
    change === undefined ? [] : [`${change.kind} changed ${sinceChange(from - change.at)}${fromTo(change)}`];
  const kinds = [...new Set(own.map((sign) => sign.kind))].map((each) => `${each} on ${name}`);
  const followers = explained.length === 0 ? [] : [`${explained.length} kinds of trouble follow from it`];
  return { entity: root, text, evidence: [...changed, ...kinds, ...followers] };
}

function sinceChange(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 1 ? 'at that moment' : `${minutes} min before`;
}

function fromTo({ from, to }: { from: string; to: string }): string {
  return from === '' && to === '' ? '' : ` (${from} to ${to})`;
}

function uniqueRoots(claims: readonly Claim[]): Claim[] {
  const seen = new Set<string>();
  return claims.filter(({ theory }) => {
    const { rootKey } = theory.hypothesis;
    return !seen.has(rootKey) && seen.add(rootKey);
  });
}

function round(p: number): number {
  return Math.round(p * 1000) / 1000;
}
