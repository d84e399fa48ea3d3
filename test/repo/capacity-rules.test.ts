import { join } from 'node:path';
import { expect } from 'vitest';
import { ROOT } from './files.ts';
import { itWith, run } from './tools.ts';

itWith('promtool', 'examples/rules/capacity.yml fires when it should, and is quiet otherwise', () => {
  expect(run('promtool', 'test', 'rules', join(ROOT, 'examples/rules/capacity.test.yml'))).toContain('SUCCESS');
});
itWith('promtool', 'examples/rules/capacity.yml is valid', () => {
  expect(run('promtool', 'check', 'rules', join(ROOT, 'examples/rules/capacity.yml'))).toContain('SUCCESS');
});
