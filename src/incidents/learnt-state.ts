import { messageOf } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { SavedHeartbeat } from './heartbeats.ts';
import type { SavedAlert } from './maintenance.ts';
import type { IncidentStore } from './store.ts';

/** What lane B learns beside its incidents and would have to learn anew after a restart, by the name under which it is kept. */
interface Learnt {
  readonly heartbeats: readonly SavedHeartbeat[];
  readonly maintenance: readonly SavedAlert[];
  /** As `Correlator.learnt` gives it. */
  readonly correlation: unknown;
}

/** Keeps in the store what lane B has learnt. */
export class LearntState {
  readonly #store: IncidentStore;
  readonly #logger: Logger;

  constructor(store: IncidentStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** What was kept, undefined when nothing was. */
  read<Name extends keyof Learnt>(name: Name): Learnt[Name] | undefined {
    return this.#store.learnt(name) as Learnt[Name] | undefined;
  }

  /** Keeps what has changed; what has not is undefined. Failures are logged: it is learnt anew then after a restart. */
  save(changes: { readonly [Name in keyof Learnt]: Learnt[Name] | undefined }): void {
    try {
      for (const [name, content] of Object.entries(changes)) {
        if (content !== undefined) this.#store.saveLearnt(name, content);
      }
    } catch (error) {
      this.#logger.warn('what was learnt cannot be saved', { error: messageOf(error) });
    }
  }
}
