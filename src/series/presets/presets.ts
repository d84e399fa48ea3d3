import { type Labels, METRIC_NAME } from '../../model/labels.ts';
import { parseSelector, type Selector, selects } from '../../model/matcher.ts';
import { DEFAULT_RULE, type LearnRule } from '../learn-rule.ts';
import { BLACKBOX } from './blackbox.ts';
import { CADVISOR } from './cadvisor.ts';
import { GO } from './go.ts';
import { ISTIO } from './istio.ts';
import { JVM } from './jvm.ts';
import { KAFKA } from './kafka.ts';
import { KUBE_STATE_METRICS } from './kube-state-metrics.ts';
import { KUBELET } from './kubelet.ts';
import { MYSQL } from './mysql.ts';
import { NGINX } from './nginx.ts';
import { NODE_EXPORTER } from './node-exporter.ts';
import { NODEJS } from './nodejs.ts';
import { POSTGRESQL } from './postgresql.ts';
import type { Preset, PresetEntry } from './preset.ts';
import { REDIS } from './redis.ts';
import { SCRAPE } from './scrape.ts';

export const PRESETS: readonly Preset[] = [
  SCRAPE,
  NODE_EXPORTER,
  KUBE_STATE_METRICS,
  CADVISOR,
  KUBELET,
  BLACKBOX,
  MYSQL,
  POSTGRESQL,
  REDIS,
  KAFKA,
  NGINX,
  JVM,
  GO,
  NODEJS,
  ISTIO,
];

/** A rule for series of one name, and what their other labels have to be. */
interface NamedRule {
  readonly conditions: Selector;
  readonly rule: LearnRule;
}

/** By metric name: a series is looked up once, and most names are in no preset. */
const BY_NAME = new Map<string, NamedRule[]>();

for (const preset of PRESETS) {
  for (const entry of preset.entries) {
    const rule = ruleOf(preset, entry);
    for (const selector of rule.match) {
      const { value: name } = selector.find((matcher) => matcher.name === METRIC_NAME)!;
      const rules = BY_NAME.get(name) ?? [];
      BY_NAME.set(name, rules);
      rules.push({ conditions: selector.filter((matcher) => matcher.name !== METRIC_NAME), rule });
    }
  }
}

function ruleOf({ name, groupBy }: Preset, entry: PresetEntry): LearnRule {
  const { series, about: _, isGolden, atLeast, ...rest } = entry;
  return {
    ...DEFAULT_RULE,
    ...rest,
    match: series.map(parseSelector),
    minDeviation: { ...DEFAULT_RULE.minDeviation, absolute: atLeast ?? 0 },
    golden: isGolden && { preset: name, by: groupBy },
  };
}

/** The built-in rule for a series, if there is one. */
export function presetRuleOf(metricName: string, labels: Labels): LearnRule | undefined {
  return BY_NAME.get(metricName)?.find(({ conditions }) => selects(conditions, labels))?.rule;
}

/** Whether the built-in rule for a series depends on more than its name. */
export function presetAsksLabels(metricName: string): boolean {
  return BY_NAME.get(metricName)?.some(({ conditions }) => conditions.length > 0) ?? false;
}
