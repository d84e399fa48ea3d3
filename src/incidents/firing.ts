import type { Alert } from '../model/alert.ts';
import type { Firing, Sighting } from '../model/incident.ts';

/** What an incoming alert turned out to be. */
interface Receipt {
  /** `late`: about a firing that has ended, ignored. `repeated`: nothing new but, perhaps, a later expiry. */
  readonly outcome: 'started' | 'changed' | 'repeated' | 'late';
  /** The alert's latest firing from now on. */
  readonly firing: Firing;
  /**
   * `duplicate`: another replica, or the same one anew, reports a firing that is known from elsewhere. `late`: it is about
   * something that had ended; nothing is noted of it if it only repeats what is known.
   */
  readonly aside?: 'duplicate' | 'late';
  /** When `started`: the firing before it, if that one had to be ended because its resolve never came. */
  readonly superseded?: Firing;
}

const NO_REPLICAS: Firing['replicas'] = new Map();

/**
 * Fits an incoming alert into what is known of its fingerprint. Every delivery repeats what was sent before, pairs of
 * Prometheus send everything twice, and deliveries overtake each other; so this is where identity is decided:
 * a firing is (fingerprint, startsAt), its start may move back, a newer start is a new firing, an explicit end is final, and
 * it ends when all replicas say so.
 */
export function receiveAlert(last: Firing | undefined, alert: Alert): Receipt {
  if (last === undefined) return { outcome: 'started', firing: startFiring(alert, NO_REPLICAS) };
  const sighting = last.replicas.get(alert.replica);
  if (sighting === undefined) return receiveFromNewReplica(last, alert);
  if (alert.startsAt <= (sighting.endedStartsAt ?? Number.NEGATIVE_INFINITY)) return ignore(last, alert);
  if (alert.startsAt > sighting.startsAt && !isCoveredBy(sighting, alert)) return receiveNewer(last, sighting, alert);
  if (sighting.endsAt === undefined) return continueSighting(last, sighting, alert);
  return receiveAfterEnd(last, sighting, alert);
}

/** Ends what was not sent again in time; undefined when nothing has expired at `now`. */
export function expireFiring(firing: Firing, now: number): Firing | undefined {
  let hasExpired = false;
  const replicas = new Map(firing.replicas);
  for (const [replica, sighting] of replicas) {
    if (sighting.endsAt !== undefined || sighting.expiresAt === undefined || sighting.expiresAt > now) continue;
    replicas.set(replica, { ...sighting, endsAt: sighting.expiresAt, expired: true });
    hasExpired = true;
  }
  return hasExpired ? withReplicas(firing.alert, replicas) : undefined;
}

/** Ends what one replica reported although it never said so: the same firing may turn out to go on. */
export function assumeEnded(firing: Firing, replica: string, endsAt: number): Firing {
  const sighting = firing.replicas.get(replica)!;
  return withReplicas(firing.alert, new Map(firing.replicas).set(replica, { ...sighting, endsAt, expired: true }));
}

/** Ends what has not been heard of since `at`, and may go on all the same. */
export function loseSight(firing: Firing, at: number): Firing {
  const replicas = new Map(firing.replicas);
  for (const [replica, sighting] of replicas) {
    if (sighting.endsAt === undefined) replicas.set(replica, { ...sighting, endsAt: at, expired: true });
  }
  return withReplicas(firing.alert, replicas);
}

/** When the first of its open sightings expires, Infinity when only an explicit resolve ends it. */
export function nextExpiry(firing: Firing): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { endsAt, expiresAt } of firing.replicas.values()) {
    if (endsAt === undefined && expiresAt !== undefined) next = Math.min(next, expiresAt);
  }
  return next;
}

/** Gives what would expire time until `graceUntil`: while nobody listened, nobody heard it being sent again. */
export function postponeExpiry(firing: Firing, graceUntil: number): Firing {
  const replicas = new Map(firing.replicas);
  for (const [replica, sighting] of replicas) {
    if (sighting.endsAt !== undefined || sighting.expiresAt === undefined) continue;
    replicas.set(replica, { ...sighting, expiresAt: Math.max(sighting.expiresAt, graceUntil) });
  }
  return { ...firing, replicas };
}

function startFiring(alert: Alert, earlier: Firing['replicas']): Firing {
  const before = earlier.get(alert.replica);
  const replicas = new Map(earlier).set(alert.replica, sightingOf(alert, before?.startsAt));
  return withReplicas(alert, replicas);
}

/** A replica that had not spoken yet: within the firing's time it means the same firing, after it a new one. */
function receiveFromNewReplica(last: Firing, alert: Alert, endedStartsAt?: number): Receipt {
  const isSame = last.alert.endsAt === undefined || alert.startsAt <= last.alert.endsAt;
  const startsTooEarly = alert.endsAt !== undefined && alert.endsAt < last.alert.startsAt;
  if (startsTooEarly) return ignore(last, alert);
  if (!isSame) return { outcome: 'started', firing: startFiring(alert, last.replicas) };
  return { outcome: 'changed', firing: join(last, alert, sightingOf(alert, endedStartsAt)), aside: 'duplicate' };
}

/** A later start from the same replica: its own earlier firing is over, that of another replica may go on. */
function receiveNewer(last: Firing, sighting: Sighting, alert: Alert): Receipt {
  // The other replicas began the last firing; this one has said nothing of it so far.
  const isNewToIt = sighting.endsAt !== undefined && sighting.endsAt < last.alert.startsAt;
  if (isNewToIt) return receiveFromNewReplica(last, alert, sighting.startsAt);
  const goesOnElsewhere = [...last.replicas].some(
    ([replica, { startsAt, endsAt }]) =>
      replica !== alert.replica && (endsAt === undefined || startsAt === alert.startsAt),
  );
  if (goesOnElsewhere) {
    const firing = join(last, alert, sightingOf(alert, sighting.startsAt));
    return { outcome: 'changed', firing, aside: 'duplicate' };
  }
  const started = startFiring(alert, last.replicas);
  if (last.alert.endsAt !== undefined) return { outcome: 'started', firing: started };
  const replicas = new Map(last.replicas).set(alert.replica, { ...sighting, endsAt: alert.startsAt });
  return { outcome: 'started', firing: started, superseded: withReplicas(last.alert, replicas) };
}

function continueSighting(last: Firing, sighting: Sighting, alert: Alert): Receipt {
  if (alert.endsAt !== undefined) {
    if (alert.endsAt < sighting.startsAt) return ignore(last, alert);
    return { outcome: 'changed', firing: join(last, alert, { ...sighting, endsAt: alert.endsAt }) };
  }
  const expiresAt = latest(sighting.expiresAt, alert.expiresAt);
  const startsAt = Math.min(sighting.startsAt, alert.startsAt);
  const isRepeated = alert.startsAt >= last.alert.startsAt && isSameText(last.alert, alert);
  // Nearly all alerts that arrive: nothing is made for them.
  if (isRepeated && expiresAt === sighting.expiresAt) return { outcome: 'repeated', firing: last };
  const firing = join(last, alert, { ...sighting, startsAt, expiresAt });
  return { outcome: isRepeated ? 'repeated' : 'changed', firing };
}

/** An end that was only assumed is corrected by whatever comes later; an explicit one is not. */
function receiveAfterEnd(last: Firing, sighting: Sighting, alert: Alert): Receipt {
  if (alert.endsAt === undefined) {
    const goesOn = sighting.expired && latest(alert.expiresAt, sighting.endsAt) !== sighting.endsAt;
    if (!goesOn) return ignore(last, alert);
    return { outcome: 'changed', firing: join(last, alert, sightingOf(alert, sighting.endedStartsAt)) };
  }
  if (!sighting.expired || alert.startsAt < sighting.startsAt) return ignore(last, alert);
  return { outcome: 'changed', firing: join(last, alert, { ...sighting, endsAt: alert.endsAt, expired: false }) };
}

/** About a firing that is over: to say so again is a repetition, to say that it fires is too late. */
function ignore(last: Firing, alert: Alert): Receipt {
  return { outcome: alert.endsAt === undefined ? 'late' : 'repeated', firing: last, aside: 'late' };
}

/** A sender that gives no start means the firing that still counts: Alertmanager merges overlapping spans likewise. */
function isCoveredBy(sighting: Sighting, alert: Alert): boolean {
  const until = sighting.expired || sighting.endsAt === undefined ? sighting.expiresAt : undefined;
  return until !== undefined && alert.startsAt <= until;
}

function join(last: Firing, alert: Alert, sighting: Sighting): Firing {
  const replicas = new Map(last.replicas).set(alert.replica, sighting);
  return withReplicas({ ...alert, startsAt: Math.min(last.alert.startsAt, alert.startsAt) }, replicas);
}

function withReplicas(alert: Alert, replicas: Firing['replicas']): Firing {
  const endsAt = commonEnd(replicas);
  return { alert: alert.endsAt === endsAt ? alert : { ...alert, endsAt }, replicas };
}

/** The latest end, undefined as long as one replica gives none. */
function commonEnd(replicas: Firing['replicas']): number | undefined {
  let last = Number.NEGATIVE_INFINITY;
  for (const { endsAt } of replicas.values()) {
    if (endsAt === undefined) return undefined;
    last = Math.max(last, endsAt);
  }
  return last;
}

function sightingOf(alert: Alert, endedStartsAt: number | undefined): Sighting {
  return { startsAt: alert.startsAt, endsAt: alert.endsAt, expiresAt: alert.expiresAt, expired: false, endedStartsAt };
}

/** The later of two expiries; undefined, which means never, is the latest. */
function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b);
}

function isSameText(before: Alert, after: Alert): boolean {
  if (before.generatorUrl !== after.generatorUrl) return false;
  if (before.annotations.size !== after.annotations.size) return false;
  for (const [name, value] of after.annotations) if (before.annotations.get(name) !== value) return false;
  return true;
}
