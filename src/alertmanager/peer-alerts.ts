import type { LedgerEntry } from '../incidents/receive-delivery.ts';
import {
  type AlertReadingOptions,
  isJsonObject,
  type JsonObject,
  readAlert,
  readAlerts,
  readTime,
} from '../ingest/alert-fields.ts';
import type { Alert } from '../model/alert.ts';

/** Why Alertmanager notifies nobody of an alert that fires. */
type Muting = 'silenced' | 'inhibited' | 'maintenance';

/** An alert as a peer lists it: it fires. */
export interface PeerAlert {
  readonly alert: Alert;
  /** Undefined for one that Alertmanager notifies of. */
  readonly mutedAs: Muting | undefined;
  /** Ids of the silences, fingerprints of what inhibits it, or names of the mute time intervals. */
  readonly mutedBy: readonly string[];
  readonly receivers: readonly string[];
}

/**
 * Reads the answer of `GET /api/v2/alerts` (api/v2/openapi.yaml of prometheus/alertmanager). `endsAt` there is when the
 * alert will time out, and not an end.
 * @throws Error when it is no such list; one bad alert makes it none, because what is missing from it counts as ended
 */
export function parsePeerAlerts(text: string, options: AlertReadingOptions): PeerAlert[] {
  const items: unknown = JSON.parse(text);
  if (!Array.isArray(items)) throw new Error('the answer is not a list of alerts');
  const details = new Map<Alert, Omit<PeerAlert, 'alert'>>();
  const { alerts, problems } = readAlerts(items, (item) => {
    const alert = readOne(item, options);
    details.set(alert, { ...readStatus(item.status), receivers: readNames(item.receivers) });
    return alert;
  });
  if (problems.length > 0) throw new Error(problems[0]);
  return alerts.map((alert) => ({ alert, ...details.get(alert)! }));
}

function readOne(item: JsonObject, options: AlertReadingOptions): Alert {
  const startsAt = readTime(item.startsAt, 'startsAt');
  if (startsAt === undefined) throw new Error('startsAt is missing');
  return readAlert(item, options, { startsAt, endsAt: undefined, expiresAt: undefined, group: '', extra: {} });
}

function readStatus(status: unknown): Pick<PeerAlert, 'mutedAs' | 'mutedBy'> {
  const { silencedBy, inhibitedBy, mutedBy } = isJsonObject(status) ? status : {};
  for (const [mutedAs, by] of Object.entries({ silenced: silencedBy, inhibited: inhibitedBy, maintenance: mutedBy })) {
    const names = readStrings(by);
    if (names.length > 0) return { mutedAs: mutedAs as Muting, mutedBy: names };
  }
  return { mutedAs: undefined, mutedBy: [] };
}

function readNames(receivers: unknown): string[] {
  return Array.isArray(receivers)
    ? readStrings(receivers.map((receiver) => isJsonObject(receiver) && receiver.name))
    : [];
}

function readStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** A muted alert as the ledger of noise has it. */
export function ledgerEntryOf({ alert, mutedAs, mutedBy }: PeerAlert): LedgerEntry {
  return { alert, account: mutedAs!, reason: `by ${mutedBy.join(', ')}` };
}
