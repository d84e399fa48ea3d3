import { ExplainingCorrelator } from './correlate/explaining-correlator.ts';
import { type IncidentParts, IncidentPipeline } from './incident-pipeline.ts';
import type { Topology } from './model/topology.ts';
import { identifyingLabels } from './topology/identifying-labels.ts';

type IncidentLaneParts = Omit<IncidentParts, 'createCorrelator' | 'subjectOf'> & { readonly topology: Topology };

/** Wires lane B: from an alert to its incident. The server, `pronoia replay` and the benchmarks share it. */
export function createIncidentLane({ topology, ...parts }: IncidentLaneParts): IncidentPipeline {
  return new IncidentPipeline({
    ...parts,
    createCorrelator: (context) => new ExplainingCorrelator({ ...context, topology, identifyingLabels }),
    subjectOf: (labels, at) => topology.subjectOf(labels, at),
  });
}
