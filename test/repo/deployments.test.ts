import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { parseCommandLine } from '../../src/config/flags.ts';
import { loadConfig } from '../../src/config/load.ts';
import { filesBelow, ROOT, textOf } from './files.ts';
import { itWith, run } from './tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'pronoia-deployments-'));
afterAll(() => rmSync(folder, { recursive: true }));

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as they are.
const resources: any[] = filesBelow('examples/kubernetes').flatMap((file) =>
  parseAllDocuments(textOf(file)).map((document) => document.toJS()),
);
const resource = (kind: string) => resources.find((each) => each.kind === kind);

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Flags as one of the examples gives them. @throws Error for one that is not known */
function checkFlags(args: readonly string[]): void {
  const parsed = parseCommandLine([...args]);
  if (parsed.command !== 'serve') throw new Error(JSON.stringify(parsed));
}

describe('Kubernetes', () => {
  itWith('kubernetes-validate', 'takes the manifests', () => {
    const said = run('kubernetes-validate', '--strict', join(ROOT, 'examples/kubernetes/pronoia.yaml'));
    expect(said).not.toContain('ERROR');
  });

  it('gives Pronoia a configuration and flags that it takes', () => {
    expect(() => loadConfig(written('pronoia.yml', resource('ConfigMap').data['pronoia.yml']))).not.toThrow();
    const [container] = resource('StatefulSet').spec.template.spec.containers;
    expect(() => checkFlags(container.args)).not.toThrow();
  });

  itWith('promtool', 'gets rules that Prometheus takes', () => {
    const rules = written('rules.yml', stringify(resource('PrometheusRule').spec));
    expect(run('promtool', 'check', 'rules', rules)).toContain('SUCCESS');
  });
});

describe('Compose', () => {
  itWith('check-jsonschema', 'takes the file', () => {
    const file = join(ROOT, 'examples/compose/docker-compose.yml');
    expect(run('check-jsonschema', '--builtin-schema', 'vendor.compose-spec', file)).toContain('ok');
  });

  it('gives Pronoia flags that it takes', () => {
    const [document] = parseAllDocuments(textOf('examples/compose/docker-compose.yml'));
    expect(() => checkFlags(document!.toJS().services.pronoia.command)).not.toThrow();
  });
});

describe('systemd', () => {
  itWith('systemd-analyze', 'takes the unit', () => {
    const unit = textOf('examples/systemd/pronoia.service').replace(
      /\/opt\/pronoia\/\S*\/node /,
      `${process.execPath} `,
    );
    expect(run('systemd-analyze', 'verify', '--recursive-errors=no', written('pronoia.service', unit))).toBe('');
  });

  it('starts Pronoia with flags that it takes', () => {
    const [, flags] = /^ExecStart=.*main\.js (.*)$/m.exec(textOf('examples/systemd/pronoia.service'))!;
    expect(() => checkFlags(flags!.split(' '))).not.toThrow();
  });
});

describe('vmagent', () => {
  it('is started by a script that a shell can read', () => {
    expect(() => execFileSync('sh', ['-n', join(ROOT, 'examples/senders/vmagent.sh')])).not.toThrow();
  });
});
