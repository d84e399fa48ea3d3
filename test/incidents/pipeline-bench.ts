import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExplainingCorrelator } from '../../src/correlate/explaining-correlator.ts';
import { type IncidentOptions, type IncidentParts, IncidentPipeline } from '../../src/incident-pipeline.ts';
import { IncidentStore } from '../../src/incidents/store.ts';
import type { Alert, AlertDelivery } from '../../src/model/alert.ts';
import { Calendar } from '../../src/model/calendar.ts';
import { ManualClock } from '../../src/model/clock.ts';
import type { IncidentEvent, Member } from '../../src/model/incident.ts';
import { createLogger } from '../../src/model/logger.ts';
import { identifyingLabels } from '../../src/topology/identifying-labels.ts';
import { LearntTopology } from '../../src/topology/learnt-topology.ts';
import { deliveryOf, MINUTE, minute } from './alert-builders.ts';

export const OPTIONS: IncidentOptions = {
  joinWindowMs: 15 * MINUTE,
  freezeAfterMs: 90 * MINUTE,
  reopenWithinMs: 30 * MINUTE,
  retentionMs: 90 * 24 * 60 * MINUTE,
  clusterLabel: 'cluster',
  heartbeats: ['AlwaysOn'],
};

/** A pipeline on a store of its own and a clock that stands still, for as long as a test runs. */
export class PipelineBench {
  clock: ManualClock;
  readonly path: string;
  readonly events: IncidentEvent[] = [];
  log = '';
  store: IncidentStore;
  pipeline: IncidentPipeline;
  readonly #folder: string | undefined;
  readonly #topology = new LearntTopology(OPTIONS);
  readonly #abandoned: IncidentStore[] = [];

  readonly calendar = new Calendar();
  readonly #createCorrelator: IncidentParts['createCorrelator'];

  /** @param createCorrelator a fake where a test wants to say itself what is decided */
  constructor(
    storage: 'disk' | 'memory' = 'memory',
    createCorrelator?: IncidentParts['createCorrelator'],
    startsAt = minute(0),
  ) {
    this.clock = new ManualClock(startsAt);
    this.#createCorrelator =
      createCorrelator ??
      ((context) => new ExplainingCorrelator({ ...context, topology: this.#topology, identifyingLabels }));
    this.#folder = storage === 'disk' ? mkdtempSync(join(tmpdir(), 'incidents-')) : undefined;
    this.path = this.#folder === undefined ? ':memory:' : join(this.#folder, 'incidents.db');
    this.store = new IncidentStore(this.path);
    this.pipeline = this.#start();
  }

  /** Delivers alerts at a minute; the clock goes along. */
  deliver(at: number, alerts: readonly Alert[], more: Partial<AlertDelivery> = {}): void {
    this.clock.advanceTo(Math.max(this.clock.now(), minute(at)));
    this.pipeline.deliver(deliveryOf(at, alerts, more));
  }

  /** The sidecar is killed, without a chance to say good-bye, and started again. */
  killAndStart(): void {
    // Nothing is asked to stop, to write or to close: the old pipeline and its timers are only left alone.
    this.#abandoned.push(this.store);
    this.clock = new ManualClock(this.clock.now());
    this.store = new IncidentStore(this.path);
    this.pipeline = this.#start();
  }

  /** The incidents as the API would show them, in a form that is easy to compare: id to its members. */
  partition(): Record<string, string[]> {
    const incidents = this.store.incidents({ state: 'all', limit: 1000 });
    const name = (member: Member) => {
      const { startsAt, endsAt } = member.kind === 'alert' ? member.firing.alert : member.anomaly;
      const key = member.kind === 'alert' ? member.firing.alert.fingerprint : 'anomaly';
      return `${key} ${startsAt} ${endsAt}`;
    };
    return Object.fromEntries(incidents.map(({ id }) => [id, this.store.members(id).map(name).sort()]));
  }

  remove(): void {
    for (const store of [...this.#abandoned, this.store]) store.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true });
  }

  #start(): IncidentPipeline {
    const logger = createLogger({ level: 'info', format: 'logfmt', now: () => this.clock.now() }, (line) => {
      this.log += line;
    });
    return new IncidentPipeline({
      store: this.store,
      createCorrelator: this.#createCorrelator,
      subjectOf: (labels, at) => this.#topology.subjectOf(labels, at),
      calendar: this.calendar,
      clock: this.clock,
      logger,
      options: OPTIONS,
      onEvents: (events) => this.events.push(...events),
    });
  }
}
