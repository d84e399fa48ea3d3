import { FLAGS, type Flag } from '../../src/config/flag-table.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { Key, Section, Type } from '../../src/config/schema-types.ts';
import { topologySchema } from '../../src/config/topology-schema.ts';

const FLAGS_INTRODUCTION = `# Configuration

This page is made from the tables in \`src/config\` (\`npx vitest run test/repo -u\` writes it anew); a test fails when it is
out of date.

## Flags

\`pronoia [serve] [flags]\` serves; \`pronoia check config FILE...\` checks configuration files, and
\`pronoia check web-config FILE...\` those of [\`--web.config.file\`](web-configuration.md); \`pronoia backtest\` is
[a page of its own](backtest.md). \`--help\` and \`--version\` belong
to all. A flag that is unknown, given twice or has a wrong value ends the process with status 2.

| flag | default | meaning |
|---|---|---|
`;

const KEYS_INTRODUCTION = `
## Configuration file

YAML 1.2. Every key but those marked *required* may be left out; unknown keys are refused. An invalid file ends the
process with status 2 and prints every problem as \`file:line:column: message\`. Durations are written as in Prometheus
(\`90s\`, \`5m\`, \`14d\`); relative paths of files start at the folder of the configuration file. \`x[]\` is an entry of the
list \`x\`, \`x.<name>\` an entry under a name of your choice. Send SIGHUP, or POST to \`/-/reload\` with
\`--web.enable-lifecycle\`, to load it again: all of it, or nothing when it has a problem.
`;

const TOPOLOGY_INTRODUCTION = `
## Topology file

The file of \`topology.file\`, checked in the same way; [topology.md](topology.md) explains it.
`;

const TABLE = '\n| key | value | default | meaning |\n|---|---|---|---|\n';

/** docs/configuration.md: every flag and every key, with what is expected, its default and its help text. */
export function configurationPage(): string {
  const flags = Object.entries<Flag>(FLAGS).map(([name, flag]) => flagRow(name, flag));
  const sections = Object.entries(configSchema.keys).map(([name, key]) => sectionPage(name, key));
  const topology = TABLE + rowsOf(topologySchema).join('');
  return FLAGS_INTRODUCTION + flags.join('') + KEYS_INTRODUCTION + sections.join('') + TOPOLOGY_INTRODUCTION + topology;
}

function flagRow(name: string, flag: Flag): string {
  if (!flag.takesValue) return row(`\`--${name}\``, 'off', flag.help);
  const preset = flag.preset === undefined ? '' : `\`${flag.preset}\``;
  return row(`\`--${name}=${flag.placeholder}\``, preset, flag.help);
}

function sectionPage(name: string, key: Key): string {
  return `\n### ${name}\n\n${key.help}\n${TABLE}${rowsBelow(name, key.type).join('')}${exclusions(name, key.type)}`;
}

/** The rows of what lies inside of a key; a leaf has nothing inside. */
function rowsBelow(path: string, type: Type): string[] {
  if (type.kind === 'list') return rowsBelow(`${path}[]`, type.item);
  return type.kind === 'section' ? rowsOf(type, `${path}.`) : [];
}

function rowsOf(section: Section, prefix = ''): string[] {
  return Object.entries(section.keys).flatMap(([name, key]) => [
    row(`\`${prefix}${name}\``, expectation(key.type), defaultOf(key), help(key)),
    ...rowsBelow(`${prefix}${name}`, key.type),
  ]);
}

function expectation(type: Type): string {
  if (type.kind === 'dictionary') return `${type.expects}: ${type.value.expects}`;
  if (type.kind === 'list' && type.item.kind !== 'section') return `a list: ${type.item.expects}`;
  return type.expects;
}

function defaultOf({ presence, preset }: Key): string {
  if (presence === 'required') return '*required*';
  return preset === undefined ? '' : `\`${preset}\``;
}

function help({ help, needsRestart }: Key): string {
  const isSaid = help.includes('restart');
  return needsRestart && !isSaid ? `${help} A change takes effect after a restart.` : help;
}

/** Keys of which only some may be given, of a section and of those inside. */
function exclusions(path: string, type: Type): string {
  if (type.kind === 'list') return exclusions(`${path}[]`, type.item);
  if (type.kind !== 'section') return '';
  const { atMostOne, exactlyOne, needs } = type as Section;
  const say = (words: string) => (names: readonly string[]) =>
    `\nOf ${names.map((name) => `\`${name}\``).join(', ')} in \`${path}\`, ${words}.\n`;
  const inside = Object.entries(type.keys).map(([name, key]) => exclusions(`${path}.${name}`, key.type));
  return [
    ...atMostOne.map(say('at most one may be given')),
    ...exactlyOne.map(say('exactly one has to be given')),
    ...Object.entries(needs).map(([name, others]) => say(`one has to be given with \`${name}\``)(others)),
    ...inside,
  ].join('');
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}
