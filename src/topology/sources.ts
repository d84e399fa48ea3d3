import type { SourceRule } from './source-rule.ts';
import { APPLICATIONS } from './sources/applications.ts';
import { KUBERNETES } from './sources/kubernetes.ts';
import { MESH } from './sources/mesh.ts';
import { STORES } from './sources/stores.ts';
import { TARGETS } from './sources/targets.ts';

/** All series from which something is learnt. A name may be wanted by several rules. */
export const SOURCE_RULES: readonly SourceRule[] = [...KUBERNETES, ...MESH, ...APPLICATIONS, ...STORES, ...TARGETS];
