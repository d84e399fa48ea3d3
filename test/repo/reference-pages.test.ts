import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../grafana/source/dashboards.ts';
import { configurationPage } from './configuration-page.ts';
import { ROOT } from './files.ts';
import { metricsPage } from './metrics-page.ts';
import { presetsPage } from './presets-page.ts';

describe('a page that is made from the code is up to date (npx vitest run test/repo -u writes it)', () => {
  it('docs/configuration.md', async () => {
    await expectPage('docs/configuration.md', configurationPage());
  });

  it('docs/metrics.md', async () => {
    await expectPage('docs/metrics.md', await metricsPage());
  });

  it('docs/presets.md', async () => {
    await expectPage('docs/presets.md', presetsPage());
  });

  it.each([...DASHBOARDS])('%s', async (file, text) => {
    await expectPage(file, text);
  });
});

/** Compares a page, laid out like all other files, with what is committed. */
async function expectPage(file: string, text: string): Promise<void> {
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const page = execFileSync(biome, ['format', `--stdin-file-path=${file}`], {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
  });
  await expect(page).toMatchFileSnapshot(join(ROOT, file));
}
