import { type Config, configSchema } from './schema.ts';
import { propertyOf, type Section } from './schema-types.ts';

/**
 * Names the keys that differ and take effect only when the process is started again (`storage.max_series`); a reload
 * leaves these as they were.
 */
export function restartOnlyChanges(old: Config, next: Config): string[] {
  return changesIn(configSchema, old, next, '');
}

function changesIn(section: Section, old: object, next: object, prefix: string): string[] {
  return Object.entries(section.keys).flatMap(([name, key]) => {
    const property = propertyOf(name, key.type);
    const [before, after] = [Reflect.get(old, property), Reflect.get(next, property)];
    if (key.type.kind === 'section' && key.presence === 'preset')
      return changesIn(key.type, before, after, `${prefix}${name}.`);
    return key.needsRestart && before !== after ? [prefix + name] : [];
  });
}
