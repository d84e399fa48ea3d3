import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { loadFiles, loadWebConfig } from '../../src/config/web-load.ts';
import { codeBlocks } from '../repo/code-blocks.ts';
import { itWith, run } from '../repo/tools.ts';
import { WEB_FIXTURES } from '../web/web-client.ts';
import { describeBadFiles, errorOf } from './bad-files.ts';

const HASH = '$2y$04$nUT06SzsY6ISHVW6SF6GluAYkpZS16muoLd11TS4wXsJeEYY0L9W.';
const folder = mkdtempSync(join(tmpdir(), 'web-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

describeBadFiles(WEB_FIXTURES, loadWebConfig);

describe('what is wrong', () => {
  test('a key of more than 1 MiB', () => {
    written('long.key', 'x'.repeat(1024 * 1024 + 1));
    const web = written('long.yml', `tls_server_config: { cert_file: ${WEB_FIXTURES}/server.crt, key_file: long.key }`);
    expect(errorOf(() => loadWebConfig(web)).message).toContain(
      'tls_server_config.key_file: this file is larger than 1 MiB: is it the right one?',
    );
  });

  test('are both told of at the start', () => {
    const [configFile, webConfigFile] = [written('pronoia.yml', 'nothing: 1\n'), written('web.yml', 'nothing: 2\n')];
    expect(errorOf(() => loadFiles({ configFile, webConfigFile }, 0)).problems.map(({ file }) => file)).toEqual([
      configFile,
      webConfigFile,
    ]);
    expect(errorOf(() => loadFiles({ configFile: undefined, webConfigFile }, 0)).problems).toHaveLength(1);
  });
});

describe('good files', () => {
  test('without the flag there is none', () => {
    expect(loadFiles({ configFile: undefined, webConfigFile: undefined }, 0).web).toBeUndefined();
  });

  test.each(['', 'tls_server_config:\nbasic_auth_users:\nhttp_server_config:\n', '# nothing\n'])('%j', (content) => {
    expect(loadWebConfig(written('empty.yml', content))).toEqual({ tls: undefined, headers: [], users: new Map() });
  });

  test('with everything', () => {
    const web = loadWebConfig(
      written(
        'full.yml',
        `tls_server_config:
  cert_file: ${WEB_FIXTURES}/server.crt
  key_file: ${WEB_FIXTURES}/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ${WEB_FIXTURES}/authority.crt
  min_version: TLS13
  max_version: TLS13
http_server_config:
  headers: { X-Frame-Options: Deny, Content-Security-Policy: default-src 'self' }
basic_auth_users: { alice: ${HASH} }
`,
      ),
    );
    expect(web.tls).toEqual({
      cert: readFileSync(join(WEB_FIXTURES, 'server.crt')),
      key: readFileSync(join(WEB_FIXTURES, 'server.key')),
      ca: readFileSync(join(WEB_FIXTURES, 'authority.crt')),
      clientAuthType: 'RequireAndVerifyClientCert',
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
    });
    expect(web.headers).toEqual([
      ['Content-Security-Policy', "default-src 'self'"],
      ['X-Frame-Options', 'Deny'],
    ]);
    expect(web.users.get('alice')?.reveal()).toBe(HASH);
    expect(inspect(web.users)).not.toContain(HASH);
  });

  describe('of docs/web-configuration.md', () => {
    const [example] = codeBlocks(['docs/web-configuration.md']).filter(({ title }) => title === 'web.yml');
    const file = written('example.yml', example!.text);
    for (const [name, source] of Object.entries({ server: 'server', clients: 'authority' })) {
      written(`${name}.crt`, readFileSync(join(WEB_FIXTURES, `${source}.crt`), 'utf8'));
    }
    written('server.key', readFileSync(join(WEB_FIXTURES, 'server.key'), 'utf8'));

    test('are good', () => expect(loadWebConfig(file).tls?.clientAuthType).toBe('RequireAndVerifyClientCert'));

    itWith('promtool', 'are good for Prometheus as well', () => {
      expect(() => run('promtool', 'check', 'web-config', file)).not.toThrow();
    });
  });

  test.each(['$2a$', '$2b$', '$2y$'])('take hashes that begin with %s', (version) => {
    const content = `basic_auth_users: { alice: ${HASH.replace('$2y$', version)} }`;
    expect(loadWebConfig(written('hash.yml', content)).users.size).toBe(1);
  });
});
