import { type IncidentAlertOptions, incidentAlert } from '../alertmanager/incident-alert.ts';
import type { Peer, PostableAlert } from '../alertmanager/peer.ts';
import type { Outcome } from '../emit/http-client.ts';
import type { IncidentSummary } from '../incidents/summary.ts';
import type { Clock } from '../model/clock.ts';
import { isLast, type Notification } from './notification.ts';
import type { Receiver } from './receiver.ts';

interface AlertmanagerReceiverOptions extends IncidentAlertOptions {
  readonly peer: Peer;
  readonly clock: Clock;
  /** So long after the last post an incident ends in Alertmanager. It is posted twice as often. */
  readonly resolveTimeoutMs: number;
}

/** As many as Prometheus sends at once. */
const ALERTS_PER_POST = 256;

/**
 * Posts each incident as one alert to one Alertmanager, whose routes do the rest. Alertmanager keeps alerts in memory only
 * and ends what is not posted again: so all open incidents are, at half of that time.
 */
export function createAlertmanagerReceiver(name: string, options: AlertmanagerReceiverOptions): Receiver {
  const { peer, clock, resolveTimeoutMs } = options;
  const firingUntil = () => clock.now() + resolveTimeoutMs;

  async function post(alerts: readonly PostableAlert[], stopped: AbortSignal): Promise<Outcome> {
    for (let at = 0; at < alerts.length; at += ALERTS_PER_POST) {
      const outcome = await peer.post(alerts.slice(at, at + ALERTS_PER_POST), stopped);
      if (outcome.kind !== 'sent') return outcome;
    }
    return { kind: 'sent' };
  }

  return {
    name,
    send: (notification, stopped) => post(alertsOf(notification, firingUntil(), options), stopped),
    refresh: {
      everyMs: resolveTimeoutMs / 2,
      send: (open, stopped) =>
        post(
          open.map((notification) => alertOf(notification.incident, notification, firingUntil(), options)),
          stopped,
        ),
    },
  };
}

/** The incident as it is now; and its end under the severity that it had, because that was another alert. */
function alertsOf(notification: Notification, firingUntil: number, options: IncidentAlertOptions): PostableAlert[] {
  const { incident, severityBefore, at } = notification;
  const now = alertOf(incident, notification, isLast(notification) ? at : firingUntil, options);
  if (severityBefore === null || severityBefore === incident.severity) return [now];
  return [now, alertOf({ ...incident, severity: severityBefore }, notification, at, options)];
}

function alertOf(
  incident: IncidentSummary,
  { namespace }: Notification,
  endsAt: number,
  options: IncidentAlertOptions,
): PostableAlert {
  const { startsAt } = incident;
  // Clocks differ: what seems to end before it began is refused.
  return { ...incidentAlert(incident, namespace, options), startsAt, endsAt: Math.max(endsAt, startsAt) };
}
