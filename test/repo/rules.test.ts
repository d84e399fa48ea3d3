import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT, textOf } from './files.ts';
import { itWith, run } from './tools.ts';

const TESTS = 'examples/rules/tests/';
const RULES = filesBelow('examples/rules').filter((file) => !file.startsWith(TESTS));
const testsOf = (file: string) => file.replace('examples/rules/', TESTS);

describe.each(RULES)('%s', (file) => {
  itWith('promtool', 'is valid', () => {
    expect(run('promtool', 'check', 'rules', join(ROOT, file))).toContain('SUCCESS');
  });

  itWith('promtool', 'fires when it should, and is quiet otherwise', () => {
    expect(run('promtool', 'test', 'rules', join(ROOT, testsOf(file)))).toContain('SUCCESS');
  });

  it('has a test for each alert', () => {
    const alerts = [...textOf(file).matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);
    expect(alerts.length).toBeGreaterThan(0);
    expect(alerts.filter((name) => !textOf(testsOf(file)).includes(name))).toEqual([]);
  });
});
