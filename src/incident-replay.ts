import { createIncidentLane } from './incident-lane.ts';
import type { IncidentOptions, IncidentPipeline } from './incident-pipeline.ts';
import { IncidentStore } from './incidents/store.ts';
import type { RecordedStep } from './ingest/recording.ts';
import { ManualClock } from './model/clock.ts';
import type { Incident, IncidentEvent } from './model/incident.ts';
import { createLogger } from './model/logger.ts';
import type { Topology } from './model/topology.ts';

interface IncidentReplayParts {
  readonly options: IncidentOptions;
  /** Told of every change, at the time at which a user of the sidecar would have seen it. */
  readonly onChange?: (at: number, changed: readonly Incident[], events: readonly IncidentEvent[]) => void;
  /** What is known of dependencies; it does not change while the replay lasts. */
  readonly topology: Topology;
}

/**
 * What was recorded, taken through lane B of production on a clock of its own and a store in memory: an hour of alerts
 * takes a second. Steps are given in the order of their times; what only time brings happens in between.
 */
export class IncidentReplay {
  readonly clock: ManualClock;
  readonly store = new IncidentStore(':memory:');
  readonly pipeline: IncidentPipeline;

  /** @param startsAt time of the first step, epoch milliseconds */
  constructor({ options, topology, onChange }: IncidentReplayParts, startsAt: number) {
    this.clock = new ManualClock(startsAt);
    this.pipeline = createIncidentLane({
      topology,
      store: this.store,
      clock: this.clock,
      logger: createLogger({ level: 'error', format: 'logfmt', now: () => this.clock.now() }, () => {}),
      options,
      onEvents: (events, changed) => onChange?.(this.clock.now(), changed, events),
    });
  }

  /** Lets a recorded step happen at its time. */
  take(step: RecordedStep): void {
    this.advanceTo(step.at);
    if (step.kind === 'delivery') this.pipeline.deliver(step.delivery);
    else this.pipeline.receiveOnset(step.onset);
  }

  /** Lets time pass. */
  advanceTo(at: number): void {
    if (at > this.clock.now()) this.clock.advanceTo(at);
  }

  close(): void {
    this.pipeline.stop();
    this.store.close();
  }
}
