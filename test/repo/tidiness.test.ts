import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, textOf } from './files.ts';

/** Of others: licences, and captures of real traffic as it came. */
const FOREIGN = /^LICENSE$|^test\/fixtures\//;
/** Names that people and tools look for. */
const CONVENTIONAL = new Set(['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'Dockerfile']);
const KEBAB_CASE = /^\.?[a-z0-9]+(?:[-.][a-z0-9]+)*$/;
/** In two parts, so that this file does not find itself. */
const UNFINISHED = new RegExp(
  `\\b(?:${['TO', 'FIX', 'X'].map((head, i) => head + ['DO', 'ME', 'XX'][i]).join('|')})\\b`,
);
const MACHINE_PATH = new RegExp(`(?<![\\w.])/(?:${['home', 'root', 'Users', 'work'].join('|')})/\\w`);

const FILES = filesBelow('');
const OWN = FILES.filter((file) => !FOREIGN.test(file));

describe('the files of the project', () => {
  it('have names in kebab-case', () => {
    const names = FILES.flatMap((file) => file.split('/'));
    expect(names.filter((name) => !KEBAB_CASE.test(name) && !CONVENTIONAL.has(basename(name)))).toEqual([]);
  });

  it.each([
    ['leave nothing for later', UNFINISHED],
    ['name no place of the machine on which they were written', MACHINE_PATH],
  ])('%s', (_, pattern) => {
    expect(OWN.filter((file) => pattern.test(textOf(file)))).toEqual([]);
  });

  it('say where packages come from nowhere: that is for the one who installs them', () => {
    expect(textOf('package-lock.json')).not.toContain('"resolved"');
  });

  it('have a line in the change log for this version', () => {
    const { version } = JSON.parse(textOf('package.json')) as { version: string };
    expect(textOf('CHANGELOG.md')).toContain(`\n## [${version}]`);
    expect(JSON.parse(textOf('package-lock.json')).version).toBe(version);
  });
});
