import { formatSeries, type Labels, METRIC_NAME } from '../model/labels.ts';
import { CHANGE_RULES, type ChangeRule, ChangeWatch } from './changes.ts';
import type { Claim } from './claims.ts';
import type { LearntTopology } from './learnt-topology.ts';
import { SeriesLabels, type SourceRule } from './source-rule.ts';
import { SOURCE_RULES } from './sources.ts';

/** A longer text of a series is cut: it is there for people to recognise it. */
const MAX_SERIES_TEXT = 300;
/** Names that were looked up once; beyond that the look-ups begin anew. */
const MAX_NAMES = 100_000;

/** A series in which no changes are looked for is looked at so often, whatever its scrape interval: an edge does not live faster. */
const LOOK_EVERY_SECONDS = 45;
/** Series of interest that are followed at most. */
const MAX_SERIES = 1_000_000;
const NO_CLAIMS: readonly Claim[] = [];

/** How a source has been seen, for coverage. Times are epoch milliseconds. */
export interface Sighting {
  firstAt: number;
  lastAt: number;
  /** Series now. */
  series: number;
  /** Series that said nothing, by the label that they lacked. */
  readonly missing: Map<string, number>;
}

/** A series of interest, under one of the rules that want it. There may be very many: it holds next to nothing. */
interface Member {
  readonly rule: SourceRule;
  readonly sighting: Sighting;
  claims: readonly Claim[];
  /** Of a counter: the latest sample, NaN before the first, and the rate per second. */
  value: number;
  at: number;
  rate: number;
}

/** What is kept for a slot. */
interface Watched {
  readonly members: readonly Member[];
  readonly watches: readonly ChangeWatch[];
}

/**
 * Brings the series that say something about topology to it. The name of a new series is looked up once, its labels are
 * read at its first sample, and from then on one sample a minute or so costs a small update; a series of another name costs
 * one byte.
 */
export class SeriesTap {
  /** 1 for slots whose samples are of interest. */
  readonly isMember: Uint8Array;
  readonly topology: LearntTopology;
  /** Series that were left aside because there are so many already. */
  refusedTotal = 0;
  readonly sightings = new Map<SourceRule, Sighting>();
  readonly #labels: (slot: number) => Labels | undefined;
  /** When a slot was looked at last, seconds since the epoch. Apart, because most samples need nothing else. */
  readonly #lookedAt: Uint32Array;
  readonly #slots = new Map<number, Watched>();
  readonly #interest = new Map<string, Interest>();
  #isRefused = false;
  #clusterLabel = 'cluster';

  /**
   * @param capacity largest number of slots
   * @param labels of the series that has a slot
   */
  constructor(capacity: number, topology: LearntTopology, labels: (slot: number) => Labels | undefined) {
    this.isMember = new Uint8Array(capacity);
    this.#lookedAt = new Uint32Array(capacity);
    this.topology = topology;
    this.#labels = labels;
  }

  configure(clusterLabel: string): void {
    this.#clusterLabel = clusterLabel;
  }

  /** Series of interest. */
  get size(): number {
    return this.#slots.size;
  }

  /** A series is new, or known from before a restart. */
  add(slot: number, metricName: string): void {
    if (this.#interestIn(metricName) !== NO_INTEREST) this.isMember[slot] = 1;
  }

  /** Takes a sample of a member. @param at epoch milliseconds, later than the series' last one */
  take(slot: number, at: number, value: number): void {
    const seconds = Math.floor(at / 1000);
    if (seconds - this.#lookedAt[slot]! < LOOK_EVERY_SECONDS) return;
    const watched = this.#slots.get(slot) ?? this.#start(slot);
    if (watched.watches.length === 0) this.#lookedAt[slot] = seconds;
    for (const member of watched.members) this.#see(member, slot, at, value);
    if (this.#isRefused) this.#giveUp(slot);
    for (const watch of watched.watches) watch.take(at, value);
  }

  /** The series has ended, for now. @param at of its stale marker */
  end(slot: number, at: number): void {
    this.#lookedAt[slot] = 0;
    for (const member of this.#slots.get(slot)?.members ?? []) this.#release(member, at);
  }

  /** A slot goes to another series. */
  remove(slot: number): void {
    this.isMember[slot] = 0;
    this.#lookedAt[slot] = 0;
    const watched = this.#slots.get(slot);
    if (watched === undefined) return;
    this.#slots.delete(slot);
    for (const member of watched.members) {
      member.sighting.series--;
      this.#release(member, undefined);
    }
  }

  #start(slot: number): Watched {
    const watched = this.#slots.size < MAX_SERIES ? this.#read(slot) : NOTHING;
    if (this.#slots.size >= MAX_SERIES) this.refusedTotal++;
    // What says nothing is not asked again.
    if (watched === NOTHING) this.isMember[slot] = 0;
    else this.#slots.set(slot, watched);
    return watched;
  }

  #read(slot: number): Watched {
    const series = this.#series(slot);
    if (series === undefined) return NOTHING;
    const { sources, changes } = this.#interestIn(series.get(METRIC_NAME)!);
    const members = sources.flatMap((rule) => this.#member(rule, series) ?? []);
    const { topology } = this;
    const watches = changes.flatMap((rule) => ChangeWatch.of(rule, series, topology.changes, topology.lifting) ?? []);
    return members.length + watches.length === 0 ? NOTHING : { members, watches };
  }

  #member(rule: SourceRule, series: SeriesLabels): Member | undefined {
    const sighting = this.#sighting(rule);
    if (rule.read(series).length > 0) {
      sighting.series++;
      return { rule, sighting, claims: NO_CLAIMS, value: Number.NaN, at: 0, rate: 0 };
    }
    for (const label of rule.labels.filter((text) => isMissing(text, series))) {
      sighting.missing.set(label, (sighting.missing.get(label) ?? 0) + 1);
    }
    return undefined;
  }

  #see(member: Member, slot: number, at: number, value: number): void {
    const { rule, sighting } = member;
    sighting.firstAt ||= at;
    sighting.lastAt = at;
    const isTraffic = rule.evidence === 'traffic';
    const isThere = isTraffic ? this.#count(member, at, value) : rule.evidence === undefined || value > 0;
    // Traffic that had faded away is there again.
    if (isThere && member.claims.some(({ endedAt }) => endedAt !== undefined)) this.#let(member);
    if (member.claims.length === 0 && isThere) this.#hold(member, slot, at);
    for (const claim of member.claims) {
      if (isThere) this.topology.claims.see(claim, at);
      else claim.source.lastAt = Math.max(claim.source.lastAt, at);
    }
  }

  /** Takes a counter's value in. @returns whether it has grown, or is the first one and not 0 */
  #count(member: Member, at: number, value: number): boolean {
    const isFirst = Number.isNaN(member.value);
    // A counter that falls was reset, and has counted on from 0.
    const increase = isFirst || value < member.value ? value : value - member.value;
    const rate = isFirst || at <= member.at ? 0 : (increase * 1000) / (at - member.at);
    this.#rate(member, rate);
    member.value = value;
    member.at = at;
    return increase > 0;
  }

  #rate(member: Member, rate: number): void {
    for (const claim of member.claims) claim.rate = Math.max(0, claim.rate + rate - member.rate);
    member.rate = rate;
  }

  #hold(member: Member, slot: number, at: number): void {
    const series = this.#series(slot);
    if (series === undefined) return;
    const { rule, rate } = member;
    const part = series.get(rule.viewBy ?? rule.groupBy ?? '') ?? '';
    const facts = rule.read(series);
    const hasLink = facts.some(({ kind }) => kind === 'link');
    const provenance = {
      source: rule.source,
      confidence: rule.confidence,
      group: part === '' ? series.cluster : `${series.cluster} ${part}`,
      isView: rule.viewBy !== undefined,
      isTraffic: rule.evidence === 'traffic',
      series: hasLink ? formatSeries(series.labels).slice(0, MAX_SERIES_TEXT) : '',
    };
    member.claims = facts.flatMap((fact) => this.topology.observe(fact, at, provenance) ?? []);
    this.#isRefused = member.claims.length < facts.length;
    for (const claim of member.claims) claim.rate += rate;
  }

  /** There is no room for what the series says: it is not asked again and again. */
  #giveUp(slot: number): void {
    this.#isRefused = false;
    this.remove(slot);
  }

  #series(slot: number): SeriesLabels | undefined {
    const labels = this.#labels(slot);
    return labels && new SeriesLabels(labels, this.#clusterLabel);
  }

  #let(member: Member, staleAt?: number): void {
    for (const claim of member.claims) {
      claim.rate = Math.max(0, claim.rate - member.rate);
      this.topology.claims.release(claim, staleAt);
    }
    member.claims = NO_CLAIMS;
  }

  #release(member: Member, staleAt: number | undefined): void {
    this.#let(member, staleAt);
    member.value = Number.NaN;
    member.rate = 0;
  }

  #sighting(rule: SourceRule): Sighting {
    let sighting = this.sightings.get(rule);
    if (sighting === undefined) {
      sighting = { firstAt: 0, lastAt: 0, series: 0, missing: new Map() };
      this.sightings.set(rule, sighting);
    }
    return sighting;
  }

  #interestIn(metricName: string): Interest {
    let interest = this.#interest.get(metricName);
    if (interest === undefined) {
      if (this.#interest.size >= MAX_NAMES) this.#interest.clear();
      interest = interestIn(metricName);
      this.#interest.set(metricName, interest);
    }
    return interest;
  }
}

interface Interest {
  readonly sources: readonly SourceRule[];
  readonly changes: readonly ChangeRule[];
}

const NOTHING: Watched = { members: [], watches: [] };
const NO_INTEREST: Interest = { sources: [], changes: [] };

function interestIn(metricName: string): Interest {
  const sources = SOURCE_RULES.filter(({ metrics, mayBePrefixed }) =>
    metrics.some((name) => name === metricName || (mayBePrefixed === true && metricName.endsWith(`_${name}`))),
  );
  const changes = CHANGE_RULES.filter(({ metrics }) =>
    metrics.some((name) => (name.startsWith('*') ? metricName.endsWith(name.slice(1)) : name === metricName)),
  );
  return sources.length + changes.length === 0 ? NO_INTEREST : { sources, changes };
}

/** `a or b` is there when one of them is; a text that is no label name can't be told. */
function isMissing(text: string, series: SeriesLabels): boolean {
  const names = text.split(/, | or /).map((name) => name.trim());
  const plain = names.filter((name) => /^[a-z0-9_]+$/i.test(name));
  return plain.length > 0 && plain.every((name) => series.object(name) === undefined);
}
