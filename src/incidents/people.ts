import type { Clock } from '../model/clock.ts';
import type { AlertMember, Incident } from '../model/incident.ts';
import * as deeds from './deeds.ts';
import { Draft } from './draft.ts';
import type { IncidentMemory } from './incident-memory.ts';
import type { IncidentStore } from './store.ts';

interface PeopleParts {
  readonly memory: IncidentMemory;
  readonly store: Pick<IncidentStore, 'timeline'>;
  readonly clock: Clock;
  /** Firings are where people put them from now on. */
  readonly onMoved: (members: readonly AlertMember[], at: number) => void;
}

/** What people do with incidents: done to a draft, stored, and told to correlation. */
export class People {
  readonly #parts: PeopleParts;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  /** @throws RequestError 404, 409, 503 */
  acknowledge(id: string, deed: deeds.Deed): Incident {
    return this.#act(id, deed, (draft, timed) => deeds.acknowledge(draft, id, timed));
  }

  /** Closes an incident although its alerts may fire on. @throws RequestError 404, 409, 503 */
  resolve(id: string, deed: deeds.Deed): Incident {
    return this.#act(id, deed, (draft, timed) => deeds.resolve(draft, id, timed));
  }

  /** Makes one incident of two. @returns the one that is left @throws RequestError 404, 409, 503 */
  merge(id: string, otherId: string, deed: deeds.Deed): Incident {
    this.#parts.memory.bring(otherId);
    return this.#act(id, deed, (draft, timed) => deeds.merge(draft, id, otherId, timed));
  }

  /** Takes firings out of an incident. @returns the new one @throws RequestError 404, 409, 503 */
  split(id: string, selection: deeds.Selection, deed: deeds.Deed): Incident {
    return this.#act(id, deed, (draft, timed) => deeds.split(draft, id, selection, timed));
  }

  /** Takes a deed back. @param eventId which one, the last one if undefined @throws RequestError 404, 409, 503 */
  undo(id: string, eventId: number | undefined, deed: deeds.Deed): Incident {
    const { memory, store } = this.#parts;
    const timeline = store.timeline(id);
    for (const { detail } of timeline)
      if (detail.incident !== undefined && detail.firings) memory.bring(detail.incident);
    return this.#act(id, deed, (draft, timed) => deeds.undo(draft, id, timeline, eventId, timed));
  }

  /** Records what a person thinks of the cause or the grouping. @throws RequestError 404, 503 */
  giveFeedback(id: string, feedback: deeds.Feedback, deed: deeds.Deed): Incident {
    return this.#act(id, deed, (draft, timed) => deeds.giveFeedback(draft, id, feedback, timed));
  }

  #act(
    id: string,
    deed: deeds.Deed,
    act: (
      draft: Draft,
      deed: deeds.Deed & { at: number },
    ) => { id?: string; moved: readonly AlertMember[] } | undefined,
  ): Incident {
    const { memory, clock, onMoved } = this.#parts;
    memory.bring(id);
    const draft = new Draft(memory.live);
    const at = clock.now();
    const done = act(draft, { ...deed, at });
    memory.commit(draft, { isFlushed: true });
    if (done !== undefined && done.moved.length > 0) onMoved(done.moved, at);
    return draft.incident(done?.id ?? id)!;
  }
}
