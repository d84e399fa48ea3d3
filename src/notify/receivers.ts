import type { IncidentAlertOptions } from '../alertmanager/incident-alert.ts';
import type { Peer } from '../alertmanager/peer.ts';
import type { Config } from '../config/schema.ts';
import { createAlertmanagerReceiver } from './alertmanager.ts';
import type { Receiver, ReceiverSurroundings } from './receiver.ts';
import { createSlackReceiver } from './slack.ts';
import { createWebhookReceiver } from './webhook.ts';

/** Makes the receivers of the section `notify`; that of Alertmanager is one for each peer. */
export function createReceivers(
  notify: Config['notify'],
  peers: readonly Peer[],
  options: ReceiverSurroundings & IncidentAlertOptions,
): Receiver[] {
  return notify.flatMap(({ webhook, slack, alertmanager }, i) => {
    const place = `notify[${i}]`;
    if (webhook !== undefined) return [createWebhookReceiver(`${place}.webhook`, webhook, options)];
    if (slack !== undefined) return [createSlackReceiver(`${place}.slack`, slack, options)];
    const { resolveTimeoutMs } = alertmanager!;
    return peers.map((peer, j) =>
      createAlertmanagerReceiver(`${place}.alertmanager[${j}]`, { ...options, peer, resolveTimeoutMs }),
    );
  });
}
