import { Secret } from '../config/secret.ts';
import type { Labels } from '../model/labels.ts';
import {
  createRemoteWriteSender,
  type RemoteWriteSender,
  type RemoteWriteSenderOptions,
} from './remote-write-sender.ts';
import type { RemoteWriteTarget } from './remote-write-target.ts';

/** What all senders have in common. */
type SendersOptions = Omit<RemoteWriteSenderOptions, 'target' | 'externalLabels'>;

/** The senders of the targets that the configuration names, which may change. */
export class RemoteWriteSenders {
  readonly #options: SendersOptions;
  /** By all that they are made from. */
  #senders: ReadonlyMap<string, RemoteWriteSender> = new Map();

  constructor(options: SendersOptions) {
    this.#options = options;
  }

  all(): Iterable<RemoteWriteSender> {
    return this.#senders.values();
  }

  /** From now on sends to these: senders of which nothing has changed go on, the others end before new ones begin. */
  async use(targets: readonly RemoteWriteTarget[], externalLabels: Labels): Promise<void> {
    const wanted = new Map(targets.map((target) => [asText({ target, externalLabels }), target]));
    const over = [...this.#senders].filter(([key]) => !wanted.has(key));
    await Promise.all(over.map(([, sender]) => sender.stop()));
    this.#senders = new Map(
      Array.from(wanted, ([key, target]) => [
        key,
        this.#senders.get(key) ?? createRemoteWriteSender({ ...this.#options, target, externalLabels }),
      ]),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.all(), (sender) => sender.stop()));
  }
}

/** Settings as a text that differs when they do, in a secret as well: not to be shown to anybody. */
function asText(settings: object): string {
  return JSON.stringify(settings, function (this: Record<string, unknown>, key, shown) {
    const value = this[key];
    if (value instanceof Secret) return value.reveal();
    return value instanceof Map ? [...value] : shown;
  });
}
