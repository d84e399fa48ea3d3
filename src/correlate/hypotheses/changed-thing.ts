import { isSameEntity } from '../../model/entity.ts';
import type { Topology, TopologyChange } from '../../model/topology.ts';
import type { Hypothesis } from '../hypothesis.ts';

/** A change explains trouble that begins within half an hour of it, see docs/correlation.md. */
const CHANGE_WINDOW_MS = 30 * 60_000;
/** A change is shown by a sample, which may come after the first failure. */
const SHOWN_LATER_MS = 60_000;
/** A thing that was changed just before is e times more believable as the cause; concurrent harmless changes are normal. */
const CHANGE_BONUS = 1;
/** A pod that restarts, a node that loses one and a role that moves are what failures do. */
const DELIBERATE: ReadonlySet<TopologyChange['kind']> = new Set(['image', 'rollout', 'configuration', 'scale']);

/** The same hypothesis, more believable when its root was changed shortly before. */
export function withChange(hypothesis: Hypothesis, topology: Topology): Hypothesis {
  const { from, root } = hypothesis;
  const changes = topology.changesBetween(from - CHANGE_WINDOW_MS, from + SHOWN_LATER_MS);
  const change = changes.findLast(({ entity, kind }) => DELIBERATE.has(kind) && isSameEntity(entity, root));
  return change === undefined ? hypothesis : { ...hypothesis, change, priorCost: hypothesis.priorCost - CHANGE_BONUS };
}
