import { describe, expect, expectTypeOf, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { restartOnlyChanges } from '../../src/config/reload.ts';
import { type Config, configSchema } from '../../src/config/schema.ts';
import type { Key, Section, Type } from '../../src/config/schema-types.ts';
import type { Secret } from '../../src/config/secret.ts';
import { validate } from '../../src/config/validate.ts';
import type { Selector } from '../../src/model/matcher.ts';

const AT = { line: 1, column: 1 };
const NOWHERE = { resolvePath: (path: string) => path, whyUnreadable: () => undefined };

/** Every key with its path, as the reference documentation will list them. */
function keysOf(section: Section, prefix = ''): [path: string, key: Key][] {
  return Object.entries(section.keys).flatMap(([name, key]): [string, Key][] => [
    [prefix + name, key],
    ...sectionsIn(key.type).flatMap((inner) => keysOf(inner, `${prefix}${name}.`)),
  ]);
}

function sectionsIn(type: Type): Section[] {
  if (type.kind === 'list') return sectionsIn(type.item);
  return type.kind === 'section' ? [type] : [];
}

const KEYS = keysOf(configSchema);

describe('the schema', () => {
  test('has these keys, in this order', () => {
    expect(KEYS.map(([path]) => path)).toEqual([
      'global',
      'global.timezone',
      'global.external_labels',
      'global.replica_label',
      'global.cluster_label',
      'learn',
      'learn.match',
      'learn.emit',
      'learn.kind',
      'learn.sensitivity',
      'learn.direction',
      'learn.min_deviation',
      'learn.min_deviation.absolute',
      'learn.min_deviation.relative',
      'learn.range',
      'learn.identity_drop',
      'groups',
      'groups.by',
      'calendars',
      'calendars.name',
      'calendars.file',
      'calendars.start',
      'calendars.end',
      'calendars.match',
      'forecast',
      'forecast.resource',
      'forecast.used',
      'forecast.free',
      'forecast.left',
      'forecast.expires',
      'forecast.preset',
      'forecast.limit',
      'forecast.size',
      'forecast.reserved',
      'forecast.on',
      'forecast.combine',
      'forecast.full_at',
      'forecast.unless',
      'bootstrap',
      'bootstrap.prometheus',
      'bootstrap.lookback',
      'bootstrap.external_labels',
      'bootstrap.headers',
      'bootstrap.basic_auth',
      'bootstrap.basic_auth.username',
      'bootstrap.basic_auth.password',
      'bootstrap.basic_auth.password_file',
      'bootstrap.bearer_token',
      'bootstrap.bearer_token_file',
      'remote_write',
      'remote_write.url',
      'remote_write.headers',
      'remote_write.basic_auth',
      'remote_write.basic_auth.username',
      'remote_write.basic_auth.password',
      'remote_write.basic_auth.password_file',
      'remote_write.bearer_token',
      'remote_write.bearer_token_file',
      'remote_write.remote_timeout',
      'remote_write.queue',
      'remote_write.queue.capacity',
      'remote_write.queue.max_samples_per_send',
      'remote_write.queue.flush_interval',
      'remote_write.queue.max_age',
      'alertmanagers',
      'alertmanagers.url',
      'alertmanagers.headers',
      'alertmanagers.basic_auth',
      'alertmanagers.basic_auth.username',
      'alertmanagers.basic_auth.password',
      'alertmanagers.basic_auth.password_file',
      'alertmanagers.bearer_token',
      'alertmanagers.bearer_token_file',
      'alertmanagers.timeout',
      'alertmanagers.receiver',
      'topology',
      'topology.file',
      'incidents',
      'incidents.join_window',
      'incidents.freeze_after',
      'incidents.reopen_within',
      'incidents.heartbeats',
      'incidents.notify_wait',
      'incidents.notify_interval',
      'incidents.notify_repeat',
      'notify',
      'notify.webhook',
      'notify.webhook.url',
      'notify.webhook.url_file',
      'notify.webhook.headers',
      'notify.webhook.basic_auth',
      'notify.webhook.basic_auth.username',
      'notify.webhook.basic_auth.password',
      'notify.webhook.basic_auth.password_file',
      'notify.webhook.bearer_token',
      'notify.webhook.bearer_token_file',
      'notify.webhook.timeout',
      'notify.slack',
      'notify.slack.url',
      'notify.slack.url_file',
      'notify.slack.timeout',
      'notify.alertmanager',
      'notify.alertmanager.resolve_timeout',
      'storage',
      'storage.retention',
      'storage.max_series',
      'storage.snapshot_interval',
    ]);
  });

  test.each(KEYS)('%s has help, in whole sentences', (_, key) => expect(key.help).toMatch(/^[A-Z0-9a-z].{8,}\.$/));

  test.each(KEYS)('%s says what it expects', (_, key) => expect(key.type.expects).toMatch(/^\S.*\S$/));

  const presets = KEYS.filter(([, key]) => key.preset !== undefined);
  test.each(presets)('the default of %s satisfies its own type', (_, { type, preset }) => {
    const tree = { kind: 'scalar', at: AT, text: String(preset), value: preset! } as const;
    expect(validate(type, tree, NOWHERE).findings).toEqual([]);
  });

  test('an empty file has nothing wrong', () => {
    expect(validate(configSchema, undefined, NOWHERE).findings).toEqual([]);
  });

  test('names in rules about several keys are names of keys', () => {
    for (const section of [configSchema, ...KEYS.flatMap(([, key]) => sectionsIn(key.type))]) {
      for (const name of [...section.atMostOne, ...section.exactlyOne].flat())
        expect(section.keys).toHaveProperty(name);
    }
  });

  test('the type of the configuration follows from it', () => {
    type Target = Config['remoteWrite'][number];
    type Rule = Config['learn'][number];
    expectTypeOf<Config['incidents']['joinWindowMs']>().toEqualTypeOf<number>();
    expectTypeOf<Config['global']['externalLabels']>().toEqualTypeOf<ReadonlyMap<string, string>>();
    expectTypeOf<Rule['match']>().toEqualTypeOf<readonly Selector[]>();
    expectTypeOf<Rule['emit']>().toEqualTypeOf<'all' | 'anomalous' | 'none' | 'ignore'>();
    expectTypeOf<Rule['range']>().toEqualTypeOf<readonly [lo: number, hi: number] | undefined>();
    expectTypeOf<Target['bearerToken']>().toEqualTypeOf<Secret | undefined>();
    expectTypeOf<Target['remoteTimeoutMs']>().toEqualTypeOf<number>();
  });
});

describe('restartOnlyChanges', () => {
  const defaults = loadConfig(undefined);

  test('names what a reload cannot change', () => {
    const next = { ...defaults, storage: { ...defaults.storage, maxSeries: 5 } };
    expect(restartOnlyChanges(defaults, next)).toEqual(['storage.max_series']);
  });

  test('is silent about everything else', () => {
    const next = { ...defaults, storage: { ...defaults.storage, retentionMs: 5 }, learn: [] };
    expect(restartOnlyChanges(defaults, next)).toEqual([]);
    expect(restartOnlyChanges(defaults, loadConfig(undefined))).toEqual([]);
  });
});
