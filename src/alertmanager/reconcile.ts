import type { Alert } from '../model/alert.ts';
import type { AlertMember, Sighting } from '../model/incident.ts';
import type { PeerAlert } from './peer-alerts.ts';

/** What one peer said when it was asked. */
export interface PeerAnswer {
  readonly alerts: readonly PeerAlert[];
  /** Only alerts that go to this receiver are taken in; undefined for all. */
  readonly receiver: string | undefined;
  /** Whether it runs for long enough that everything that fires has been sent to it since its start. */
  readonly isSettled: boolean;
}

/** An open firing, as one replica of Prometheus reported it, that no peer knows any more. */
export interface Unlisted {
  /** Of the member that it is. */
  readonly key: string;
  readonly fingerprint: string;
  readonly replica: string;
}

/** How what is known here differs from what the peers say. */
interface Differences {
  /** They fire, and we were not told. */
  readonly missed: readonly Alert[];
  /** They fire and nobody is notified, so nobody told us. */
  readonly muted: readonly PeerAlert[];
  readonly unlisted: readonly Unlisted[];
}

/** What makes a firing the same for two peers: labels and replica. The start may differ by what each has seen. */
export function listingKey({ fingerprint, replica }: Pick<Alert, 'fingerprint' | 'replica'>): string {
  return `${fingerprint} ${replica}`;
}

/**
 * Compares the open alerts with what all peers list. Absence means that an alert has ended only if every peer was heard and
 * has had time to be told; and only for alerts whose end somebody has to tell: the others expire by themselves.
 * @param answers one for each peer, undefined for one that did not answer
 * @param lastAlert the newest firing of a fingerprint
 * @param mayBeMember whether an alert can be part of an incident at all
 * @param askedAt what was admitted later may be missing from the answers
 */
export function compareWithPeers(
  answers: readonly (PeerAnswer | undefined)[],
  openAlerts: Iterable<AlertMember>,
  lastAlert: (fingerprint: string) => AlertMember | undefined,
  mayBeMember: (alert: Alert) => boolean,
  askedAt: number,
): Differences {
  const heard = answers.filter((answer) => answer !== undefined);
  const listed = unionOf(heard.flatMap(({ alerts }) => alerts));
  const ours = unionOf(heard.flatMap(({ alerts, receiver }) => alerts.filter((each) => goesTo(each, receiver))));
  const news = [...ours.values()].filter(
    ({ alert }) => mayBeMember(alert) && isNews(alert, lastAlert(alert.fingerprint)),
  );
  const mayEnd = heard.length === answers.length && heard.every(({ isSettled }) => isSettled);
  return {
    missed: news.filter(({ mutedAs }) => mutedAs === undefined).map(({ alert }) => alert),
    muted: news.filter(({ mutedAs }) => mutedAs !== undefined),
    unlisted: mayEnd ? unlisted(openAlerts, listed, askedAt) : [],
  };
}

/** Of what several peers list the earliest start counts, and that one of them notifies of it. */
function unionOf(all: readonly PeerAlert[]): Map<string, PeerAlert> {
  const union = new Map<string, PeerAlert>();
  for (const each of all) {
    const key = listingKey(each.alert);
    const known = union.get(key);
    const earlier = known === undefined || each.alert.startsAt < known.alert.startsAt ? each : known;
    const notified = known?.mutedAs === undefined ? (known ?? each) : each;
    union.set(key, { ...notified, alert: earlier.alert });
  }
  return union;
}

function goesTo({ receivers }: PeerAlert, receiver: string | undefined): boolean {
  return receiver === undefined || receivers.includes(receiver);
}

/** What somebody has told to be over does not come back by being listed a moment longer. */
function isNews(alert: Alert, last: AlertMember | undefined): boolean {
  const { replica, startsAt } = alert;
  const sighting = last?.firing.replicas.get(replica);
  if (sighting === undefined || startsAt > sighting.startsAt) return true;
  return sighting.endsAt !== undefined && sighting.expired;
}

function unlisted(
  openAlerts: Iterable<AlertMember>,
  listed: ReadonlyMap<string, PeerAlert>,
  askedAt: number,
): Unlisted[] {
  return [...openAlerts].flatMap(({ key, firing, admittedAt }) =>
    [...firing.replicas]
      .filter(([, sighting]) => admittedAt < askedAt && hasToBeEnded(sighting))
      .map(([replica]) => ({ key, fingerprint: firing.alert.fingerprint, replica }))
      .filter((each) => !listed.has(listingKey(each))),
  );
}

function hasToBeEnded({ endsAt, expiresAt }: Sighting): boolean {
  return endsAt === undefined && expiresAt === undefined;
}
