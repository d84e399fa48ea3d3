import type { IncidentSpan, Placement, RecentIncidents } from './direct-placement.ts';

/** The recent incidents as they will be once the alerts placed so far are in them. */
export class PlacedAlerts implements RecentIncidents {
  readonly #recent: RecentIncidents;
  readonly #spans = new Map<string, IncidentSpan>();
  readonly #idsByTrait = new Map<string, Set<string>>();

  constructor(recent: RecentIncidents) {
    this.#recent = recent;
  }

  *withTrait(trait: string): Iterable<IncidentSpan> {
    const newIds = this.#idsByTrait.get(trait);
    for (const span of this.#recent.withTrait(trait)) {
      if (!newIds?.has(span.id)) yield this.#spans.get(span.id) ?? span;
    }
    for (const id of newIds ?? []) yield this.#spans.get(id)!;
  }

  /** @param joined the incident as it was before, undefined when the placement opens it */
  add({ newcomer, incidentId }: Placement, joined: IncidentSpan | undefined, traits: readonly string[]): void {
    const { startsAt, endsAt } = newcomer.alert;
    const isOver = endsAt !== undefined && (joined === undefined || joined.resolvedAt !== undefined);
    this.#spans.set(incidentId, {
      id: incidentId,
      startsAt: Math.min(joined?.startsAt ?? startsAt, startsAt),
      lastOnsetAt: Math.max(joined?.lastOnsetAt ?? startsAt, startsAt),
      resolvedAt: isOver ? Math.max(joined?.resolvedAt ?? endsAt, endsAt) : undefined,
    });
    for (const trait of traits) {
      const ids = this.#idsByTrait.get(trait);
      if (ids === undefined) this.#idsByTrait.set(trait, new Set([incidentId]));
      else ids.add(incidentId);
    }
  }
}
