import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/config/flags.ts';
import { loadConfig, loadFile } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { Type } from '../../src/config/schema-types.ts';
import { checkTopology, topologySchema } from '../../src/config/topology-schema.ts';
import { type CodeBlock, codeBlocks } from './code-blocks.ts';
import { filesBelow, ROOT, textOf } from './files.ts';
import { itWith, run } from './tools.ts';

const DOCUMENTS = [...filesBelow('').filter((file) => /^[A-Z]+\.md$/.test(file)), ...filesBelow('docs')];
const EXAMPLES = filesBelow('examples').filter((file) => /\.ya?ml$/.test(file));
const DASHBOARDS = filesBelow('grafana').filter((file) => file.endsWith('.json'));
const BLOCKS = codeBlocks(DOCUMENTS);
const folder = mkdtempSync(join(tmpdir(), 'pronoia-documents-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Something to check: a name for people, and the path of a file. */
type Checked = readonly [name: string, path: string];

/** The examples of that name, and the blocks that are titled so, each in a file of its own. */
function filesNamed(pattern: RegExp): Checked[] {
  const examples = EXAMPLES.filter((file) => pattern.test(file)).map((file): Checked => [file, join(ROOT, file)]);
  return [...examples, ...BLOCKS.filter(({ title }) => pattern.test(title)).map(fileOf)];
}

function fileOf({ file, line, title, text }: CodeBlock): Checked {
  const path = join(folder, `${file.replaceAll('/', '-')}-${line}-${title}`);
  writeFileSync(path, text);
  return [`${title} in ${file}:${line}`, path];
}

describe('what users copy is valid', () => {
  it('every block of YAML says which file it belongs to', () => {
    const untitled = BLOCKS.filter(({ language, title }) => language === 'yaml' && !/^[a-z]+\.yml$/.test(title));
    expect(untitled.map(({ file, line }) => `${file}:${line}`)).toEqual([]);
  });

  it.each(filesNamed(/pronoia\..*yml$/))('%s, for Pronoia', (_, path) => {
    expect(() => loadConfig(path)).not.toThrow();
  });

  it.each(filesNamed(/topology\.yml$/))('%s, of known dependencies', (_, path) => {
    expect(() => loadFile(topologySchema, path, checkTopology)).not.toThrow();
  });

  for (const [name, path] of filesNamed(/prometheus\.yml$/)) {
    itWith('promtool', `${name}, for Prometheus`, () => {
      expect(run('promtool', 'check', 'config', path)).toContain('is valid prometheus config');
    });
  }

  for (const [name, path] of filesNamed(/rules\.yml$/)) {
    itWith('promtool', `${name}, for Prometheus`, () => {
      expect(run('promtool', 'check', 'rules', path)).toContain('SUCCESS');
    });
  }

  for (const [name, path] of filesNamed(/alertmanager\.yml$/)) {
    itWith('amtool', `${name}, for Alertmanager, and alerts still reach the people`, () => {
      expect(run('amtool', 'check-config', path)).toContain('SUCCESS');
      expect(run('amtool', 'config', 'routes', 'test', `--config.file=${path}`, 'alertname=Any').trim()).toBe(
        'pronoia,people',
      );
    });
  }

  it('examples/pronoia.full.yml shows every key', () => {
    const text = textOf('examples/pronoia.full.yml');
    expect(keysOf(configSchema).filter((key) => !new RegExp(`\\b${key}\\b`).test(text))).toEqual([]);
  });

  it('every npm script that is named is there, with flags that it takes', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const commands = [...commandsIn(/\bnpm (?:run (?:-s )?)?([a-z][\w:-]*)(?: -- ([^#`\n]*))?/g)].filter(
      ({ name, file }) => name !== 'install' || file !== 'CONTRIBUTING.md',
    );
    expect(commands.length).toBeGreaterThan(25);
    expect(commands.filter(({ name }) => scripts[name] === undefined)).toEqual([]);
    const started = commands.filter(({ name }) => name === 'start');
    expect(started.length).toBeGreaterThan(10);
    expect(started.filter(({ args }) => !isUnderstood(args))).toEqual([]);
  });

  it('every command of pronoia that is named is one', () => {
    const commands = [...commandsIn(/(?:`|^\$? ?)pronoia ((?:check )?[a-z][a-z-]*)((?: [^`#\n]*)?)/gm)];
    expect(commands.length).toBeGreaterThan(5);
    const bare = (name: string) => (/^check |^(?:replay|backtest)$/.test(name) ? `${name} FILE` : name);
    expect(commands.filter(({ name }) => name !== 'check' && !isUnderstood(bare(name)))).toEqual([]);
  });
});

/** Commands in blocks of documents and in code within their text. */
function* commandsIn(pattern: RegExp): Generator<{ file: string; name: string; args: string }> {
  for (const file of DOCUMENTS.filter((each) => each.endsWith('.md'))) {
    const text = textOf(file);
    const spans = [...text.matchAll(/^```(?:sh|console|text)?\n([\s\S]*?)^```$|`[^`\n]+`/gm)].map(([all]) => all);
    for (const [, name, args] of spans.flatMap((span) => [...span.matchAll(pattern)])) {
      yield { file, name: name!, args: args?.trim() ?? '' };
    }
  }
}

function isUnderstood(args: string): boolean {
  return parseCommandLine(args.split(' ').filter(Boolean)).command !== 'usage error';
}

describe('what documents and examples name exists', () => {
  const texts = [...DOCUMENTS, ...EXAMPLES, ...DASHBOARDS].map((file) => [file, textOf(file)] as const);

  /** Each thing found in the texts that is not known, with the file that names it. */
  function unknown(pattern: RegExp, isKnown: (name: string) => boolean): string[] {
    const found = texts.flatMap(([file, text]) =>
      [...text.matchAll(pattern)].map(([, name]) => ({ file, name: name! })),
    );
    expect(found.length).toBeGreaterThan(0);
    return found.filter(({ name }) => !isKnown(name)).map(({ file, name }) => `${file}: ${name}`);
  }

  /** Links within the project; `link` is empty for one within its own page. */
  const links = texts
    .filter(([file]) => file.endsWith('.md'))
    .flatMap(([file, text]) =>
      [...text.matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)].map(([, link, anchor]) => ({ file, link: link!, anchor })),
    );

  it('metrics', () => {
    const rows = [...textOf('docs/metrics.md').matchAll(/^\| `(\w+)`/gm)];
    const known = new Set(rows.map(([, name]) => name));
    for (const [, name] of textOf('docs/metrics.md').matchAll(/^\| `(\w+)` +\| histogram/gm)) {
      for (const part of ['bucket', 'sum', 'count']) known.add(`${name}_${part}`);
    }
    // A star stands for a family.
    const labels = new Set(['anomaly_name', 'pronoia_incident', 'incident_url']);
    const pattern = /(?<![\w$/])((?:pronoia|anomaly|incident|predict(?!_linear))_[a-z_]*[a-z])(?![\w*])/g;
    expect(unknown(pattern, (name) => known.has(name) || labels.has(name))).toEqual([]);
  });

  it('endpoints', () => {
    const code = filesBelow('src').map(textOf).join('\n');
    const known = new Set([...code.matchAll(/'(\/[\w/:.-]+)'/g)].map(([, path]) => path!.replace(/:\w+/, '{id}')));
    known.add('/api/v1/incidents…');
    const pattern =
      /(?:localhost:9797|`|GET |POST |url: http:\/\/[\w.]+)(\/(?:api\/|-\/|federate\b|metrics\b)[^\s`"'?,|]*)/g;
    const isIncident = (path: string) => /^\/api\/v1\/incidents\/[0-9a-f]{16}$/.test(path);
    expect(unknown(pattern, (path) => known.has(path) || isIncident(path))).toEqual([]);
  });

  it('flags', () => {
    const help = parseCommandLine(['--help']);
    const text = help.command === 'help' ? help.text : '';
    const ofOthers = /^(?:web\.enable-remote-write-receiver)$/;
    const pattern = /--((?:web|config|storage|log)\.[a-z-]+(?:\.[a-z-]+)*)/g;
    expect(unknown(pattern, (flag) => text.includes(flag) || ofOthers.test(flag))).toEqual([]);
  });

  it('files that links lead to', () => {
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter(({ file, link }) => !existsSync(join(ROOT, dirname(file), link)))).toEqual([]);
  });

  it('headings that links lead to', () => {
    const withAnchor = links.filter(({ anchor }) => anchor !== undefined);
    expect(withAnchor.length).toBeGreaterThan(10);
    const target = ({ file, link }: (typeof links)[number]) => (link === '' ? file : join(dirname(file), link));
    expect(withAnchor.filter((each) => !anchorsOf(target(each)).has(each.anchor!))).toEqual([]);
  });

  it('pages that nobody leads to are none', () => {
    const led = new Set(links.map(({ file, link }) => join(dirname(file), link)));
    const pages = DOCUMENTS.filter((file) => file.startsWith('docs/') && !file.startsWith('docs/adr/'));
    expect(pages.filter((file) => !led.has(file))).toEqual([]);
  });

  it('source files and rooms', () => {
    const paths = /(?<!\w)(src\/[\w./-]*\w)/g;
    expect(unknown(paths, (path) => existsSync(join(ROOT, path)))).toEqual([]);
    const inRooms = /(?<![\w/-])((?:config|series|detect|topology|correlate|ingest|emit|incidents|state)\/[a-z-]+)\b/g;
    expect(unknown(inRooms, (path) => existsSync(join(ROOT, `src/${path}.ts`)))).toEqual([]);
  });

  it('the constants of the detectors, with their values', () => {
    const code = [...filesBelow('src/detect'), ...filesBelow('src/histograms'), 'src/score-pipeline.ts']
      .map(textOf)
      .join('\n');
    const rows = [...textOf('docs/detectors.md').matchAll(/^\| `([A-Z_]+)` +\| (\S+) +\|/gm)];
    expect(rows.length).toBeGreaterThan(15);
    const wrong = rows.filter(([, name, value]) => !code.includes(`const ${name} = ${value};`));
    expect(wrong.map(([row]) => row)).toEqual([]);
  });
});

/** The names under which the headings of a page can be reached, as GitHub makes them. */
function anchorsOf(file: string): Set<string> {
  const text = textOf(file).replace(/^```[\s\S]*?^```$/gm, '');
  const names = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(names);
}

function keysOf(type: Type): string[] {
  if (type.kind === 'list') return keysOf(type.item);
  if (type.kind !== 'section') return [];
  return Object.entries(type.keys).flatMap(([name, key]) => [name, ...keysOf(key.type)]);
}
