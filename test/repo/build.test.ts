import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ROOT, textOf } from './files.ts';

const NODE = join(ROOT, 'node_modules/.bin/node');
const folder = mkdtempSync(join(tmpdir(), 'pronoia-build-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { bin, files, version } = JSON.parse(textOf('package.json')) as {
  bin: { pronoia: string };
  files: string[];
  version: string;
};

it('builds a program that runs beside package.json, as in the package and in the image', () => {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], { cwd: ROOT, stdio: 'pipe' });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const output = execFileSync(NODE, [join(folder, bin.pronoia), '--version'], { encoding: 'utf8' });
  expect(output).toContain(`pronoia, version ${version}`);
  expect(readFileSync(join(folder, bin.pronoia), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(files).toContain(bin.pronoia.split('/')[0]);
}, 60_000);
