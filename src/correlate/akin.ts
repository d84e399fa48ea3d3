import type { Reason } from '../model/incident.ts';
import { compareBytes } from '../model/labels.ts';
import type { Company } from './co-occurrence.ts';
import type { CorrelationWindows } from './correlator.ts';
import type { Experience, Likeness } from './experience.ts';
import type { Group, GroupMember } from './group.ts';
import { fadedBy, isOpenTo, type Span, spanOfSigns, timeReason } from './joining.ts';
import { isRefused, type PeoplesWord } from './peoples-word.ts';
import { firstAlert, type Sign } from './sign.ts';

/** What each kind of evidence weighs in the logit of belonging together, and how improbable that is without any. */
const PRIOR = -2.5;
const WEIGHT = { time: 1, labels: 1.5, words: 0.7, company: 2 } as const;
/** Evidence that adds less decides nothing. */
const MIN_EVIDENCE = 0.2;
/** Time apart, so many kinds of evidence have to agree. */
const MIN_KINDS = 2;
/** What is together stays so unless it is less probable than 35 %: what was learnt changes a little all the time. */
const STAY = Math.log(0.35 / 0.65);

/** What opened an incident: everything that joins is compared with it, and never with what joined before. */
interface Opener {
  readonly sign: Sign;
  readonly members: GroupMember[];
  readonly span: Span;
}

/**
 * The weakest evidence there is: labels that say much, wording, and what has begun together before. It joins only what
 * nothing else has explained, and only where at least one of the two names no thing that is known: where both do, the
 * dependencies between them have been heard already.
 */
export function joinAkin(
  groups: readonly Group[],
  windows: CorrelationWindows,
  experience: Experience,
  word: PeoplesWord,
): Group[] {
  if (experience.isEmpty) return [...groups];
  const openers = new Openers(experience);
  const joined: Group[] = [];
  for (const group of groups.toSorted((a, b) => byBeginning(first(a), first(b)))) {
    const sign = first(group);
    const candidates = [...openers.candidates(sign)].filter(([opener]) => !isRefused(word, sign, opener.sign));
    const home = bestHome(sign, candidates, windows, experience);
    if (home !== undefined) {
      const { opener, likeness } = home;
      const because = reasonsOf(sign, opener, likeness);
      opener.members.push(...group.members.map((member) => ({ ...member, because })));
      opener.span.lastOnset = Math.max(opener.span.lastOnset, sign.onset);
      continue;
    }
    const members = [...group.members];
    joined.push({ ...group, members });
    openers.add({ sign, members, span: spanOfSigns([sign]) });
  }
  return joined;
}

/** The latest opener of each kind, and with each label. */
class Openers {
  readonly #experience: Experience;
  readonly #byKind = new Map<string, Opener>();
  readonly #byPair = new Map<string, Opener>();
  readonly #companions = new Map<string, ReadonlyMap<string, Company>>();

  constructor(experience: Experience) {
    this.#experience = experience;
  }

  add(opener: Opener): void {
    const { sign } = opener;
    this.#byKind.set(sign.kind, opener);
    if (sign.entityKey !== '') return;
    for (const pair of this.#experience.pairsOf(sign)) this.#byPair.set(pair, opener);
  }

  candidates(sign: Sign): Map<Opener, Company | undefined> {
    const found = new Map<Opener, Company | undefined>();
    if (sign.entityKey === '') {
      for (const pair of this.#experience.pairsOf(sign)) {
        const opener = this.#byPair.get(pair);
        if (opener !== undefined) found.set(opener, this.#companionsOf(sign.kind).get(opener.sign.kind));
      }
    }
    for (const [kind, company] of this.#companionsOf(sign.kind)) {
      const opener = this.#byKind.get(kind);
      if (opener !== undefined && (sign.entityKey === '' || opener.sign.entityKey === '')) found.set(opener, company);
    }
    return found;
  }

  #companionsOf(kind: string): ReadonlyMap<string, Company> {
    let companions = this.#companions.get(kind);
    if (companions === undefined) {
      companions = this.#experience.companionsOf(kind);
      this.#companions.set(kind, companions);
    }
    return companions;
  }
}

function bestHome(
  sign: Sign,
  candidates: readonly (readonly [Opener, Company | undefined])[],
  windows: CorrelationWindows,
  experience: Experience,
): { opener: Opener; likeness: Likeness } | undefined {
  let best: { opener: Opener; likeness: Likeness } | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const [opener, company] of candidates) {
    if (!isOpenTo(sign, opener.span, windows)) continue;
    const likeness = experience.compare(sign, opener.sign, company);
    const shares = [
      WEIGHT.labels * likeness.labels.share,
      WEIGHT.words * likeness.words.share,
      WEIGHT.company * (company?.strength ?? 0),
    ];
    const isThere = sign.incidentId !== undefined && sign.incidentId === opener.sign.incidentId;
    const kinds = shares.filter((share) => share >= MIN_EVIDENCE).length;
    const logit =
      PRIOR + WEIGHT.time * fadedBy(sign.onset - opener.sign.onset) + shares.reduce((sum, share) => sum + share, 0);
    if (kinds < MIN_KINDS || logit < (isThere ? STAY : 0) || logit <= most) continue;
    most = logit;
    best = { opener, likeness };
  }
  return best;
}

function reasonsOf(sign: Sign, { sign: opener, span }: Opener, { labels, words, company }: Likeness): Reason[] {
  const reasons: Reason[] = [];
  if (company !== undefined) {
    const text = `began together with ${opener.kind} ${company.together} of ${company.of} times before`;
    reasons.push({ kind: 'co_occurrence', value: company.strength, text });
  }
  if (labels.pairs.length > 0) {
    reasons.push({ kind: 'labels', value: labels.share, text: `same ${labels.pairs.join(', ')}` });
  }
  if (words.words.length > 0) {
    reasons.push({ kind: 'text', value: words.share, text: `both speak of ${words.words.join(', ')}` });
  }
  return [...reasons, timeReason(sign, span)];
}

function first({ members }: Group): Sign {
  return members[0]!.sign;
}

/** The order of beginnings; of those that began together by what they are, so that the order of arrival decides nothing. */
function byBeginning(a: Sign, b: Sign): number {
  return a.onset - b.onset || compareBytes(a.kind, b.kind) || compareBytes(nameOf(a), nameOf(b));
}

function nameOf(sign: Sign): string {
  return sign.entityKey === '' ? (firstAlert(sign)?.fingerprint ?? '') : sign.entityKey;
}
