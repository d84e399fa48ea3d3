import type { HttpClientOptions, Outcome } from '../emit/http-client.ts';
import type { Notification } from './notification.ts';

/** Someone who is told about incidents. */
export interface Receiver {
  /** As its place in the configuration says: `notify[0].slack`. */
  readonly name: string;
  /** Sends one message. Never rejects. */
  readonly send: (notification: Notification, stopped: AbortSignal) => Promise<Outcome>;
  /** For a receiver that forgets what it is not told again. */
  readonly refresh?: {
    readonly everyMs: number;
    /** Tells it all incidents that are open. Never rejects. */
    readonly send: (open: readonly Notification[], stopped: AbortSignal) => Promise<Outcome>;
  };
}

/** What a receiver needs of the world, and how the incidents are to be named. */
export interface ReceiverSurroundings extends Omit<HttpClientOptions, 'target' | 'timeoutMs'> {
  /** Where people reach Pronoia, empty when nobody said so. */
  readonly externalUrl: string;
}
