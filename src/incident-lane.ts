import { DirectCorrelator } from './correlate/direct-correlator.ts';
import { type IncidentParts, IncidentPipeline } from './incident-pipeline.ts';
import { identifyingLabels } from './topology/identifying-labels.ts';
import { subjectOfLabels } from './topology/label-subject.ts';

type IncidentLaneParts = Omit<IncidentParts, 'createCorrelator' | 'subjectOf'> & {
  /** Asked at each alert: a reload may change it. */
  readonly clusterLabel: () => string;
};

/** Wires lane B: from an alert to its incident. The server, `pronoia replay` and the benchmarks share it. */
export function createIncidentLane({ clusterLabel, ...parts }: IncidentLaneParts): IncidentPipeline {
  return new IncidentPipeline({
    ...parts,
    createCorrelator: ({ windows }) => new DirectCorrelator(windows, identifyingLabels),
    subjectOf: (labels) => subjectOfLabels(labels, { clusterLabel: clusterLabel() }),
  });
}
